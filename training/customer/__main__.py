"""`python -m training.customer`: a small language model of our own that speaks as the customer.

    python -m training.customer --data ../shared/data --out DIR [--minutes N] [--size tiny|small] [--seed 0]

1. Talks: public dialogues, and the labelled replies with what they answer.
2. A byte-level tokenizer, and a small Qwen2 pre-trained on the talks.
3. Tuning on made-up sessions (director, bank, labelled replies): the customer's line alone is learned.

The result is a folder for `--model hf:DIR`. `--minutes` is what all of it may take, learning before a stop
included; without it the size sets the
steps, and the same seed makes the same weights. A stopped run goes on where it was when started again with the same options; `DIR/work`
holds what that needs, so that tuning anew on changed content does not repeat the pre-training. Only this command
reads `--data`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM

from eval.cases import Case, read_cases
from eval.chatml import TEMPLATE
from eval.remembering import Remembering, by_reply
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.errors import DuilianError, UsageError
from simulator.grading.interface import ReplyGrader
from training.customer import corpus, network, sessions
from training.customer.batches import BLOCK, Blocks, Lines
from training.customer.card import Facts, card
from training.customer.corpus import Talk
from training.customer.learn import Checkpoint, Learned, Learning, Phase
from training.customer.rows import write
from training.customer.tokens import marked, train_tokenizer, with_phrases

CASES = Path(__file__).parents[2] / "eval" / "cases" / "train.jsonl"
_PRETRAINING = 0.4  # share of the minutes
_LEAST = 5.0  # seconds that a phase gets even when the minutes are used up
_OWN_TIMES = 4  # how often our own talks count: they are few, and the only ones that speak of bills
_TOKENIZER_TALKS = 3000
_PROMPT_TIMES = 300
_HELD_OUT_SESSIONS = 20  # one in so many is played with the lines held out
_HELD_OUT = 128  # examples of them at most


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is learned from. `share`: of SMILE; `steps`: of both phases when no minutes are given;
    `rates`: of both phases."""

    share: float
    sessions: int
    lines: int
    steps: tuple[int, int]
    rates: tuple[float, float]


