"""Scripts are read strictly, and trainees say what they should when they should."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.fidelity import scripts, trainees
from eval.fidelity.idle import CHATTER
from eval.fidelity.playing import Plan, unwearying
from eval.fidelity.scripts import Script
from eval.fidelity.trainees import Scripted
from simulator import director
from simulator.actor.wording import near
from simulator.cli import wiring
from simulator.domain.grade import Features, Grade
from simulator.domain.persona import ConcernStatus, Move
from simulator.domain.session import CustomerLine, CustomerState, LedgerEntry, Step
from simulator.errors import InputError, UsageError
from simulator.session import Played

OPENING = CustomerLine(text="太贵了", source="bank")
GRADE = Grade(
    rubric="service@2", rubric_hash="", encoder="", calibrated=True, items=(), banned=(), quality=3.0, features=Features()
)  # fmt: skip
CELLS = [("too_expensive", "driver"), ("too_expensive", "amiable"), ("no_need", "driver")]


def wordings(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{n}" for n in range(4))


SCRIPT = Script(
    situation="too_expensive",
    turns={level: tuple(wordings(f"{level}-{n}-") for n in range(4)) for level in scripts.LEVELS},
    objections={"expert": {"x": wordings("x-")}, "average": {"x": wordings("ax-")}},
    concerns={"feng": {"怕停": wordings("怕停-")}},
    reactions={
        "question": wordings("q-"), "doubt": wordings("d-"), "ask_again": wordings("a-"), "test_claim": wordings("t-"),
        "close": wordings("close-"),
    },
)  # fmt: skip


def played(move: Move, *, agreed: bool = False, status: ConcernStatus = ConcernStatus.RAISED) -> Played:
    raised = LedgerEntry(id="x", text="", status=status)
    state = CustomerState(
        anger=0.3, trust=0.5, interest=0.5, patience=0.5, objection=raised, further=(raised,), agreed=agreed,
        concern=LedgerEntry(id="concern", text="怕停", status=status),
    )  # fmt: skip
    line = CustomerLine(text="嗯", source="bank")
    return Played(reply="", grade=GRADE, step=Step(state=state, move=move, reasons=()), line=line)


def said(who: Scripted, *moves: Move, status: ConcernStatus = ConcernStatus.RAISED) -> list[str | None]:
    """The kinds of what he says: without the number of the wording."""
    replies = [who(OPENING, ())] + [who(OPENING, (played(m, status=status),)) for m in moves]
    return [r and r.rstrip("0123") for r in replies]


def test_the_expert_follows_his_turns_asks_and_takes_leave() -> None:
    who = Scripted(SCRIPT, "expert", "feng", 0)
    told = said(who, *[Move.PRESS] * 8, status=ConcernStatus.SETTLED)
    plan, asking = ["expert-0-", "expert-1-", "expert-2-"], ["close-", "expert-1-", "expert-2-", "expert-1-"]
    assert told == [*plan, *asking, "expert-3-", None]


def test_the_expert_without_words_for_asking_proposes_again_otherwise() -> None:
    bare = replace(SCRIPT, reactions={})
    who = Scripted(bare, "expert", "feng", 0)
    settled = (played(Move.PRESS, status=ConcernStatus.SETTLED),)
    replies = [who(OPENING, settled) for _ in range(8)]
    assert {replies[2], replies[3]} < set(wordings("expert-2-"))
    assert replies[2] != replies[3]
    assert len(set(replies)) == 8
    assert replies[7] in wordings("expert-3-")


def test_the_expert_comes_back_to_what_is_open() -> None:
    open_worry = (played(Move.PRESS),)
    who = Scripted(replace(SCRIPT, objections={}), "expert", "feng", 0)
    replies = [who(OPENING, open_worry) for _ in range(5)]
    assert {replies[3], replies[4]} < set(wordings("怕停-"))
    assert replies[3] != replies[4]


def test_the_expert_answers_first_what_is_brought_up() -> None:
    who = Scripted(SCRIPT, "expert", "feng", 0)
    told = said(who, Move.OBJECT, Move.PRESS, Move.REVEAL, Move.QUESTION, Move.QUESTION)
    assert told == ["expert-0-", "x-", "expert-1-", "怕停-", "q-", "expert-2-"]


def test_the_expert_reacts_to_three_moves_at_most() -> None:
    who = Scripted(SCRIPT, "expert", "feng", 0)
    told = said(who, Move.QUESTION, Move.DOUBT, Move.ASK_AGAIN, Move.TEST_CLAIM)
    assert told == ["expert-0-", "q-", "d-", "a-", "expert-1-"]


def test_the_expert_takes_leave_as_soon_as_the_customer_agrees() -> None:
    who = Scripted(SCRIPT, "expert", "feng", 0)
    assert who(OPENING, (played(Move.ACCEPT, agreed=True),)) in wordings("expert-3-")
    assert who(OPENING, (played(Move.FAREWELL, agreed=True),)) is None


def test_the_average_answers_objections_only_and_the_rude_nothing() -> None:
    assert said(Scripted(SCRIPT, "average", "feng", 0), Move.OBJECT, Move.REVEAL, Move.QUESTION) == [
        "average-0-", "ax-", "average-1-", "average-2-",
    ]  # fmt: skip
    assert said(Scripted(SCRIPT, "rude", "feng", 0), Move.OBJECT, Move.REVEAL, *[Move.PRESS] * 2) == [
        "rude-0-", "rude-1-", "rude-2-", "rude-3-", None,
    ]  # fmt: skip


def test_the_seed_chooses_the_wording() -> None:
    firsts = {Scripted(SCRIPT, "expert", "feng", seed)(OPENING, ()) for seed in range(30)}
    assert firsts == set(wordings("expert-0-"))
    assert Scripted(SCRIPT, "expert", "feng", 3)(OPENING, ()) == Scripted(SCRIPT, "expert", "feng", 3)(
        OPENING, ()
    )


def made(kind: str, seed: int = 0) -> list[str]:
    content = wiring.open_catalog(None).content
    casting = director.cast(
        content.first_persona("too_expensive"), content.style("driver"), content.situation("too_expensive"),
        content.rubric("service"), seed=seed,
    )  # fmt: skip
    who, replies = trainees.trainee(kind, SCRIPT, casting, seed, CELLS), []
    while (reply := who(OPENING, tuple(played(Move.PRESS) for _ in replies))) is not None:
        replies.append(reply)
    return replies


def test_long_talks_have_twelve_turns_that_never_repeat() -> None:
    for kind in trainees.LASTING:
        replies = made(kind)
        assert len(replies) == len(set(replies)) == trainees.TURNS


def test_attacks_and_chatter_change_with_the_seed() -> None:
    for kind in (trainees.ATTACK, trainees.OFF_TOPIC):
        assert made(kind) == made(kind)
        assert made(kind) != made(kind, 1)


def test_chatter_is_ample_and_has_nothing_to_do_with_the_matter() -> None:
    assert len(CHATTER) >= 20
    assert not [c for c in CHATTER for word in ("套餐", "话费", "流量", "移动", "宽带", "投诉") if word in c]
    assert not [c for n, c in enumerate(CHATTER) if near(c, CHATTER[:n])]


def test_the_unwearying_lose_no_patience_and_are_otherwise_the_same() -> None:
    content = wiring.open_catalog(None).content
    casting = director.cast(
        content.first_persona("too_expensive"), content.style("driver"), content.situation("too_expensive"),
        content.rubric("service"),
    )  # fmt: skip
    patient = unwearying(casting)
    assert all(e.patience >= 0 for e in (*patient.effects.values(), patient.style.drift))
    assert patient.effects.keys() == casting.effects.keys()
    assert all(
        replace(e, patience=0) == replace(casting.effects[k], patience=0) for k, e in patient.effects.items()
    )
    assert patient.situation.max_turns > trainees.TURNS
    assert director.opening_state(patient).anger == director.opening_state(casting).anger


def test_a_plan_counts_its_talks() -> None:
    plan = Plan(situations=("a", "b"), styles=("x", "y", "z"), seeds=4)
    assert plan.count == 2 * 3 * 4 * 7
    assert len(plan.cells) == 6


def write(folder: Path, *lines: dict[str, Any]) -> Path:
    path = folder / "too_expensive.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return folder


def turns(level: str) -> dict[str, Any]:
    return {"level": level, "turns": [wordings("a"), wordings("b")]}


def test_a_script_is_read_whole(tmp_path: Path) -> None:
    more = {"level": "expert", "reactions": {"doubt": wordings("d")}}
    worry = {"level": "expert", "concerns": {"feng": {"怕停": wordings("w")}}}
    folder = write(tmp_path, *map(turns, scripts.LEVELS), more, worry)
    script = scripts.read(folder, ["too_expensive"])["too_expensive"]
    assert script.turns["rude"] == (wordings("a"), wordings("b"))
    assert script.reactions == {"doubt": wordings("d")}
    assert script.concerns == {"feng": {"怕停": wordings("w")}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"level": "guru", "turns": [wordings("a"), wordings("b")]}, "level 不对：写的是 guru"),
        ({"level": "expert", "turns": [["一", "二", "三"], wordings("b")]}, "turns.0"),
        ({"level": "expert", "turn": [wordings("a")]}, "turn 不对"),
        ({"level": "expert"}, "只能有一样"),
        ({"level": "expert", "turns": [wordings("a"), wordings("b")], "reactions": {}}, "只能有一样"),
    ],
)
def test_a_bad_line_is_told_with_its_place(line: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told) as failed:
        scripts.read(write(tmp_path, turns("average"), line), ["too_expensive"])
    assert "too_expensive.jsonl:2: " in str(failed.value)


def test_missing_files_and_levels_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no_need"):
        scripts.read(write(tmp_path, turns("expert")), ["too_expensive", "no_need"])
    with pytest.raises(InputError, match="缺少 turns：average、rude"):
        scripts.read(tmp_path, ["too_expensive"])


def test_the_shipped_scripts_answer_all_that_the_first_person_may_bring_up() -> None:
    content = wiring.open_catalog(None).content
    situations = [p.stem for p in sorted(scripts.HERE.glob("*.jsonl"))]
    assert len(situations) == 12
    for name, script in scripts.read(scripts.HERE, situations).items():
        situation, person = content.situation(name), content.first_persona(name)
        worries = {c.short for c in (person.concern, *person.other_concerns)}
        assert {o.id for o in situation.objections} <= set(script.objections["expert"]), name
        assert worries <= set(script.concerns[person.id]), name
        said_by_all = [w for level in scripts.LEVELS for turn in script.turns[level] for w in turn]
        random.Random(0).shuffle(said_by_all)
        assert len(said_by_all) == len(set(said_by_all)), name
