"""`python -m training.encoder`: makes `models/encoder`, the builtin encoder, in minutes on two cores.

1. A Unigram tokenizer learned on the dialogues and the rubric's examples.
2. One vector a token, learned so that texts near each other in a talk lie near each other.
3. Contrastive tuning on the rubric's examples: the same item near, its near misses far.

The result is a standard SentenceTransformer folder (`StaticEmbedding`): no attention, so that a reply is
encoded in about a millisecond. Reads the dialogues from `--data`, which the product never does.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch.nn import functional

from simulator.content.catalog import load
from simulator.content.source import ContentSource
from training.encoder import corpus

VOCABULARY = 16000
DIMENSIONS = 256
TEMPERATURE = 0.07
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+|\d")


def train_tokenizer(texts: list[str], extra: list[str]) -> Tokenizer:
    """A Unigram tokenizer over characters and sticky n-grams of 2-4 characters.

    Pieces are counted instead of learned by EM, which takes minutes on text without spaces: an n-gram is
    kept when it is frequent and its halves attract each other (pointwise mutual information). The rubric's
    own words count twentyfold, since few of them are in chats.
    """
    counts: Counter[str] = Counter()
    for text, times in [*((t, 1) for t in texts), *((t, 20) for t in extra)]:
        for run in _HAN_RUN.findall(text):
            for size in range(1, 5):
                for start in range(len(run) - size + 1):
                    counts[run[start : start + size]] += times
    total = sum(n for piece, n in counts.items() if len(piece) == 1)

    def stickiness(piece: str) -> float:
        cuts = (counts[piece[:i]] * counts[piece[i:]] for i in range(1, len(piece)))
        return math.log(counts[piece] * total / max(cuts))

    grams = [p for p, n in counts.items() if len(p) > 1 and n >= 40 and stickiness(p) > 1.5]
    grams.sort(key=lambda p: (-counts[p] * len(p), p))
    characters = sorted(p for p, n in counts.items() if len(p) == 1 and n >= 2)
    pieces = characters + grams[: VOCABULARY - len(characters) - 2]
    vocabulary = [("[UNK]", 0.0), ("[PAD]", 0.0)] + [(p, math.log(counts[p] / total)) for p in pieces]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Punctuation()
    return tokenizer


class Bag(torch.nn.Module):
    """Mean of token vectors, normalised: what StaticEmbedding computes, with gradients."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.table = torch.nn.EmbeddingBag(tokenizer.get_vocab_size(), DIMENSIONS, mode="mean")
        torch.nn.init.normal_(self.table.weight, std=DIMENSIONS**-0.5)

    def forward(self, texts: list[str]) -> torch.Tensor:
        """(len(texts), DIMENSIONS), unit length."""
        encoded = [e.ids or [0] for e in self.tokenizer.encode_batch(texts, add_special_tokens=False)]
        offsets = torch.tensor(np.cumsum([0] + [len(e) for e in encoded[:-1]]))
        flat = torch.tensor([i for e in encoded for i in e])
        return functional.normalize(self.table(flat, offsets), dim=-1)


def learn_neighbours(model: Bag, pairs: list[tuple[str, str]], epochs: int, batch: int = 512) -> None:
    """In-batch negatives over neighbouring texts."""
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(epochs):
        total = 0.0
        for start in range(0, len(pairs) - batch, batch):
            left, right = zip(*pairs[start : start + batch], strict=True)
            scores = model(list(left)) @ model(list(right)).T / TEMPERATURE
            loss = functional.cross_entropy(scores, torch.arange(batch))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += float(loss.detach()) * batch / len(pairs)
        print(f"neighbours: epoch {epoch + 1}, loss {total:.3f}", flush=True)


def tune(model: Bag, groups: list[tuple[str, list[str], list[str]]], rng: random.Random, steps: int) -> None:
    """Supervised contrastive tuning: each step draws groups, two positives and a near miss of each."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    usable = [g for g in groups if len(g[1]) >= 2]
    total = 0.0
    for step in range(1, steps + 1):
        drawn = rng.sample(usable, min(96, len(usable)))
        pairs = [rng.sample(positives, 2) for _, positives, _ in drawn]
        hard = [rng.choice(negatives or ["。"]) for _, _, negatives in drawn]
        anchors = model([a for a, _ in pairs])
        others = torch.cat([model([b for _, b in pairs]), model(hard)])
        loss = functional.cross_entropy(anchors @ others.T / TEMPERATURE, torch.arange(len(drawn)))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total += float(loss.detach())
        if step % 200 == 0:
            print(f"tuning: step {step}, loss {total / 200:.3f}", flush=True)
            total = 0.0


def save(model: Bag, folder: Path, card: str) -> None:
    """Writes a standard SentenceTransformer folder with its model card."""
    weights = model.table.weight.detach().half().float()
    static = StaticEmbedding(model.tokenizer, embedding_weights=weights.numpy())
    SentenceTransformer(modules=[static, Normalize()], device="cpu").save(str(folder))
    (folder / "README.md").write_text(card, encoding="utf-8")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("models/encoder"))
    parser.add_argument("--dialogues", type=int, default=16000)
    parser.add_argument("--pairs", type=int, default=250_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    began = time.monotonic()
    rng = random.Random(options.seed)
    torch.manual_seed(options.seed)
    talks = list(corpus.smile_turns(options.data / "smile.jsonl.xz", options.dialogues))
    talks += corpus.crosswoz_turns(options.data / "crosswoz")
    groups = corpus.example_groups(load(ContentSource()).rubric("service@1"))
    own = [t for _, positives, negatives in groups for t in positives + negatives]
    print(f"{len(talks)} talks, {len(own)} examples, {time.monotonic() - began:.0f} s", flush=True)
    tokenizer = train_tokenizer(["".join(t) for t in talks[:: max(1, len(talks) // 6000)]], own)
    print(f"vocabulary {tokenizer.get_vocab_size()}, {time.monotonic() - began:.0f} s", flush=True)
    model = Bag(tokenizer)
    learn_neighbours(model, corpus.neighbour_pairs(talks, rng, options.pairs), options.epochs)
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    tune(model, groups, rng, options.steps)
    facts = {k: str(v) for k, v in vars(options).items()} | {"seconds": round(time.monotonic() - began)}
    save(model, options.out, CARD.format(command=json.dumps(facts), vocabulary=tokenizer.get_vocab_size()))
    print(f"{options.out}: {time.monotonic() - began:.0f} s")


CARD = """---
language: zh
license: apache-2.0
library_name: sentence-transformers
---
# Duilian builtin encoder

One vector of 256 numbers a token ({vocabulary} tokens of up to four characters), averaged: a
`StaticEmbedding`. It compares clauses of a trainee's reply with a rubric's examples; it is no general
Chinese encoder.

Made by `python -m training.encoder` with `{command}`, from:

- `smile.jsonl.xz`, emotional-support chats, qiuhuachuan/smile, CC0 1.0;
- CrossWOZ validation and test dialogues, thu-coai/CrossWOZ, Apache 2.0;
- the examples of `rubrics/service@1.yaml`, written for this project.

Averaging forgets word order, so negation and irony are beyond it; figures are in docs/grading.md.
"""


if __name__ == "__main__":
    main()
