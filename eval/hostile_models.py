"""`python -m eval.hostile_models`: sessions with models that fail, hang, babble or fall out of their role.

Every session must end properly: the customer comes to an ending or answers every reply of the script, with words and
not with silence, each line in time, and nothing is raised. Nothing of what such a model says may reach the trainee.
That is judged from outside the guard: what each server says is known, so any line of the model's that is not one of
its fine ones is garbage. Each session starts with a closed breaker, so that each meets the fault.
Exits 1 when something does not hold.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from eval.hostile_server import FINE, serving
from eval.remembering import Remembering, by_reply
from eval.tiny_model import make_tiny
from simulator import director
from simulator.actor import Actor
from simulator.actor.breaker import Breaker
from simulator.actor.meaning import meaning_of
from simulator.actor.models import CustomerModel, make_model
from simulator.content.catalog import Catalog
from simulator.content.contents import Content
from simulator.content.source import ContentSource
from simulator.domain.rubric import Rubric
from simulator.domain.session import CustomerLine
from simulator.grading.interface import ReplyGrader
from simulator.session import rehearse, scripted

# Kinds of servers: as they are printed, the server's name of the fault, seconds one line may take.
SERVERS = (
    ("slow", "slow", 0.4),
    ("dies in mid stream", "half", 5.0),
    ("empty", "empty", 5.0),
    ("role break", "role", 5.0),
    ("English", "english", 5.0),
    ("429, then fine", "busy", 10.0),
    ("500 for ever", "error", 1.0),
    ("garbage JSON", "garbage", 5.0),
)
_LOCAL_DEADLINE = 10.0
_TURNS = 14  # replies offered: as many as a talk may have, so that most come to an ending
_SLACK = 3.0  # seconds over its deadline that a line may take on a busy machine
_AT_ONCE = 8
# The characters used most in Chinese: what a random model says of them looks like Chinese and means nothing.
_ALPHABET = "的一是了我不在人有这来他上个们到说时大地为子中你"
LOCAL = "tiny random model"
REPLIES = (
    "您好，您先别急，我马上帮您看。", "价格里含了安装和维护，摊下来一天不到三块钱。",
    "您最担心的是哪一点呢？", "我周三上午给您回电话，您看行吗？", "这是规定，我也没办法。",
    "真对不起，让您久等了。", "我理解您，换了我也着急。",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A model that is no good. `fine`: the lines of its that may be said; `deadline`: seconds a line; `at_once`:
    sessions under way together."""

    name: str
    model: CustomerModel
    deadline: float
    fine: frozenset[str] = frozenset()
    at_once: int = _AT_ONCE


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of `sessions` with one kind. `ended`: properly; `reached`: at an ending of the customer's;
    `broke`: what was raised; `through`: garbage lines said; `from_model`,
    `lines`: how many lines were the model's, and in all; `slowest`: seconds of the slowest."""

    kind: str
    sessions: int
    ended: int
    reached: int
    broke: tuple[str, ...]
    through: tuple[str, ...]
    from_model: int
    lines: int
    slowest: float

    @property
    def met(self) -> bool:
        """Whether all ended and nothing was let through."""
        return self.ended == self.sessions and not self.through

    def __str__(self) -> str:
        told = f"{self.kind}: {self.ended} of {self.sessions} ended ({self.reached} by the customer), {len(self.through)} let through"
        return (
            f"{told} ({self.from_model} of {self.lines} lines from the model, slowest {self.slowest:.2f} s)"
        )


