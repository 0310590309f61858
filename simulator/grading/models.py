"""What labelled replies taught of each item: one logistic model a column, kept as arrays.

A model looks at the shared logit, at all columns' scores and facts of the text (`whole`), and at the
character n-grams of the reply in its levelled form, with the situation. Knows nothing of probabilities,
thresholds or of how the weights were found.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from simulator.errors import EncoderError
from simulator.language.canonical import ASKED, BREAK, sound, with_marks

LONGEST_GRAM = 4
_SOUNDS, _PLACE = "\u02d0", "@"  # mark an n-gram of sounds, and the situation; letters of no reply
_MARKS = (BREAK, ASKED)
Values = NDArray[np.float32]
Said = tuple[str, str]  # situation, reply


def grams(said: Said) -> list[str]:
    """What is counted of a reply in its situation: n-grams of levelled characters, of their sounds, and of
    the characters about a mark."""
    situation, reply = said
    text, _ = with_marks(reply)
    return [_PLACE + situation, *(gram for gram, _ in _placed(text))]


def _placed(text: str) -> list[tuple[str, list[int]]]:
    """(n-gram, its characters' places in `text`, a levelled text with marks)."""
    letters = [i for i, c in enumerate(text) if c not in _MARKS]
    sounds = {i: sound(text[i]) for i in letters}
    found = []
    for size in range(1, LONGEST_GRAM + 1):
        for start in range(len(letters) - size + 1):
            places = letters[start : start + size]
            found.append(("".join(text[i] for i in places), places))
            if size > 1:
                found.append((_SOUNDS + " ".join(sounds[i] for i in places), places))
    for mark in (i for i, c in enumerate(text) if c in _MARKS):
        for size in (2, 3):
            for start in range(max(0, mark - size + 1), min(mark, len(text) - size) + 1):
                found.append((text[start : start + size], list(range(start, start + size))))
    return found


def vectorizer(vocabulary: dict[str, int] | None = None, at_least: int = 3) -> TfidfVectorizer:
    """TF-IDF over `grams`; rows of unit length. With a vocabulary, its `idf_` is still to be set."""
    return TfidfVectorizer(
        analyzer=grams,
        min_df=1 if vocabulary else at_least,
        sublinear_tf=True,
        dtype=np.float32,
        vocabulary=vocabulary,
    )


@dataclass(frozen=True, kw_only=True)
class ItemModels:
    """One row a column of the rubric. `gains`: weight of the shared logit; `weights` (columns, whole) of
    `whole` after `centre` and `scale`; `words` (columns, n-grams), sparse; all in logits."""

    names: tuple[str, ...]
    gains: Values
    biases: Values
    weights: Values
    centre: Values
    scale: Values
    vocabulary: tuple[str, ...]
    idf: Values
    words: Any

    def gain(self, name: str) -> float:
        """Weight of the shared logit in a column's model."""
        return float(self.gains[self._row[name]])

    def learned(self, whole: Values, said: Sequence[Said]) -> list[dict[str, float]]:
        """For each reply, by column: the logit but for the shared part. `whole`: (replies, inputs)."""
        worded = (self._vectorizer.transform(said) @ self._by_gram).toarray()
        logits = ((whole - self.centre) / self.scale) @ self.weights.T + worded + self.biases
        return [dict(zip(self.names, map(float, row), strict=True)) for row in logits]

    def credit(self, said: Said) -> Credit:
        """Who of the reply's code points speaks for what."""
        return Credit(self, said)

    @cached_property
    def dense_words(self) -> Values:
        """`words` as a plain array, for looking up single weights."""
        return np.asarray(self.words.toarray(), dtype=np.float32)

    def row(self, name: str) -> int | None:
        """The row of a column; None for one that was not learned."""
        return self._row.get(name)

    def counted(self, said: Said) -> tuple[NDArray[np.int64], Values, list[list[int]]]:
        """Of one reply: the number of every n-gram that is known, once for each time it stands there; its
        TF-IDF value, shared among those times; and the places in the levelled text."""
        text, _ = with_marks(said[1])
        placed = [(self._number.get(gram, -1), where) for gram, where in _placed(text)]
        numbers = np.array([n for n, _ in placed if n >= 0], dtype=np.int64)
        times = np.bincount(numbers, minlength=1)
        distinct = np.unique(numbers)
        place = self._number.get(_PLACE + said[0])
        values = np.zeros(len(self.vocabulary), dtype=np.float32)
        values[distinct] = (1 + np.log(times[distinct])) * self.idf[distinct]  # sublinear TF-IDF
        own = float(self.idf[place]) if place is not None else 0.0
        norm = float(np.sqrt((values[distinct] ** 2).sum() + own**2)) or 1.0
        shares = np.asarray(values[numbers] / norm / times[numbers], dtype=np.float32)
        return numbers, shares, [where for n, where in placed if n >= 0]

    @cached_property
    def _by_gram(self) -> Any:
        """(n-grams, columns): turned once, since turning costs more than a reply's product."""
        return self.words.T.tocsr()

    @cached_property
    def _row(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def _number(self) -> dict[str, int]:
        return {gram: i for i, gram in enumerate(self.vocabulary)}

    @cached_property
    def _vectorizer(self) -> TfidfVectorizer:
        made = vectorizer(self._number)
        made.idf_ = self.idf
        return made


class Credit:
    """What each code point of one reply adds to a column's logit through its n-grams."""

    def __init__(self, models: ItemModels, said: Said) -> None:
        self._models = models
        self._length = len(said[1])
        self._numbers, shares, where = models.counted(said)
        _, places = with_marks(said[1])
        sizes = np.array([len(w) for w in where], dtype=np.int64)
        self._gram = np.repeat(np.arange(len(where)), sizes)
        self._place = np.array([places[i] for w in where for i in w], dtype=np.int64)
        self._shares = shares / np.maximum(sizes, 1)

    def of(self, name: str) -> Values:
        """(code points,) in logits; zeros for a column that was not learned."""
        row = self._models.row(name)
        if row is None or not len(self._numbers):
            return np.zeros(self._length, dtype=np.float32)
        weights = self._models.dense_words[row, self._numbers] * self._shares
        added = np.bincount(self._place, weights=weights[self._gram], minlength=self._length)
        return np.asarray(added, dtype=np.float32)


_TEXTS = ("names", "vocabulary")
_ARRAYS = ("gains", "biases", "weights", "centre", "scale", "idf")


def save_models(models: ItemModels, path: Path) -> None:
    """Writes an .npz of plain arrays in half precision, whole or not at all."""
    words = models.words.tocsr()
    arrays = {n: np.frombuffer("\n".join(getattr(models, n)).encode(), dtype=np.uint8) for n in _TEXTS}
    arrays |= {
        n: getattr(models, n).astype(np.float32 if n in ("centre", "scale") else np.float16) for n in _ARRAYS
    }
    arrays |= {"data": words.data.astype(np.float16), "indices": words.indices, "indptr": words.indptr}
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # its stub takes no names but its own
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    part.write_bytes(stream.getvalue())
    part.replace(path)


def load_models(path: Path) -> ItemModels:
    """Reads what `save_models` wrote. Raises EncoderError when it is missing or broken."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            texts = {n: tuple(bytes(arrays[n]).decode().split("\n")) for n in _TEXTS}
            values = {n: arrays[n].astype(np.float32) for n in _ARRAYS}
            shape = (len(texts["names"]), len(texts["vocabulary"]))
            parts = (arrays["data"].astype(np.float32), arrays["indices"], arrays["indptr"])
            words = sparse.csr_matrix(parts, shape=shape)
            words.check_format(full_check=True)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise EncoderError(f"校准文件坏了：{path}（{error}）。请重新运行 duilian eval calibrate。") from error
    return ItemModels(**texts, **values, words=words)  # type: ignore[arg-type]  # by name
