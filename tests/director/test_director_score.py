"""The score of a session, and what makes a customer harder: level of difficulty, the person's own ways."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from simulator import director
from simulator.director import Casting, session_score
from simulator.domain.grade import Grade
from simulator.domain.persona import Condition, Delta, Difficulty, Persona
from simulator.domain.session import Outcome
from tests.director.stage import SEED, casting, even_state, good_talk, shipped, talk, talks
from tests.factories import grade_of

SKILLS = ("empathy", "evidence", "solution", "next_step", "ask_agreement", "restate")
STEPS = [grade_of("step:acknowledge"), grade_of("step:reason"), grade_of("step:recalculate")]


def score(*grades: Grade, situation: str = "too_expensive") -> float:
    return session_score(shipped().rubric("service@1"), situation, grades)


def thinking(*keys: str) -> Grade:
    return grade_of(*keys, situation="think_about_it")


@given(talks())
@settings(max_examples=40, deadline=None)
def test_a_score_lies_between_0_and_100(told: tuple[Casting, list[Grade], int]) -> None:
    cast, grades, _ = told
    points = session_score(cast.rubric, cast.situation.id, grades)
    assert 0 <= points <= 100
    assert points == round(points, 1)


def harsh(grade: Grade, sure: float) -> Grade:
    return replace(grade, banned=tuple(replace(hit, score=sure) for hit in grade.banned))


INSULTING = [
    (0.98, ("step:acknowledge",), True),  # beyond doubt, whatever else is done
    (0.8, (), True),
    (0.8, ("skill:empathy",), True),
    (0.8, ("step:acknowledge",), False),  # it does what is prescribed: less sure
    (0.65, (), False),
]


@pytest.mark.parametrize(("sure", "keys", "insulting"), INSULTING)
def test_only_what_is_beyond_doubt_is_an_insult_in_the_talk_and_in_the_score(
    sure: float, keys: tuple[str, ...], insulting: bool
) -> None:
    grade = harsh(grade_of(*keys, banned=("insult",)), sure)
    assert director.direct(casting(), even_state(), grade, SEED).state.insults == insulting
    kept = 0.0 if insulting or "step:acknowledge" not in keys else score(grade_of(*keys))
    everything = score(*STEPS, grade_of("skill:evidence"))
    lost = 20.0 if insulting else 10.0
    assert score(*STEPS, grade_of("skill:evidence"), grade) == everything - lost
    assert score(grade) == max(0.0, kept - lost)


def test_everything_in_order_is_100_and_nothing_0() -> None:
    everything = [*STEPS, grade_of(*(f"skill:{s}" for s in SKILLS))]
    assert score(*everything) == 100
    assert score() == score(grade_of()) == 0


TABLE = [
    ([STEPS[0]], 23.3),
    (STEPS, 70.0),
    ([grade_of("step:acknowledge", "step:reason", "step:recalculate")], 70.0),
    ([*STEPS, STEPS[0]], 70.0),  # said again: neither more nor less
    ([STEPS[0], STEPS[2], STEPS[1]], 64.2),  # one of three comes too early: a quarter of its points
    ([STEPS[2], STEPS[1], STEPS[0]], 58.3),
    ([*STEPS, grade_of("skill:empathy", "skill:evidence")], 82.0),
    ([*STEPS, grade_of("skill:polite_address", "skill:plain_words", "skill:match_style")], 70.0),  # form
    ([*STEPS, grade_of("negative:argue")], 62.0),
    ([*STEPS, grade_of("negative:jargon")], 66.0),  # a lesser fault
    ([*STEPS, grade_of("negative:leak"), grade_of("negative:leak")], 38.0),  # each time
    ([*STEPS, grade_of(banned=("insult",))], 50.0),
    ([*STEPS, grade_of(banned=("insult", "insult"))], 50.0),  # one thing said, two ids
    ([*STEPS, grade_of(banned=("insult", "impatience"))], 30.0),
    ([grade_of(banned=("insult",))] * 9, 0.0),
]


@pytest.mark.parametrize(("grades", "points"), TABLE)
def test_points_for_steps_in_order_and_skills_less_faults(grades: list[Grade], points: float) -> None:
    assert score(*grades) == pytest.approx(points, abs=0.06)


ALTERNATIVES = [
    ([thinking("step:agree"), thinking("step:ask_criteria")], 70.0),
    ([thinking("step:agree"), thinking("step:leave_material"), thinking("step:followup")], 70.0),
    ([thinking("step:agree"), thinking("step:leave_material")], 46.7),
    ([thinking("step:agree"), thinking("step:ask_criteria"), thinking("step:leave_material")], 70.0),
    ([thinking("step:ask_criteria"), thinking("step:agree")], 61.25),
]


@pytest.mark.parametrize(("grades", "points"), ALTERNATIVES)
def test_of_alternatives_the_better_counts_and_the_other_takes_nothing_away(
    grades: list[Grade], points: float
) -> None:
    assert score(*grades, situation="think_about_it") == pytest.approx(points, abs=0.06)


PATHS = [
    (set(), ["agree", "leave_material", "followup"]),
    ({"agree", "leave_material"}, ["agree", "leave_material", "followup"]),
    ({"ask_criteria"}, ["agree", "ask_criteria"]),
    ({"ask_criteria", "leave_material"}, ["agree", "ask_criteria"]),
    ({"leave_material", "followup", "ask_criteria"}, ["agree", "leave_material", "followup"]),
]


@pytest.mark.parametrize(("done", "steps"), PATHS)
def test_the_path_holds_one_alternative(done: set[str], steps: list[str]) -> None:
    rubric = shipped().rubric("service@1")
    assert [i.id for i in director.path(rubric, "think_about_it", done)] == steps


def test_every_step_counts_where_there_is_no_choice() -> None:
    rubric = shipped().rubric("service@1")
    assert (
        tuple(i.id for i in director.path(rubric, "first_pitch", set()))
        == casting("first_pitch").situation.steps
    )


def test_a_harder_customer_starts_with_less_and_wants_more() -> None:
    easy, normal, hard = (casting(difficulty=d) for d in Difficulty)
    starts = [director.opening_state(c) for c in (easy, normal, hard)]
    assert starts[0].patience > starts[1].patience > starts[2].patience
    assert starts[0].trust > starts[1].trust > starts[2].trust
    assert easy.won.coverage < normal.won.coverage < hard.won.coverage
    assert easy.won.trust < normal.won.trust < hard.won.trust
    assert easy.advanced.coverage < normal.advanced.coverage < hard.advanced.coverage


def person(**changes: object) -> Persona:
    return replace(shipped().first_persona("too_expensive"), **changes)  # type: ignore[arg-type]


def played_by(who: Persona, difficulty: Difficulty | None = Difficulty.NORMAL) -> Casting:
    c = shipped()
    rubric = c.rubric("service@1")
    return director.cast(who, c.style("analytical"), c.situation("too_expensive"), rubric, difficulty)


def test_a_person_is_as_difficult_as_their_file_says_unless_told_otherwise() -> None:
    assert played_by(person(difficulty=Difficulty.HARD), None).difficulty is Difficulty.HARD
    assert played_by(person(difficulty=Difficulty.HARD), Difficulty.EASY).difficulty is Difficulty.EASY


def test_a_persons_own_effects_and_conditions_win_over_the_styles_and_the_situations() -> None:
    touchy = person(effects={"step:reason": Delta(trust=-0.4)})
    after = director.direct(played_by(touchy), even_state(), STEPS[1], SEED).state
    assert after.trust == pytest.approx(0.1)
    exact = played_by(person(won=Condition(steps=("recalculate",))))
    whole = good_talk(exact)
    assert talk(exact, whole)[-1].state.outcome is Outcome.WON
    last = talk(exact, [g for g in whole if "recalculate" not in g.steps])[-1].state
    assert not last.agreed
    assert last.outcome is Outcome.ADVANCED
