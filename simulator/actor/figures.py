"""Numbers in a customer's line that nobody gave to be said, by value: 两千六 = 2600, 1.5万 = 15000.

Knows nothing of personas; `strangers` is told which texts may be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.language.numbers import NUMBER, value, values

_MONEY = re.compile(r"\s*(?:块|元|毛|分钱|角|折|%|个百分点|万|千)")
# Numbers that say no amount: idioms and hotlines.
_IDIOM = re.compile(
    r"一两|两三|三两|三四|三五|四五|五六|六七|七八|八九|十来|十几|几十|一千道一万|百分之?百|百分之一百|"
    r"一百个|一千个|一万个|一分钱|一毛|一块儿|一成不变|十万火急|万一|百十|三番五次|七上八下|乱七八糟|"
    r"八百(?:回|遍|年|次)|一百(?:回|遍|次)|"
    r"(?<!\d)(?:10086|1008611|12315|12300|12345|10010|10000|110|315|365|24小时)(?!\d)"
)
_SMALL = 10  # counts up to this are turns of phrase unless they are money (给我三天, 两句话)


def strangers(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """The amounts in `text` that none of the `known` texts holds, as typed. Idioms and small counts
    that are no money are turns of phrase, not amounts."""
    plain, quotable = _IDIOM.sub("", text), values(known)
    odd = []
    for match in NUMBER.finditer(plain):
        amount = value(plain[match.start() : match.end() + 1])
        unit = _MONEY.match(plain, match.end())
        percent = plain[: match.start()].endswith("百分之")
        if amount is None or amount in quotable or _roughly(amount, plain[match.end() :], quotable):
            continue
        if amount > _SMALL or unit or percent:
            odd.append(match.group() + (unit.group() if unit else ""))
    return tuple(odd)


def _roughly(amount: float, after: str, quotable: frozenset[float]) -> bool:
    """Whether 两千多 stands for a known 2064."""
    return after.startswith(("多", "来")) and any(amount < q < amount * 1.5 for q in quotable)
