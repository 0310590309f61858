"""Builds the real things: catalogue, encoder, graders, model, store. The one place that does.

Knows which parts there are and what they need, not what they do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.content.catalog import Catalog
from simulator.content.places import default_data_dir, shipped, writable_folder
from simulator.content.source import ContentSource
from simulator.domain.rubric import Rubric
from simulator.errors import UsageError
from simulator.grading import calibration
from simulator.grading.encoder import Encoder, load_encoder
from simulator.grading.grader import Grader
from simulator.grading.interface import ReplyGrader
from simulator.grading.opinion import OpinionGrader, SecondOpinion

if TYPE_CHECKING:  # what only a talk needs takes a second to import, which grading should not wait for
    from simulator.actor.actor import Actor
    from simulator.actor.models.registry import CustomerModel
    from simulator.session import PracticeRoom

DATABASE = "sessions.sqlite3"
Opinion = Callable[[Grader], ReplyGrader]  # what makes of a grader one whose unsure verdicts are settled


def open_catalog(content: Path | None) -> Catalog:
    """The shipped content, overlaid by `content`. Raises ContentError, UsageError."""
    return Catalog(ContentSource(overlay=content))


def open_encoder(name: str) -> Encoder:
    """The encoder of that name. Raises EncoderError."""
    return load_encoder(name, shipped("models") / "encoder")


def calibration_folders(content: Path | None = None) -> list[Path]:
    """Where calibrations lie: the trainer's own, the user's, then the shipped."""
    own = [content / "models" / "calibration"] if content else []
    return [*own, default_data_dir() / "calibration", shipped("models") / "calibration"]


def make_grader(rubric: Rubric, encoder: Encoder, content: Path | None = None) -> Grader:
    """A grader of `rubric`. Raises EncoderError without a calibration."""
    found = calibration.find(calibration_folders(content), encoder.hash, rubric.hash, encoder.name)
    return Grader(rubric, encoder, found)


def graders(
    encoder: Encoder, content: Path | None = None, opinion: Opinion | None = None
) -> Callable[[Rubric], ReplyGrader]:
    """Makes each rubric's grader once, however often it is asked for."""
    made: dict[str, ReplyGrader] = {}
    lock = threading.Lock()

    def grader_for(rubric: Rubric) -> ReplyGrader:
        with lock:
            if rubric.hash not in made:
                grader = make_grader(rubric, encoder, content)
                made[rubric.hash] = opinion(grader) if opinion else grader
            return made[rubric.hash]

    return grader_for


def open_model(catalog: Catalog, name: str, *, seed: int = 0, deadline: float = 20.0) -> CustomerModel:
    """The customer's model. Raises UsageError, ModelError."""
    from simulator.actor.models.registry import make_model

    return make_model(name, lambda: catalog.content, seed=seed, deadline=deadline)


def second_opinion(catalog: Catalog, model: CustomerModel, *, deadline: float = 20.0) -> Opinion:
    """Settles what graders are unsure of by asking `model`, at most `deadline` seconds a reply. Raises
    UsageError for the line bank, which has no model."""
    if model.is_bank:
        raise UsageError(
            f"第二意见要问一个语言模型，{model.name}（台词库，builtin 现在也是它）没有模型可问。"
            "--second-opinion 要配 hf:<目录或 hub 名>、openai:<模型名>@<http 地址>，"
            "或 LangChain 认得的 <供应商>:<模型名>。"
        )
    from langchain_core.messages import HumanMessage

    from simulator.actor.asking import Asker
    from simulator.actor.models.registry import aside

    asker = Asker(aside(model), breaker=model.breaker, remote=model.remote)

    def ask(question: str) -> str:
        return asker.ask([HumanMessage(question)], deadline)

    def settled(grader: Grader) -> ReplyGrader:
        opinion = SecondOpinion(
            grader.rubric,
            ask,
            f"{model.name}#{model.version}",
            lambda: catalog.content.prompts["second_opinion"],
            met_at={kind: band.met for kind, band in grader.calibration.bands.items()},
        )
        return OpinionGrader(grader, opinion)

    return settled


@dataclass(frozen=True, kw_only=True)
class Practice:
    """A room, and the customer's voice in it."""

    room: PracticeRoom
    actor: Actor


def open_practice(
    *,
    model: str = "builtin",
    encoder: str = "builtin",
    rubric: str = "service",
    content: Path | None = None,
    data: Path | None = None,
    deadline: float = 20.0,
    settle: bool = False,
) -> Practice:
    """Everything a page or a terminal needs, warm. `settle`: unsure verdicts get the second opinion of
    `model`. Raises DuilianError."""
    from simulator.actor.actor import Actor
    from simulator.session import PracticeRoom
    from simulator.store.store import Store

    catalog = open_catalog(content)
    chosen = catalog.content.rubric(rubric)
    folder = writable_folder(data or default_data_dir())
    customer = open_model(catalog, model, deadline=deadline)
    opinion = second_opinion(catalog, customer, deadline=deadline) if settle else None
    store = Store.open(folder / DATABASE)
    loaded = open_encoder(encoder)
    grader_for = graders(loaded, content, opinion)
    grader_for(chosen)
    actor = Actor(lambda: catalog.content, customer, deadline=deadline)
    room = PracticeRoom(
        catalog=catalog,
        grader_for=grader_for,
        actor=actor,
        model=f"{customer.name}#{customer.version}",
        encoder=f"{encoder}#{loaded.hash}",
        store=store,
        rubric=rubric,
    )
    return Practice(room=room, actor=actor)


def one_version(catalog: Catalog, wanted: str) -> Rubric:
    """The rubric that a command needs. Raises UsageError."""
    if not wanted.strip():
        raise UsageError("--rubric 不能为空")
    return catalog.content.rubric(wanted)
