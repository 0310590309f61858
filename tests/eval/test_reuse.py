"""Kept caches change no token of an answer; a small slice of `python -m eval.reuse`."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval import reuse
from simulator.content.catalog import load
from simulator.content.contents import Content
from simulator.content.source import ContentSource

SMALL = reuse.Shape(hidden=32, layers=2, heads=4, key_heads=2, inner=32, vocabulary=900)


@pytest.fixture(scope="module")
def content() -> Content:
    return load(ContentSource())


def test_a_talk_of_this_product_is_answered_alike_with_and_without_its_cache(
    content: Content, tmp_path: Path
) -> None:
    replies = reuse.replies_of(reuse.SCRIPTS, "too_expensive", 4)
    told = reuse.prompts(content, "too_expensive", replies)
    model, tokenizer = reuse.through_disk(tmp_path, *reuse.make(content, SMALL))
    measured = reuse.measure(model, tokenizer, told, repetitions=1, answer=6)
    assert [turn.same for turn in measured.turns] == [True] * 4
    assert measured.turns[0].reused == 0
    for before, turn in zip(measured.turns, measured.turns[1:], strict=False):
        assert before.tokens - 400 < turn.reused < before.tokens  # all but the note that changes
        assert turn.tokens - turn.reused < turn.tokens / 3
    assert measured.times > 1


def test_the_prompts_hold_the_talk_so_far(content: Content) -> None:
    replies = reuse.replies_of(reuse.SCRIPTS, "too_expensive", 10)
    assert len(replies) == 10
    told = reuse.prompts(content, "too_expensive", replies)
    assert [len(prompt) for prompt in told] == [4 + 2 * n for n in range(10)]
    assert len({str(prompt[0].text) for prompt in told}) == 1
    assert all(reply in str(told[-1][3 + 2 * n].text) for n, reply in enumerate(replies[:5]))


def test_a_difference_is_told() -> None:
    turns = (reuse.Answered(tokens=10, reused=0, same=True), reuse.Answered(tokens=20, reused=8, same=False))
    rows = reuse.report(reuse.Measured(turns=turns, characters=33, kept=(1.0,), anew=(3.0,)))
    assert rows[1].endswith("same")
    assert rows[2].endswith("DIFFERS")
    assert "3.0 times sooner" in rows[-1]