@dataclass(frozen=True, kw_only=True)
class Show:
    """One session. `lines`: the customer's answers; `ended`: properly; `reached`: at an ending of the customer's, not
    of the script; `broke`: what was raised, if anything."""

    lines: tuple[CustomerLine, ...] = ()
    ended: bool = False
    reached: bool = False
    broke: str = ""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where sessions are played."""

    content: Content
    rubric: Rubric
    grader: ReplyGrader

    def play(self, kind: Kind, seed: int) -> Show:
        """One session; one that breaks off has not ended."""
        try:
            return self._play(kind, seed)
        except Exception as error:  # border: whatever it is, the session did not end  # noqa: BLE001
            return Show(broke=f"{type(error).__name__}: {error}")

    def _play(self, kind: Kind, seed: int) -> Show:
        chance = random.Random(f"{kind.name}:{seed}")
        people = sorted(self.content.under(self.rubric).personas.values(), key=lambda p: p.id)
        persona = chance.choice(people)
        situation = self.content.scene(persona, self.rubric, None)
        style = self.content.style(chance.choice(sorted(self.content.styles)))
        casting = director.cast(persona, style, situation, self.rubric)
        model = replace(kind.model, breaker=Breaker())
        actor = Actor(lambda: self.content, model, deadline=kind.deadline)
        replies = chance.choices(REPLIES, k=_TURNS)
        show = rehearse(casting, scripted(replies), grader=self.grader, actor=actor, seed=seed)
        lines = tuple(turn.line for turn in show.turns)
        reached = bool(lines) and show.turns[-1].step.state.outcome is not None
        whole = reached or len(lines) == len(replies)
        return Show(lines=lines, ended=whole and all(_proper(ln, kind) for ln in lines), reached=reached)


def _proper(line: CustomerLine, kind: Kind) -> bool:
    """Whether `line` says something, in time."""
    says = bool(line.text.strip()) and line.line_id != "form:silence"
    return says and line.seconds <= kind.deadline + _SLACK


def measure(stage: Stage, kind: Kind, sessions: int) -> Result:
    """Plays `sessions` sessions, several at once."""
    with ThreadPoolExecutor(kind.at_once) as pool:
        shows = list(pool.map(lambda seed: stage.play(kind, seed), range(sessions)))
    lines = [line for show in shows for line in show.lines]
    spoken = [line.text for line in lines if line.source == "model"]
    return Result(
        kind=kind.name,
        sessions=sessions,
        ended=sum(show.ended for show in shows),
        reached=sum(show.reached for show in shows),
        broke=tuple(show.broke for show in shows if show.broke),
        through=tuple(text for text in spoken if text not in kind.fine),
        from_model=len(spoken),
        lines=len(lines),
        slowest=max((line.seconds for line in lines), default=0.0),
    )


def kinds(content: Content, address: str, folder: Path) -> list[Kind]:
    """Every kind: servers at `address`, a random model written to `folder`."""
    found = [
        Kind(
            name=name,
            model=make_model(f"openai:m@{address}/{fault}/v1", lambda: content, deadline=deadline),
            deadline=deadline,
            fine=frozenset(FINE) if fault == "busy" else frozenset(),
        )
        for name, fault, deadline in SERVERS
    ]
    source = make_tiny(folder / "tiny", _ALPHABET)
    model = make_model(f"hf:{source}", lambda: content, deadline=_LOCAL_DEADLINE)
    found.append(
        Kind(name=LOCAL, model=model, deadline=_LOCAL_DEADLINE, at_once=1)
    )  # it answers one at a time
    return found


def open_stage() -> Stage:
    """The shipped content, newest service rubric and encoder."""
    from simulator.cli import wiring

    catalog = Catalog(ContentSource())
    rubric = catalog.content.rubric("service")
    meaning_of(catalog.content.lines)  # learned before the clock runs
    grader = wiring.graders(wiring.open_encoder("builtin"))(rubric)
    return Stage(content=catalog.content, rubric=rubric, grader=Remembering(grader, by_reply))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints a line a kind; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description="Sessions with models that misbehave.")
    parser.add_argument("--sessions", type=int, default=100, help="of each kind")
    wanted = parser.parse_args(arguments)
    if wanted.sessions < 1:
        parser.error(f"--sessions must be at least 1, not {wanted.sessions}")
    stage, start = open_stage(), time.monotonic()
    missed = 0
    with serving() as address, tempfile.TemporaryDirectory() as folder:
        for kind in kinds(stage.content, address, Path(folder)):
            result = measure(stage, kind, wanted.sessions)
            print(result, flush=True)
            for text in (*result.through[:5], *result.broke[:5]):
                print(f"  {text}")
            missed += not result.met
    print(f"{time.monotonic() - start:.0f} s")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
