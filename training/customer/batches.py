"""Text as seeded batches of tokens: whole talks cut into blocks, and prompts with one line to learn.

Knows nothing of networks or of where text comes from.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from training.customer.corpus import Talk
from training.customer.learn import IGNORED, Batch
from training.customer.sessions import Example
from training.customer.tokens import BEGIN, END, marked, prompt_text

BLOCK = 256  # tokens of a block of talks
LONGEST = 512  # tokens of a prompt with its line; longer ones are left out
_POOL = 40  # batches that are sorted by length together
_AT_ONCE = 1000
_Row = tuple[list[int], list[int]]  # tokens, labels


class Blocks:
    """Talks one after the other, cut into blocks; the last hundredth is held out."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, talks: Sequence[Talk], seed: int, size: int = 8
    ) -> None:
        """`size`: blocks in a batch. `tokens` is 0, and there is nothing to learn, below two blocks."""
        ids = _encoded(tokenizer, (marked(talk) for talk in talks))
        count = len(ids) // BLOCK
        blocks = torch.from_numpy(ids[: count * BLOCK].astype(np.int64).reshape(count, BLOCK))
        kept = max(1, count // 100)
        self._blocks, rest = blocks[:-kept], blocks[-kept:]
        self.held_out = [Batch(ids=part, labels=part) for part in torch.split(rest, size)][:8]
        self._size = min(size, len(self._blocks))
        self._seed = seed
        self._pass: tuple[int, list[int]] = (-1, [])
        self.tokens = self._blocks.numel()

    def at(self, step: int) -> Batch:
        """The batch of step `step`: its place in shuffled passes over all blocks."""
        number, within = divmod(step, len(self._blocks) // self._size)
        if number != self._pass[0]:
            self._pass = (number, _order(f"{self._seed}:{number}", len(self._blocks)))
        place = within * self._size
        ids = self._blocks[self._pass[1][place : place + self._size]]
        return Batch(ids=ids, labels=ids)


class Lines:
    """Examples padded to batches of like length. The loss is on what the customer says alone: the line and its
    end, and in what is learned from also the customer's earlier lines in the prompt, which cost nothing more."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        examples: Sequence[Example],
        held_out: Sequence[Example],
        seed: int,
        size: int = 8,
    ) -> None:
        """`size`: examples in a batch."""
        self._padding = int(tokenizer.pad_token_id or 0)
        self._rows = _rows(tokenizer, examples, earlier=True)
        self._size = min(size, len(self._rows))
        self._seed = seed
        self._pass: tuple[int, list[list[int]]] = (-1, [])
        rest = sorted(_rows(tokenizer, held_out, earlier=False), key=lambda row: len(row[0]))
        self.held_out = [self._batch(rest[i : i + size]) for i in range(0, len(rest), size)]
        self.count = len(self._rows)
        self.digest = hashlib.sha256(repr([ids for ids, _ in self._rows]).encode()).hexdigest()[:16]

    def at(self, step: int) -> Batch:
        """The batch of step `step`: examples of like length, in seeded order."""
        number, within = divmod(step, self.count // self._size)
        if number != self._pass[0]:
            lengths = [len(ids) for ids, _ in self._rows]
            self._pass = (number, _by_length(f"{self._seed}:{number}", lengths, self._size))
        return self._batch([self._rows[i] for i in self._pass[1][within]])

    def _batch(self, rows: Sequence[_Row]) -> Batch:
        width = max(len(ids) for ids, _ in rows)
        ids = torch.full((len(rows), width), self._padding)
        labels = torch.full((len(rows), width), IGNORED)
        for row, (tokens, learned) in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            labels[row, : len(tokens)] = torch.tensor(learned)
        return Batch(ids=ids, labels=labels)


def _encoded(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str]) -> NDArray[np.uint16]:
    """All texts as one row of tokens."""
    parts, waiting = [], list(texts)
    for start in range(0, len(waiting), _AT_ONCE):
        coded = tokenizer(waiting[start : start + _AT_ONCE], add_special_tokens=False)["input_ids"]
        parts.append(np.array([i for ids in coded for i in ids], dtype=np.uint16))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint16)


def _rows(tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], *, earlier: bool) -> list[_Row]:
    """Every example that is not too long. `earlier`: the customer's lines in the prompt are learned too."""
    rows = []
    for example in examples:
        prompt = tokenizer(prompt_text(tokenizer, example.prompt), add_special_tokens=False)["input_ids"]
        line = tokenizer(example.line + END, add_special_tokens=False)["input_ids"]
        if len(prompt) + len(line) <= LONGEST:
            before = _customers(tokenizer, prompt) if earlier else [IGNORED] * len(prompt)
            rows.append(([*prompt, *line], [*before, *line]))
    return rows


def _customers(tokenizer: PreTrainedTokenizerFast, prompt: Sequence[int]) -> list[int]:
    """The labels of `prompt`: its tokens where the customer speaks, to the end of each message."""
    head = tokenizer(f"{BEGIN}assistant\n", add_special_tokens=False)["input_ids"]
    end = tokenizer.convert_tokens_to_ids(END)
    labels, speaks = [], False
    for place, token in enumerate(prompt):
        labels.append(token if speaks else IGNORED)
        speaks = (speaks and token != end) or list(prompt[place + 1 - len(head) : place + 1]) == head
    return labels


def _order(seed: str, count: int) -> list[int]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order


def _by_length(seed: str, lengths: Sequence[int], size: int) -> list[list[int]]:
    """Shuffled batches of `size` examples of like length."""
    order = _order(seed, len(lengths))
    pool, batches = size * _POOL, []
    for begin in range(0, len(order), pool):
        part = sorted(order[begin : begin + pool], key=lambda i: lengths[i])
        batches += [part[i : i + size] for i in range(0, len(part) // size * size, size)]
    random.Random(seed).shuffle(batches)
    return batches