SCALES = {
    "tiny": Scale(share=1.0, sessions=24, lines=1, steps=(40, 60), rates=(5e-3, 5e-3)),
    "small": Scale(share=0.3, sessions=2500, lines=2, steps=(1700, 4000), rates=(2e-3, 1e-3)),
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    data: Path
    out: Path
    minutes: float | None
    size: str
    seed: int

    def phase(self, name: str, number: int, spent: float) -> Phase:
        """Phase `number` (0: pre-training, 1: tuning) when `spent` seconds are over, in this run and before."""
        scale = SCALES[self.size]
        if self.minutes is None:
            return Phase(name=name, rate=scale.rates[number], steps=scale.steps[number])
        left = max(_LEAST, self.minutes * 60 - spent)
        share = (_PRETRAINING, 1.0)[number]
        return Phase(name=name, rate=scale.rates[number], seconds=left * share)


def make(
    options: Options,
    content: Content,
    grader: ReplyGrader,
    cases: Sequence[Case],
    say: Callable[[str], None],
) -> None:
    """Makes the model and writes it to `options.out`. `cases`: labelled replies to learn from. Raises UsageError."""
    began = time.monotonic()
    work = options.out / "work"
    work.mkdir(parents=True, exist_ok=True)
    tokenizer, blocks = _talks(options, content, cases, work / "tokenizer")
    say(f"{blocks.tokens:,} tokens of talks")
    net = network.new_network(network.SHAPES[options.size], tokenizer, options.seed)
    say(f"{network.parameters(net):,} parameters, {len(tokenizer):,} tokens in the vocabulary")
    settings = _settings(options, tokenizer)
    pretrained = _learn(
        net, blocks, options.phase("pretrain", 0, time.monotonic() - began), work, settings, say
    )
    learned, held_out = _examples(options, content, grader, cases, tokenizer, net)
    lines = Lines(tokenizer, learned, held_out, options.seed)
    different = len({e.line for e in learned})
    if not lines.count:
        raise UsageError("没有可学的台词：要有非练习情境的带标签回复，且提示词不太长。")
    say(f"{lines.count:,} examples, {different:,} different lines, {len(tokenizer):,} tokens with phrases")
    phase = options.phase("tune", 1, time.monotonic() - began + pretrained.earlier)
    settings |= {"lines": lines.digest, "pretrained": pretrained.steps}
    tuned = _learn(net, lines, phase, work, settings, say)
    facts = Facts(
        size=options.size,
        command=_command(options, (pretrained.steps, tuned.steps)),
        parameters=network.parameters(net),
        vocabulary=len(tokenizer),
        share=SCALES[options.size].share,
        lines=different,
        examples=lines.count,
        pretrain=pretrained,
        tune=tuned,
    )
    network.save(net, tokenizer, options.out, card(facts))
    write(options.out / "curve.jsonl", (*pretrained.curve, *tuned.curve))


def _talks(
    options: Options, content: Content, cases: Sequence[Case], kept: Path
) -> tuple[PreTrainedTokenizerFast, Blocks]:
    """The tokenizer, and the dialogues and labelled replies cut into blocks."""
    talks = corpus.dialogues(options.data, SCALES[options.size].share, options.seed)
    own = corpus.labelled_talks(cases)
    tokenizer = _tokenizer(options, content, [*talks[:_TOKENIZER_TALKS], *own], kept)
    mixed = talks + own * _OWN_TIMES
    random.Random(options.seed).shuffle(mixed)
    blocks = Blocks(tokenizer, mixed, options.seed)
    if not blocks.tokens:
        raise UsageError(f"--data {options.data} 里的对话太少，至少要 {2 * BLOCK} 个 token。")
    return tokenizer, blocks


def _tokenizer(
    options: Options, content: Content, talks: Sequence[Talk], kept: Path
) -> PreTrainedTokenizerFast:
    """The tokenizer in `kept`, made when there is none: what was pre-trained knows no other. The words of
    our prompts count often, so that what every prompt says takes few tokens."""
    if not (kept / "tokenizer.json").is_file():
        ours = [
            *content.prompts.values(),
            *content.moves.values(),
            *(s.name for s in content.situations.values()),
        ]
        texts = [*map(marked, talks), *(ln.text for ln in content.lines), *ours * _PROMPT_TIMES]
        train_tokenizer(texts, network.SHAPES[options.size].vocabulary).save_pretrained(kept)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(kept)
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def _examples(
    options: Options,
    content: Content,
    grader: ReplyGrader,
    cases: Sequence[Case],
    tokenizer: PreTrainedTokenizerFast,
    net: Qwen2ForCausalLM,
) -> tuple[list[sessions.Example], list[sessions.Example]]:
    """(what is learned, what is held out). `tokenizer` and `net` learn the phrases that the prompts share."""
    scale, grading = SCALES[options.size], Remembering(grader, by_reply)
    learned = sessions.with_lines(content, lambda line: not sessions.is_held_out(line))
    rest = sessions.with_lines(content, sessions.is_held_out)
    spots = sessions.made_up(learned, grading, cases, scale.sessions, options.seed)
    few = max(12, scale.sessions // _HELD_OUT_SESSIONS)
    unseen = sessions.made_up(rest, grading, cases, few, options.seed + 1)
    network.grow(net, with_phrases(tokenizer, sessions.phrases(content, spots)))
    held_out = sessions.examples(rest, unseen, 1, bank_only=True)[:_HELD_OUT]
    return sessions.examples(learned, spots, scale.lines), held_out


def _learn(
    net: Qwen2ForCausalLM,
    batches: Blocks | Lines,
    phase: Phase,
    work: Path,
    settings: dict[str, Any],
    say: Callable[[str], None],
) -> Learned:
    return Learning(net, batches, phase, Checkpoint(work / f"{phase.name}.pt", settings)).run(say)


def _settings(options: Options, tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """What a checkpoint must have been made with to be gone on from."""
    vocabulary = hashlib.sha256(repr(sorted(tokenizer.get_vocab())).encode()).hexdigest()[:16]
    return {
        "size": options.size,
        "seed": options.seed,
        "minutes": options.minutes,
        "vocabulary": vocabulary,
    }


def _command(options: Options, steps: tuple[int, int]) -> str:
    minutes = f" --minutes {options.minutes:g}" if options.minutes is not None else ""
    told = f"python -m training.customer --data DATA --out DIR --size {options.size} --seed {options.seed}{minutes}"
    return f"{told}    # {steps[0]:,} and {steps[1]:,} steps"


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m training.customer")
    parser.add_argument("--data", type=Path, required=True, help="folder with smile, cpsycound and crosswoz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="what it may take in all; else the size sets the steps")
    parser.add_argument("--size", choices=sorted(SCALES), default="small")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.minutes is not None and given.minutes <= 0:
        raise UsageError(f"--minutes 要大于 0，给的是 {given.minutes:g}")
    return Options(**vars(given))


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    try:
        options = _options(arguments)
        content = wiring.open_catalog(None).content
        grader = wiring.make_grader(content.rubric("service"), wiring.open_encoder("builtin"))
        make(options, content, grader, read_cases([CASES]), say)
    except DuilianError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    say(str(options.out))


if __name__ == "__main__":
    main()
