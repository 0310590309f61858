"""The making of encoders, at toy size: it runs, it learns, and what it writes loads."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from simulator.content.catalog import Catalog
from simulator.content.source import ContentSource
from training.encoder import labels, transformer
from training.encoder.pretrain import Shape, character_tokenizer, mask_words, new_bert, pretrain
from training.encoder.tune import Group, Labelled, tune

TALK = ["太贵了", "单看价钱是不低", "我再想想", "您主要顾虑哪一块", "号怎么停了", "我马上给您查"]
PAIRS = [(TALK[i], TALK[i + 1]) for i in (0, 2, 4)] * 40


@pytest.mark.slow
def test_a_toy_transformer_is_pretrained_tuned_saved_and_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    rng = random.Random(0)
    tokenizer = character_tokenizer(TALK, at_least=1)
    bert = new_bert(len(tokenizer), Shape(layers=1, hidden=32, heads=2))
    log = pretrain(bert, tokenizer, PAIRS * 10, 200, rng, size=6, rate=5e-3)
    assert log[-1]["masked"] < log[0]["masked"], "hidden words are learned"
    replies = [Labelled(text=TALK[3], judged={0: 1.0}), Labelled(text=TALK[5], judged={0: 0.0})] * 20
    groups = [Group(column=0, examples=("您顾虑哪一块", "您主要顾虑什么"), near_misses=("我马上查",))]
    bert.train()
    embed = transformer.embedder(bert, tokenizer)
    losses = tune(embed, list(bert.parameters()), 32, replies, groups, 1, 6, rng, rate=5e-3, size=8)
    assert losses[-1] < losses[0]
    bert.eval()
    transformer.save(bert, tokenizer, tmp_path)
    vectors = SentenceTransformer(str(tmp_path), device="cpu").encode([TALK[3], "您主要顾虑什么", "我马上查"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_only_words_are_masked_and_only_they_are_asked_for() -> None:
    tokenizer = character_tokenizer(TALK, at_least=1)
    coded = tokenizer(TALK, padding=True, return_tensors="pt")
    ids, mask = coded["input_ids"], coded["attention_mask"]
    hidden, asked = mask_words(ids, mask, tokenizer.mask_token_id, random.Random(0))
    changed = hidden != ids
    assert torch.equal(changed, asked != -100)
    assert torch.equal(asked[changed], ids[changed])
    specials = torch.isin(
        ids, torch.tensor([tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id])
    )
    assert not (changed & specials).any()
    assert changed.any(dim=1).all()


def test_labels_become_what_tuning_learns_from() -> None:
    from eval.cases import read_cases

    rubric = Catalog(ContentSource(overlay=None)).content.rubric("service@1")
    cases = read_cases([Path(__file__).parents[2] / "eval" / "cases" / "calibration.jsonl"])
    number = labels.columns(rubric)
    made = labels.labelled(rubric, cases)
    assert len(made) == len(cases)
    for case, reply in zip(cases, made, strict=True):
        assert reply.judged[number["banned"]] == float(case.says_banned)
        assert sum(reply.judged.values()) >= len(case.banned)
    assert all(g.examples and g.near_misses for g in labels.groups(rubric))
