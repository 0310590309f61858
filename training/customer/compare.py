"""`python -m training.customer.compare --model DIR --out FOLDER`: the bank's lines and a model's, for blind reading.

The scripts of `eval/scripts/dev.jsonl`, which no model of ours learned from, are played with the bank in every
situation and style; at a seeded choice of moments the bank's line and the model's, as the guard let it through, are
written to `FOLDER/blind.jsonl` as A and B in seeded order. `FOLDER/blind-key.jsonl` tells which is which, what the
model wrote before the guard, and why attempts were refused. Where the guard refused both attempts there is nothing to
compare: the customer would say the bank's line. Such moments stand in the key alone.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from eval.bars import read_scripts
from eval.remembering import Remembering, by_reply
from simulator.actor.actor import Actor
from simulator.actor.lines import slots_for
from simulator.actor.models.registry import CustomerModel
from simulator.actor.wording import sameness_key
from simulator.cli import wiring
from simulator.cli.records import ScriptLine
from simulator.content.contents import Content
from simulator.content.readers import slots_in
from simulator.errors import DuilianError, UsageError
from simulator.grading.interface import ReplyGrader
from training.customer import sessions
from training.customer.rows import write
from training.customer.sessions import Spot

SCRIPTS = Path(__file__).parents[2] / "eval" / "scripts" / "dev.jsonl"
_TURNS = 4  # of the talk that a reader sees
_DEADLINE = 120.0  # seconds a line: how fast the model is stands elsewhere


class Overheard(BaseChatModel):
    """`inner`, and all it has written."""

    inner: BaseChatModel
    _written: list[str] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "duilian-overheard"

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        said = []
        try:
            for chunk in self.inner._stream(messages, stop, run_manager, **kwargs):
                said.append(str(chunk.message.text))
                yield chunk
        finally:
            self._written.append("".join(said))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def taken(self) -> list[str]:
        """What was written since the last call, an answer each."""
        written, self._written = self._written, []
        return written


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What both would say at a moment. `model`: after the guard, None when it refused every attempt;
    `raw`: before it, an attempt each; `refused`: reasons; `bank_wording`: whether the model's line is one of the
    bank's, word for word."""

    spot: Spot
    bank: str
    model: str | None
    raw: tuple[str, ...]
    refused: tuple[str, ...]
    bank_wording: bool


def scripted(
    content: Content, grader: ReplyGrader, scripts: Mapping[tuple[str, str], ScriptLine], seed: int
) -> dict[tuple[str, str], list[Spot]]:
    """The moments of every script in every style, by (situation, style). Played by a person of that style where
    the cast has one."""
    chance = random.Random(f"{seed}:scripts")
    cells: dict[tuple[str, str], list[Spot]] = {}
    for situation in sessions.practised(content, grader.rubric):
        played = [line for (name, _), line in scripts.items() if name == situation.id]
        for style in content.styles.values():
            everyone = sessions.casts(content, situation)
            people = [p for p in everyone if p.style == style.id] or everyone
            spots = [
                spot
                for line in played
                for spot in sessions.play(
                    content,
                    grader,
                    chance.choice(people),
                    situation,
                    style,
                    line.turns,
                    chance.randrange(2**31),
                )
            ]
            cells[situation.id, style.id] = spots
    return cells


def drawn(cells: Mapping[tuple[str, str], Sequence[Spot]], count: int, seed: int) -> list[Spot]:
    """`count` moments (fewer when there are not so many), spread evenly over the cells."""
    chance = random.Random(f"{seed}:drawn")
    waiting = [chance.sample(spots, len(spots)) for spots in cells.values()]
    chosen: list[Spot] = []
    while len(chosen) < count and any(waiting):
        for spots in waiting:
            if spots and len(chosen) < count:
                chosen.append(spots.pop())
    return chosen


