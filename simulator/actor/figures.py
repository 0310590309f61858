"""Numbers in a customer's line, by value: 两千六 = 2600, 1.5万 = 15000, 百分之八 = 8.

Knows nothing of personas; `strangers` is told which texts may be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALE = {"十": 10, "百": 100, "千": 1000}
_NUMBER = re.compile(
    r"\d[\d,]*(?:\.\d+)?|"
    r"[零〇一二两三四五六七八九十半][零〇一二两三四五六七八九十百千万亿半]*(?:点[零一二三四五六七八九]+)?"
)
_MONEY = re.compile(r"\s*(?:块|元|毛|分钱|角|折|%|个百分点|万|千)")
# Numbers that say no amount: idioms and hotlines.
_IDIOM = re.compile(
    r"一两|两三|三两|三四|三五|四五|五六|六七|七八|八九|十来|十几|几十|一千道一万|百分之?百|百分之一百|"
    r"一百个|一千个|一万个|一分钱|一毛|一块儿|一成不变|十万火急|万一|百十|三番五次|七上八下|乱七八糟|"
    r"八百(?:回|遍|年|次)|一百(?:回|遍|次)|"
    r"(?<!\d)(?:10086|1008611|12315|12300|12345|10010|10000|110|315|365|24小时)(?!\d)"
)
_SMALL = 10  # counts up to this are turns of phrase unless they are money (给我三天, 两句话)


def value(text: str) -> float | None:
    """The number that `text` holds first, or None."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    raw = found.group().replace(",", "")
    if raw[0].isdigit():
        rest = text[found.end() :].lstrip()
        return float(raw) * (10000 if rest.startswith("万") else 1000 if rest.startswith("千") else 1)
    whole, _, decimals = raw.partition("点")
    fraction = "".join(str(_DIGIT[c]) for c in decimals)
    return _chinese(whole) + (float(f"0.{fraction}") if fraction else 0.0)


def _chinese(text: str) -> float:
    """The value of a whole Chinese number; the shorthand 两千六 is 2600."""
    if not any(c in _SCALE or c in "万亿" for c in text):
        digits = "".join(str(_DIGIT[c]) for c in text if c in _DIGIT)
        return float(digits or 0) + (0.5 if "半" in text else 0.0)
    total = section = digit = 0
    scale, zero = 1, False
    for char in text:
        if char in _DIGIT:
            digit, zero = _DIGIT[char], zero or char in "零〇"
        elif char in _SCALE:
            scale = _SCALE[char]
            section += (digit or 1) * scale
            digit, zero = 0, False
        elif char in "万亿":
            scale = 10000 if char == "万" else 100000000
            total = (total + section + digit) * scale
            section = digit = 0
            zero = False
    return float(total + section + digit * (1 if zero or scale == 10 else max(scale // 10, 1)))


def values(texts: Iterable[str]) -> frozenset[float]:
    """Every number in `texts`, with or without a unit."""
    found = set()
    for text in texts:
        for match in _NUMBER.finditer(text):
            known = value(text[match.start() : match.end() + 1])
            if known is not None:
                found.add(known)
    return frozenset(found)


def strangers(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """The amounts in `text` that none of the `known` texts holds, as typed. Idioms and small counts
    that are no money are turns of phrase, not amounts."""
    plain, quotable = _IDIOM.sub("", text), values(known)
    odd = []
    for match in _NUMBER.finditer(plain):
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
