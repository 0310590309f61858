"""Pre-training of a small BERT on dialogue: masked words, and which answer belongs to which line.

Knows nothing of rubrics or labels. One forward pass serves both losses: the texts are masked for the first,
and their pooled vectors are matched with their neighbour's for the second (in-batch negatives).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

Pair = tuple[str, str]
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 96  # tokens
_MASKED = 0.2  # share of the characters hidden, in runs of one to three
_TEMPERATURE = 0.05
_MATCHING = 0.3  # weight of the matching loss
_IGNORED = -100


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Size of the network."""

    layers: int = 3
    hidden: int = 256
    heads: int = 4


def character_tokenizer(texts: Sequence[str], at_least: int = 5) -> PreTrainedTokenizerFast:
    """One token a character: a typo then changes one token, not the cutting of the sentence."""
    counts = Counter(c for text in texts for c in text if not c.isspace())
    letters = sorted(c for c, n in counts.items() if n >= at_least)
    tokenizer = Tokenizer(
        models.WordLevel({t: i for i, t in enumerate([*SPECIAL, *letters])}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=LONGEST,
    )


def new_bert(vocabulary: int, shape: Shape) -> BertModel:
    """A BERT with random weights."""
    return BertModel(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=4 * shape.hidden,
            max_position_embeddings=LONGEST,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
        ),
        add_pooling_layer=False,
    )


def pooled(hidden: Tensor, mask: Tensor) -> Tensor:
    """Mean of the tokens' vectors, unit length: (texts, hidden)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return functional.normalize((hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-6), dim=-1)


def mask_words(ids: Tensor, mask: Tensor, mask_token: int, rng: random.Random) -> tuple[Tensor, Tensor]:
    """(masked ids, labels): runs of one to three characters hidden; labels `-100` where nothing is."""
    hidden, labels = ids.clone(), torch.full_like(ids, _IGNORED)
    for row, length in enumerate(mask.sum(1).tolist()):
        budget = max(1, int(_MASKED * (length - 2)))
        while budget > 0 and length > 2:
            start = rng.randrange(1, length - 1)
            stop = min(start + rng.randint(1, 3), length - 1)
            labels[row, start:stop] = ids[row, start:stop]
            hidden[row, start:stop] = mask_token
            budget -= stop - start
    return hidden, labels


class MaskedHead(nn.Module):
    """Predicts hidden characters with the embedding table itself."""

    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        width = table.embedding_dim
        self.dense = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(table.num_embeddings))
        self._table = [table]  # in a list: the table's weights belong to the encoder

    def forward(self, hidden: Tensor) -> Tensor:
        """Logits over the vocabulary."""
        scores: Tensor = self.dense(hidden) @ self._table[0].weight.T + self.bias
        return scores


def batches(pairs: Sequence[Pair], size: int, rng: random.Random) -> Iterator[list[Pair]]:
    """Endless batches of pairs of like length, so that little is padded."""
    while True:
        order = list(range(len(pairs)))
        rng.shuffle(order)
        pool = size * 50
        for begin in range(0, len(order) - pool + 1, pool):
            part = sorted(order[begin : begin + pool], key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
            cut = [part[i : i + size] for i in range(0, pool, size)]
            rng.shuffle(cut)
            yield from ([pairs[i] for i in batch] for batch in cut)


def pretrain(
    bert: BertModel,
    tokenizer: PreTrainedTokenizerFast,
    pairs: Sequence[Pair],
    steps: int,
    rng: random.Random,
    size: int = 96,
    rate: float = 1e-3,
) -> list[dict[str, float]]:
    """Trains `bert` in place; returns the mean losses of every hundred steps."""
    head = MaskedHead(bert.embeddings.word_embeddings)
    parameters = [*bert.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=steps, pct_start=0.08)
    bert.train()
    log: list[dict[str, float]] = []
    sums, began = [0.0, 0.0], time.monotonic()
    for step, batch in zip(range(1, steps + 1), batches(pairs, size, rng), strict=False):
        texts = [a for a, _ in batch] + [b for _, b in batch]
        coded = tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        mask = coded["attention_mask"]
        ids, labels = mask_words(coded["input_ids"], mask, int(tokenizer.mask_token_id or 0), rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = bert(input_ids=ids, attention_mask=mask).last_hidden_state
            chosen = labels != _IGNORED
            masked = functional.cross_entropy(head(hidden[chosen]).float(), labels[chosen])
            vectors = pooled(hidden.float(), mask)
            scores = vectors[: len(batch)] @ vectors[len(batch) :].T / _TEMPERATURE
            own = torch.arange(len(batch))
            matched = (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
        optimiser.zero_grad()
        (masked + _MATCHING * matched).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        sums = [sums[0] + float(masked.detach()), sums[1] + float(matched.detach())]
        if step % 100 == 0:
            log.append({"step": step, "masked": sums[0] / 100, "matched": sums[1] / 100})
            print(f"pretrain {log[-1]} {time.monotonic() - began:.0f} s", flush=True)
            sums = [0.0, 0.0]
    bert.eval()
    return log
