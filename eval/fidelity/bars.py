"""What a believable customer must reach, and whether this one does.

Knows nothing of how the figures were made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eval.fidelity.breaches import Kind
from eval.fidelity.measuring import Fidelity
from eval.fidelity.wording import KINDS

ORDER, PASSED, STYLE, COURSES, RIGHT, OWN = 0.95, 0.9, 0.75, 0.95, 1.0, 0.9
_NONE_OF = tuple(kind for kind in Kind if kind is not Kind.ENDING)  # endings have a share of their own


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One thing to be reached: its name, what was measured, what is wanted, and whether it is reached. `met` is None
    where there was nothing to measure."""

    name: str
    measured: str
    wanted: str
    met: bool | None


def bars(found: Fidelity) -> list[Bar]:
    """Every bar. pass^k is asked for the largest k there are seeds for, 8 when a run is whole."""
    return [*_shares(found), *_none_of(found)]


def reached(listed: list[Bar]) -> bool:
    """Whether no bar is missed."""
    return all(bar.met is not False for bar in listed)


def _shares(found: Fidelity) -> Iterator[Bar]:
    surely = found.reliability.won
    yield _least("老手 > 普通 > 粗鲁", found.order.share, ORDER)
    yield _least(f"老手次次谈成 pass^{len(surely) or 'k'}", surely[-1] if surely else None, PASSED)
    yield _least("听得出是哪种风格（macro-F1）", found.styles.f1.value if found.styles else None, STYLE)
    yield _least("同一份脚本，每种风格走法都不同", found.courses.share, COURSES)
    yield _least("结尾得体", found.endings.right, RIGHT)
    if not found.record.is_bank:  # where the bank speaks for a model, all other bars are the bank's
        yield _least("模型自己说的话", found.own_words, OWN)


def _least(name: str, value: float | None, wanted: float) -> Bar:
    measured = "—" if value is None else f"{value:.3f}"
    met = None if value is None else value >= wanted
    return Bar(name=name, measured=measured, wanted=f"至少 {wanted:g}", met=met)


def _none_of(found: Fidelity) -> Iterator[Bar]:
    for kind in _NONE_OF:
        count = found.counts[kind.value]
        yield Bar(name=KINDS[kind], measured=f"{count}", wanted="0", met=count == 0)
    yield Bar(name="演到一半出错", measured=f"{len(found.broken)}", wanted="0", met=not found.broken)
