"""Puts right what pinyin input gets wrong: a character for another of the same sound (倒歉 for 道歉).

The noisy channel of Kernighan, Church & Gale (1990): of all characters of one toneless sound, the one that its
neighbours make likeliest under an interpolated trigram model (Jelinek & Mercer 1980), where it is likelier
than what was typed by far. Counts come from `training.spelling`. Rare words are sometimes changed as well;
that does no harm where examples and replies go the same way, so this form is for comparing, never for showing.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
from pypinyin import Style, lazy_pinyin

COUNTS = Path(__file__).with_name("homophones.npz")
_WEIGHTS = (0.02, 0.38, 0.6)  # of one, two and three characters
# How much likelier (natural logarithm) the other character must be: higher leaves typos, lower changes words.
_MARGIN = 6.0
_COMMON = 60  # neighbours seen together so often are right, and are not looked at further
_BEAM = 6  # readings kept from character to character
_FAMILIAR = 20  # rarer characters are never put in


@lru_cache(maxsize=16384)
def sound(char: str) -> str:
    """The toneless pinyin of a Chinese character, any other character as it is: typos of pinyin input
    keep the sound."""
    return str(lazy_pinyin(char, style=Style.NORMAL)[0]) if "\u3400" <= char <= "\u9fff" else char


class Speller:
    """Corrects texts. `counts`: how often each run of one to three characters is written."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts
        singles = {gram: n for gram, n in counts.items() if len(gram) == 1}
        self._all = max(1, sum(singles.values()))
        self._alike: dict[str, list[str]] = {}
        for char, count in singles.items():
            if count >= _FAMILIAR:
                self._alike.setdefault(sound(char), []).append(char)

    def correct(self, text: str) -> str:
        """`text` (normal form), corrected character for character."""
        beam = [(0.0, "")]
        for place, char in enumerate(text):
            others = () if self._settled(text, place) else self._alike.get(sound(char), ())
            if not others and len(beam) == 1:  # the common case: one reading, whatever its likelihood
                beam = [(0.0, beam[0][1] + char)]
                continue
            after = text[place + 1 : place + 2]
            known = {c for c in others if after and c + after in self._counts}
            beam = self._longer(beam, char, [char, *(c for c in others if c != char)], known)
        return beam[0][1]

    def _settled(self, text: str, place: int) -> bool:
        """Whether the character is no Chinese one, or often seen beside its neighbours."""
        if not _is_han(text[place]):
            return True
        pairs = [text[i : i + 2] for i in (place - 1, place) if i >= 0]
        return all(self._counts.get(p, 0) > _COMMON for p in pairs if len(p) == 2 and all(map(_is_han, p)))

    def _longer(
        self, beam: list[tuple[float, str]], typed: str, chars: list[str], known: set[str]
    ) -> list[tuple[float, str]]:
        """The likeliest readings after one of `chars`. Another than `typed` must ever be written after the
        one before, or before the next (`known`), since there are many."""
        found: dict[str, tuple[float, str]] = {}
        for score, before in beam:
            last = before[-1:]
            for char in chars:
                if char != typed and char not in known and last + char not in self._counts:
                    continue
                cost = 0.0 if char == typed else _MARGIN
                read = score - cost + (math.log(self._chance(before[-2:], char)) if _is_han(char) else 0.0)
                end = (last + char)[-2:]
                if end not in found or read > found[end][0]:
                    found[end] = (read, before + char)
        return sorted(found.values(), reverse=True)[:_BEAM]

    def _chance(self, before: str, char: str) -> float:
        counts = self._counts
        one = counts.get(char, 0.5) / self._all
        if not before or not _is_han(before[-1]):
            return one
        chance = _WEIGHTS[0] * one
        last = counts.get(before[-1], 0)
        pair = counts.get(before[-1] + char, 0)
        if last:
            chance += _WEIGHTS[1] * pair / last
        if pair and len(before) == 2 and _is_han(before[0]):
            both = counts.get(before, 0)
            if both:
                chance += _WEIGHTS[2] * counts.get(before + char, 0) / both
        return chance


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


@lru_cache(maxsize=1)
def _speller() -> Speller:
    with np.load(COUNTS, allow_pickle=False) as stored:
        grams = bytes(stored["grams"]).decode().split("\n")
        return Speller(dict(zip(grams, stored["counts"].tolist(), strict=True)))


def correct(text: str) -> str:
    """`text` (normal form) with its typos put right, character for character."""
    return _speller().correct(text)
