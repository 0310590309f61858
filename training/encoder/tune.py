"""Tuning an encoder to what a sentence does: labelled replies, and examples against near misses.

Knows nothing of where texts come from. Two losses on one embedding: each item's head must tell whether a
reply does the item (binary cross-entropy, only where the item was judged), and an example must lie nearer to
another example of its item than to near misses and to other items' examples (in-batch contrast).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

Embed = Callable[[list[str]], Tensor]  # unit vectors, with gradients
_UNJUDGED = -1.0
_TEMPERATURE = 0.07
_SHARPNESS = 12.0  # of the heads, since they see unit vectors


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """`judged`: by column, 1 done, 0 not done; columns that were not judged are absent."""

    text: str
    judged: dict[int, float]


@dataclass(frozen=True, kw_only=True)
class Group:
    """An item's examples and near misses; `column` as in `Labelled.judged`."""

    column: int
    examples: tuple[str, ...]
    near_misses: tuple[str, ...]


def with_examples(replies: Sequence[Labelled], groups: Sequence[Group]) -> list[Labelled]:
    """`replies`, and every example as a reply that does its item and every near miss as one that does not."""
    out = list(replies)
    for group in groups:
        out += [Labelled(text=t, judged={group.column: 1.0}) for t in group.examples]
        out += [Labelled(text=t, judged={group.column: 0.0}) for t in group.near_misses]
    return out


def tune(
    embed: Embed,
    parameters: Sequence[nn.Parameter],
    width: int,
    replies: Sequence[Labelled],
    groups: Sequence[Group],
    columns: int,
    epochs: int,
    rng: random.Random,
    rate: float,
    size: int = 64,
    contrast: float = 0.3,
) -> list[float]:
    """Trains the encoder behind `embed` in place; returns the mean loss of every epoch."""
    heads = nn.Linear(width, columns)
    every = with_examples(replies, groups)
    usable = [g for g in groups if len(g.examples) >= 2]
    size = min(size, len(every))
    steps = epochs * (len(every) // size)
    optimiser = torch.optim.AdamW(
        [{"params": list(parameters), "lr": rate}, {"params": heads.parameters(), "lr": 1e-2}],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=[rate, 1e-2], total_steps=steps, pct_start=0.1
    )
    losses = []
    began = time.monotonic()
    for epoch in range(epochs):
        total, order = 0.0, list(range(len(every)))
        rng.shuffle(order)
        for begin in range(0, len(order) // size * size, size):
            batch = [every[i] for i in order[begin : begin + size]]
            labels = torch.full((size, columns), _UNJUDGED)
            for row, reply in enumerate(batch):
                for column, done in reply.judged.items():
                    labels[row, column] = done
            scores = heads(embed([r.text for r in batch])) * _SHARPNESS
            judged = labels != _UNJUDGED
            loss = functional.binary_cross_entropy_with_logits(scores[judged], labels[judged])
            if contrast and usable:
                loss = loss + contrast * _contrast(embed, rng.sample(usable, min(32, len(usable))), rng)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        losses.append(total / max(1, len(order) // size))
        print(f"tune: epoch {epoch + 1}, loss {losses[-1]:.4f}, {time.monotonic() - began:.0f} s", flush=True)
    return losses


def _contrast(embed: Embed, groups: Sequence[Group], rng: random.Random) -> Tensor:
    pairs = [rng.sample(g.examples, 2) for g in groups]
    hard = [rng.choice(g.near_misses or ("。",)) for g in groups]
    vectors = embed([a for a, _ in pairs] + [b for _, b in pairs] + hard)
    n = len(groups)
    scores = vectors[:n] @ vectors[n:].T / _TEMPERATURE
    return functional.cross_entropy(scores, torch.arange(n))
