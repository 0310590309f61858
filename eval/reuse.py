"""`python -m eval.reuse`: what a local model gains from keeping the caches of a talk, and whether it changes a word.

A language model with random weights (Qwen2's shape, float32) and a tokenizer trained on the bank's lines are made in a
temporary folder. This product's own prompt is played to it over ten turns, each turn answered greedily twice: from the
kept cache and computed anew. Exits 1 when the first token of the last turn does not come five times sooner, or when a
token differs. The weights say nothing, so this measures time and sameness, not what a customer says.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.messages import BaseMessage

from eval.chatml import TEMPLATE
from simulator.actor import lines
from simulator.actor.models import template
from simulator.actor.models.decode import Decoder, Sampling
from simulator.actor.prompt import messages
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Move
from simulator.domain.session import CustomerState, Direction, LedgerEntry

SCRIPTS = Path(__file__).parent / "scripts" / "dev.jsonl"
LEAST = 5.0  # times sooner
_TURNS = 10
_MOVES = (Move.PRESS, Move.QUESTION, Move.DOUBT, Move.TEST_CLAIM, Move.COMPARE_RIVAL)
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of a model: 80 million parameters as it stands."""

    hidden: int = 512
    layers: int = 12
    heads: int = 8
    key_heads: int = 4
    inner: int = 2048
    vocabulary: int = 32_000


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One turn: tokens of the prompt, how many came from the kept cache, whether both answers are the same."""

    tokens: int
    reused: int
    same: bool


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A talk played. `kept`, `anew`: seconds to the last turn's first token, a value for each repetition;
    `characters`: of the last prompt as written in the chat template."""

    turns: tuple[Answered, ...]
    characters: int
    kept: tuple[float, ...]
    anew: tuple[float, ...]

    @property
    def times(self) -> float:
        """How many times sooner the first token comes from the kept cache, by the medians."""
        return median(self.anew) / median(self.kept)


def make(content: Content, shape: Shape, seed: int = 0) -> tuple[Any, Any]:
    """A model with random weights and its tokenizer (byte-level pairs of the bank's lines)."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    base.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=shape.vocabulary, special_tokens=_SPECIAL, initial_alphabet=letters, show_progress=False
    )
    base.train_from_iterator((ln.text for ln in content.lines), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=base, eos_token=_SPECIAL[2], pad_token=_SPECIAL[0])
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        max_position_embeddings=8192,
        initializer_range=0.06,  # clear winners, so that greedy decoding does not hang on rounding
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=2,
    )
    return Qwen2ForCausalLM(config).float().eval(), tokenizer


def through_disk(folder: Path, model: Any, tokenizer: Any) -> tuple[Any, Any]:
    """The same, saved to `folder` and read again: as a model comes to this product."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    read = AutoModelForCausalLM.from_pretrained(folder, dtype="float32", local_files_only=True)
    return read.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def prompts(content: Content, situation_id: str, replies: Sequence[str]) -> list[list[BaseMessage]]:
    """What a model is told at each of `replies` when the customer's lines are the bank's."""
    situation = content.situation(situation_id)
    persona = content.first_persona(situation_id)
    style = content.style(persona.style)
    state = CustomerState(
        anger=0.5,
        trust=0.4,
        interest=0.5,
        patience=0.6,
        objection=LedgerEntry(id="objection", text=situation.customer_says, status=ConcernStatus.RAISED),
        concern=LedgerEntry(id="concern", text=persona.concern.short, status=ConcernStatus.HIDDEN),
    )
    spoken = [persona.opening[0] if persona.opening else situation.customer_says]
    history = [("customer", spoken[0])]
    told = []
    for number, reply in enumerate(replies, 1):
        direction = Direction(
            move=_MOVES[number % len(_MOVES)],
            mood=state.mood,
            state=state,
            reply=reply,
            turn=number,
            seed=0,
            spoken=tuple(spoken),
        )
        told.append(messages(content, persona, situation, style, tuple(history), direction))
        spoken.append(lines.pick(content, persona, situation, style, direction).text)
        history += [("trainee", reply), ("customer", spoken[-1])]
    return told


