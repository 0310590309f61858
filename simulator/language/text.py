"""Normalising without moving a character, and cutting a reply into overlapping pieces.

`normalise` keeps one code point for each code point, so that spans found in the normal form are spans of
the reply as typed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc

from simulator.domain.grade import Span

# Where one clause ends and the next begins.
_BREAK = re.compile(r"[。！？!?；;，,、…~～\n\r\t|/]+|\.(?=\D|$)|(?<=[\u4e00-\u9fff]) +(?=\S)|\s{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ENDS, _PARTS = "。!…\n", ",;、~"
_BLANKS = _PARTS + " \t"
_WITHIN = re.compile(r"(?<=\d)[.,:~](?=\d)|(?<=[a-z0-9])\.(?=[a-z0-9])")
_UNIT = re.compile(r"[元块毛分角折兆万千个月年天日号小点秒页份家人条次台张gmk]")
_MAX_CLAUSE = 30  # characters after which a run without punctuation is cut into overlapping pieces
_MAX_WINDOW = 64  # characters in the longest window of several clauses
_MAX_CLAUSES = 160  # a 5,000-character reply is judged by its first and last clauses


@lru_cache(maxsize=1)
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=16384)
def _normal_char(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char)
    if len(folded) != 1:
        folded = char
    if _HAN.match(folded):
        simple = _simplifier().convert(folded)
        folded = simple if len(simple) == 1 else folded
    lowered = folded.lower()
    return lowered if len(lowered) == 1 else folded


def normalise(text: str) -> str:
    """`text` in half width, simplified characters and lower case, code point for code point."""
    plain = "".join(map(_normal_char, text))
    # words whose characters simplify otherwise than one by one (瞭解, 回覆), where none grows or shrinks
    words = _simplifier().convert(plain)
    return words if len(words) == len(plain) else plain


def level_marks(text: str) -> str:
    """`text` (normal form) with its marks levelled, code point for code point: 。 for what ends a sentence,
    a comma for what parts its clauses, be it a blank. Question marks, quotes and what stands within figures
    and foreign words stay."""
    out = list(text)
    for place, char in enumerate(text):
        if char in _ENDS:
            out[place] = "。"
        elif char in _PARTS or char.isspace():
            out[place] = "," if _parts_words(text, place) else " "
    for place in (m.start() for m in _WITHIN.finditer(text)):
        out[place] = text[place]
    return "".join(out)


def _parts_words(text: str, place: int) -> bool:
    """Whether what stands at `place` parts clauses: beside a Chinese character (not in 30g、50g), and a blank
    not before a unit (38 元)."""
    before, after = text[:place].rstrip(_BLANKS), text[place:].lstrip(_BLANKS)
    if text[place].isspace() and before[-1:].isdigit() and _UNIT.match(after):
        return False
    return bool(_HAN.match(before[-1:]) or _HAN.match(after[:1]))


def han_share(text: str) -> float:
    """Share of Chinese characters among the letters of `text`, 0-1; 0 when it has no letters."""
    letters = sum(1 for c in text if c.isalpha())
    return len(_HAN.findall(text)) / letters if letters else 0.0


def clauses(text: str) -> tuple[Span, ...]:
    """The clauses of `text`, in order, without their punctuation. Long unpunctuated runs are cut into
    pieces that overlap by half."""
    found: list[Span] = []
    start = 0
    for gap in _BREAK.finditer(text):
        found += _pieces(text, start, gap.start())
        start = gap.end()
    found += _pieces(text, start, len(text))
    if len(found) > _MAX_CLAUSES:
        half = _MAX_CLAUSES // 2
        found = found[:half] + found[-half:]
    return tuple(found)


def _pieces(text: str, start: int, end: int) -> list[Span]:
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if end <= start:
        return []
    if end - start <= _MAX_CLAUSE * 3 // 2:
        return [Span(start=start, end=end)]
    step = _MAX_CLAUSE // 2
    return [Span(start=s, end=min(end, s + _MAX_CLAUSE)) for s in range(start, end - step, step)]


def windows(text: str, at_most: int = 3) -> tuple[Span, ...]:
    """Every clause and every run of up to `at_most` neighbouring clauses that is not too long."""
    single = clauses(text)
    spans = dict.fromkeys((s.start, s.end) for s in single)
    for first in range(len(single)):
        for last in range(first + 1, min(first + at_most, len(single))):
            start, end = single[first].start, single[last].end
            if 0 < end - start <= _MAX_WINDOW:
                spans[start, end] = None
    return tuple(Span(start=s, end=e) for s, e in spans)


def trigrams(text: str) -> frozenset[str]:
    """Overlapping runs of three letters of `text` in normal form; the whole when it is shorter."""
    letters = "".join(c for c in normalise(text) if c.isalnum())
    return frozenset(letters[i : i + 3] for i in range(max(1, len(letters) - 2)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared share of two sets, 0-1."""
    return len(one & other) / len(one | other) if one | other else 1.0


def is_repeat(text: str, earlier: str, threshold: float = 0.7) -> bool:
    """Whether `text` says again what `earlier` said: trigram Jaccard similarity at `threshold` or more."""
    return jaccard(trigrams(text), trigrams(earlier)) >= threshold