def pairs(content: Content, model: CustomerModel, spots: Iterable[Spot]) -> Iterator[Pair]:
    """Both lines at each moment for which the bank has one."""
    heard = Overheard(inner=model.chat)
    named = CustomerModel(name=model.name, version=model.version, chat=heard, is_bank=False)
    actor = Actor(lambda: content, named, deadline=_DEADLINE)
    for spot in spots:
        bank = sessions.lines_for(content, spot, 1)
        if not bank:
            continue
        line = actor.speak(spot.persona, spot.situation, spot.style, spot.history, spot.direction)
        said = line.text if line.source == "model" else None
        yield Pair(
            spot=spot,
            bank=bank[0].text,
            model=said,
            raw=tuple(heard.taken()),
            refused=line.rejected,
            bank_wording=said is not None and sameness_key(said) in _bank_wordings(content, spot),
        )


def _bank_wordings(content: Content, spot: Spot) -> frozenset[str]:
    """All lines of the bank as they would sound at `spot`."""
    slots = slots_for(spot.persona, spot.situation, spot.direction)
    return frozenset(
        sameness_key(ln.text.format_map(slots))
        for ln in content.lines
        if set(slots_in(ln.text)) <= set(slots)
    )


def rows(pair: Pair, number: int, chance: random.Random) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """(what a blind reader sees, None without two lines; the key)."""
    spot, name = pair.spot, f"c{number:03d}"
    key: dict[str, Any] = {
        "id": name,
        "bank": pair.bank,
        "model": pair.model,
        "raw": pair.raw,
        "refused": pair.refused,
        "bank_wording": pair.bank_wording,
    }
    if pair.model is None:
        return None, key | {"A": None, "B": None}
    sides = [("bank", pair.bank), ("model", pair.model)]
    chance.shuffle(sides)
    (a, a_text), (b, b_text) = sides
    blind = {
        "id": name,
        "style": spot.style.id,
        "situation": spot.situation.id,
        "history": [*spot.history, ("trainee", spot.direction.reply)][-_TURNS:],
        "move": spot.direction.move.value,
        "A": a_text,
        "B": b_text,
    }
    return blind, key | {"A": a, "B": b}


def summary(found: Sequence[Pair]) -> str:
    """How often the guard let the model speak, in numbers; nothing about how good its lines are."""
    spoken = [p for p in found if p.model is not None]
    reasons = Counter(r.split("：")[0] for p in found for r in p.refused)
    return "\n".join(
        [
            f"{len(found)} moments: {sum(not p.refused for p in spoken)} first attempts passed the guard, "
            f"{sum(bool(p.refused) for p in spoken)} second ones, {len(found) - len(spoken)} left to the bank",
            f"of {len(spoken)} lines {sum(p.bank_wording for p in spoken)} are the bank's word for word",
            *(f"  {count:4d} {reason}" for reason, count in reasons.most_common()),
        ]
    )


def compare(
    content: Content, grader: ReplyGrader, model: CustomerModel, out: Path, *, count: int, seed: int
) -> str:
    """Writes both files to `out`; returns the summary."""
    cells = scripted(content, grader, read_scripts(SCRIPTS), seed)
    found = list(pairs(content, model, drawn(cells, count, seed)))
    chance = random.Random(f"{seed}:sides")
    both = [rows(pair, number, chance) for number, pair in enumerate(found)]
    out.mkdir(parents=True, exist_ok=True)
    write(out / "blind.jsonl", (blind for blind, _ in both if blind is not None))
    write(out / "blind-key.jsonl", (key for _, key in both))
    return summary(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m training.customer.compare")
    parser.add_argument("--model", type=Path, required=True, help="the folder that training.customer wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        if options.count < 1:
            raise UsageError(f"--count 至少是 1，给的是 {options.count}")
        catalog = wiring.open_catalog(None)
        model = wiring.open_model(catalog, f"hf:{options.model}", seed=options.seed, deadline=_DEADLINE)
        rubric = catalog.content.rubric("service")
        grader = Remembering(wiring.make_grader(rubric, wiring.open_encoder("builtin")), by_reply)
        print(
            compare(catalog.content, grader, model, options.out, count=options.count, seed=options.seed),
            flush=True,
        )
    except DuilianError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
