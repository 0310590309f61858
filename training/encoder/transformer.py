"""`python -m training.encoder.transformer`: the small transformer that the builtin encoder was compared with.

1. A character tokenizer and a BERT of three layers, pre-trained on dialogues and on the training replies with
   the lines they answer (`pretrain`: masked words, reply matching).
2. Unless `--epochs 0`: tuned on the labels of the training replies and on examples against near misses (`tune`).

Written as a SentenceTransformer folder. It is not shipped; docs/grading.md tells why.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from torch import Tensor
from transformers import BertModel, PreTrainedTokenizerFast

from eval.cases import Case, read_cases
from simulator.content.catalog import load
from simulator.content.source import ContentSource
from simulator.language.text import normalise
from training.encoder import corpus, labels
from training.encoder.pretrain import LONGEST, Pair, Shape, character_tokenizer, new_bert, pooled, pretrain
from training.encoder.tune import Embed, tune

_OWN_TIMES = 8  # how often the training replies are among the pairs


def own_pairs(cases: list[Case]) -> list[Pair]:
    """The customer's line and the reply to it."""
    return [(normalise(c.request.customer)[-48:], normalise(c.request.reply)[:64]) for c in cases]


def embedder(bert: BertModel, tokenizer: PreTrainedTokenizerFast) -> Embed:
    """A function from texts to unit vectors, with gradients."""

    def embed(texts: list[str]) -> Tensor:
        coded = tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = bert(input_ids=coded["input_ids"], attention_mask=coded["attention_mask"])
        return pooled(hidden.last_hidden_state.float(), coded["attention_mask"])

    return embed


def save(bert: BertModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a SentenceTransformer folder."""
    bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    modules = [
        Transformer(str(folder), max_seq_length=LONGEST),
        Pooling(bert.config.hidden_size, "mean"),
        Normalize(),
    ]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m training.encoder.transformer")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=Path, default=Path("eval/cases/train.jsonl"))
    parser.add_argument("--dialogues", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=2600)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--contrast", type=float, default=0.3, help="weight of examples against near misses")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    talks = list(corpus.smile_turns(options.data / "smile.jsonl.xz", options.dialogues))
    talks += corpus.crosswoz_turns(options.data / "crosswoz")
    cases = read_cases([options.cases])
    pairs = corpus.neighbour_pairs(talks, rng, 10**9) + own_pairs(cases) * _OWN_TIMES
    rng.shuffle(pairs)
    tokenizer = character_tokenizer(
        ["".join(t) for t in talks] + [a + b for a, b in own_pairs(cases)] * _OWN_TIMES, 3
    )
    bert = new_bert(len(tokenizer), Shape())
    pretrain(bert, tokenizer, pairs, options.steps, rng, size=80)
    if options.epochs:
        rubric = load(ContentSource()).rubric("service@1")
        bert.train()
        tune(
            embedder(bert, tokenizer),
            list(bert.parameters()),
            bert.config.hidden_size,
            labels.labelled(rubric, cases),
            labels.groups(rubric),
            len(labels.columns(rubric)),
            options.epochs,
            rng,
            rate=7e-4,
            contrast=options.contrast,
        )
        bert.eval()
    save(bert, tokenizer, options.out)


if __name__ == "__main__":
    main()