def measure(
    model: Any,
    tokenizer: Any,
    told: Sequence[list[BaseMessage]],
    *,
    repetitions: int = 5,
    answer: int = 16,
) -> Measured:
    """Plays the talk; answers of at most `answer` tokens."""
    how = Sampling(temperature=0.0, max_new_tokens=answer, seconds=3600.0)
    texts = [template.written(tokenizer, prompt, "eval.reuse") for prompt in told]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    stop = frozenset({tokenizer.eos_token_id})
    keeping = Decoder(model, stop)
    turns = []
    for prompt in ids:
        kept = list(keeping.tokens(prompt, "talk", how))
        reused = keeping.reused
        anew = list(Decoder(model, stop).tokens(prompt, "talk", how))
        turns.append(Answered(tokens=len(prompt), reused=reused, same=kept == anew))
    kept_seconds, anew_seconds = [], []
    for _ in range(repetitions):
        list(keeping.tokens(ids[-2], "talk", how))  # back to where the talk was before the last reply
        kept_seconds.append(_to_first(keeping, ids[-1], how))
        anew_seconds.append(_to_first(Decoder(model, stop), ids[-1], how))
    return Measured(
        turns=tuple(turns), characters=len(texts[-1]), kept=tuple(kept_seconds), anew=tuple(anew_seconds)
    )


def _to_first(decoder: Decoder, prompt: list[int], how: Sampling) -> float:
    """Seconds until the first token of the answer is there."""
    begun = time.perf_counter()
    tokens = decoder.tokens(prompt, "talk", how)
    next(tokens, None)
    seconds = time.perf_counter() - begun
    tokens.close()
    return seconds


def replies_of(path: Path, situation: str, count: int) -> list[str]:
    """The first `count` replies of a situation's scripts, one script after the other."""
    scripts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    said = [reply for s in scripts if s["situation"] == situation for reply in s["turns"]]
    return said[:count]


def report(measured: Measured) -> list[str]:
    """The table, a row for each line."""
    last, rows = measured.turns[-1], ["turn  tokens  reused  computed  answer"]
    for number, turn in enumerate(measured.turns, 1):
        same = "same" if turn.same else "DIFFERS"
        rows.append(
            f"{number:4d}  {turn.tokens:6d}  {turn.reused:6d}  {turn.tokens - turn.reused:8d}  {same}"
        )
    rows.append(f"prompt of the last turn: {measured.characters} characters, {last.tokens} tokens")
    rows.append(
        f"first token: {median(measured.kept):.3f} s from the kept cache, {median(measured.anew):.3f} s anew "
        f"(medians of {len(measured.kept)}): {measured.times:.1f} times sooner (at least {LEAST:g})"
    )
    return rows


def main() -> None:
    """See the module."""
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    parser = argparse.ArgumentParser(prog="python -m eval.reuse", description=__doc__)
    parser.add_argument("--situation", default="too_expensive")
    parser.add_argument("--threads", type=int, help="of torch; its own choice when not given")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    replies = replies_of(SCRIPTS, options.situation, _TURNS)
    if len(replies) < _TURNS:
        parser.error(f"{SCRIPTS} has {len(replies)} replies for {options.situation}, wanted {_TURNS}")
    content = wiring.open_catalog(None).content
    told = prompts(content, options.situation, replies)
    with TemporaryDirectory() as name:
        model, tokenizer = through_disk(Path(name), *make(content, Shape(), options.seed))
        size = sum(p.numel() for p in model.parameters()) / 1e6
        print(f"{size:.0f} million random parameters, float32, {torch.get_num_threads()} threads")
        measured = measure(model, tokenizer, told, repetitions=options.repetitions)
    print(*report(measured), sep="\n")
    held = measured.times >= LEAST and all(turn.same for turn in measured.turns)
    raise SystemExit(not held)


if __name__ == "__main__":
    main()
