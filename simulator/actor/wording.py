"""How alike two Chinese sentences are, by their characters alone.

Knows nothing of personas, moves or models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NEAR = 0.6  # trigram Jaccard from which two lines count as the same
_SENTENCE, _WHOLE = 8, 0.8  # characters of more than a phrase; the share of it that stands for all of it
_PARTICLES = "啊呀呢吧嘛哦哈啦呗哎唉嗯喂的了吗诶噢么哟嘿呵"
_LEAVINGS = re.compile(rf"[\W_]|[{_PARTICLES}]", re.UNICODE)
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")


def bare(text: str) -> str:
    """`text` without punctuation, emoji and particles."""
    return _LEAVINGS.sub("", text).lower()


def sameness_key(text: str) -> str:
    """What makes two lines the same: `bare`, or the text itself when nothing else is in it (嗯, ……)."""
    return bare(text) or text.strip()


def grams(text: str, size: int) -> frozenset[str]:
    """The runs of `size` characters in the bare text; the whole of a shorter one."""
    plain = bare(text)
    if len(plain) < size:
        return frozenset({plain} - {""})
    return frozenset(plain[i : i + size] for i in range(len(plain) - size + 1))


def han_pairs(text: str) -> frozenset[str]:
    """Pairs of neighbouring Chinese characters; punctuation separates."""
    runs = _HAN_RUN.findall(text)
    return frozenset(run[i : i + 2] for run in runs for i in range(len(run) - 1))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared part of two sets, 0-1."""
    return len(a & b) / len(a | b) if a and b else 0.0


def near(text: str, others: Iterable[str]) -> str | None:
    """The first of `others` that says the same as `text`, nearly word for word; None when none does."""
    key, mine = sameness_key(text), grams(text, 3)
    for other in others:
        if sameness_key(other) == key or jaccard(mine, grams(other, 3)) >= NEAR:
            return other
    return None


def share_of(part: str, text: str) -> float:
    """How much of `part`'s character pairs `text` holds, 0-1; 0 for an empty part."""
    wanted = grams(part, 2)
    return len(wanted & grams(text, 2)) / len(wanted) if wanted else 0.0


def holds(text: str, others: Iterable[str]) -> bool:
    """Whether nearly all of one of `others`, if it is more than a phrase, stands in `text`."""
    return any(len(bare(other)) >= _SENTENCE and share_of(other, text) >= _WHOLE for other in others)
