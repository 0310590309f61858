"""How one grade moves the customer's mind, and what the trainee is told about it."""

from __future__ import annotations

import copy
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from simulator import director
from simulator.director import Casting
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus
from simulator.domain.session import CustomerState, Dimension
from tests.director.stage import SEED, STYLES, casting, even_state, talk, talks
from tests.factories import grade_of

Talk = tuple[Casting, list[Grade], int]


def gain(style: str, grade: Grade, what: str, state: CustomerState | None = None) -> float:
    """How much `grade` adds to the value `what` of a customer of `style`."""
    before = state or even_state()
    after = director.direct(casting(style=style), before, grade, SEED).state
    return float(getattr(after, what) - getattr(before, what))


@given(talks())
@settings(max_examples=40, deadline=None)
def test_values_stay_in_bounds_and_reasons_add_up(told: Talk) -> None:
    cast, grades, seed = told
    before = director.opening_state(cast)
    for step in talk(cast, grades, seed):
        for dimension in Dimension:
            value = getattr(step.state, dimension.value)
            assert 0 <= value <= 1
            reasons = [r.amount for r in step.reasons if r.dimension is dimension]
            assert sum(reasons) == pytest.approx(value - getattr(before, dimension.value), abs=0.002)
        assert all(r.amount and re.search(r"「.+」让[他她]", r.text) for r in step.reasons)
        before = step.state


@given(talks())
@settings(max_examples=30, deadline=None)
def test_the_same_talk_takes_the_same_course_and_changes_no_argument(told: Talk) -> None:
    cast, grades, seed = told
    before, start = copy.deepcopy((cast, grades)), director.opening_state(cast)
    as_it_was = copy.deepcopy(start)
    director.direct(cast, start, grades[0], seed)
    assert start == as_it_was
    assert talk(cast, grades, seed) == talk(cast, grades, seed)
    assert (cast, grades) == before


def test_another_seed_gives_another_course_but_the_same_mind() -> None:
    grades = [grade_of("step:acknowledge"), grade_of("step:reason"), grade_of("skill:empathy")]
    courses = [talk(casting(), grades, seed) for seed in range(20)]
    assert len({tuple(s.move for s in course) for course in courses}) > 3
    assert len({(s.state.anger, s.state.trust, s.state.patience) for c in courses for s in c[-1:]}) == 1


def test_the_words_of_a_reason_say_which_way_the_value_moved() -> None:
    step = director.direct(
        casting("suspension_anger", "amiable"),
        even_state(),
        grade_of("step:apologise", "negative:argue", situation="suspension_anger"),
        SEED,
    )
    told = {(r.dimension, r.key, r.amount > 0): r.text for r in step.reasons}
    assert "消了气" in told[Dimension.ANGER, "step:suspension_anger.apologise", False]
    assert "更来火" in told[Dimension.ANGER, "negative:argue", True]
    assert "不太信你" in told[Dimension.TRUST, "negative:argue", False]


@pytest.mark.parametrize("style", STYLES)
def test_a_good_thing_done_again_earns_less(style: str) -> None:
    cast = casting("suspension_anger", style)
    sorry = grade_of("step:apologise", situation="suspension_anger")
    state = even_state(anger=0.9)
    first = director.direct(cast, state, sorry, SEED).state
    second = director.direct(cast, first, sorry, SEED).state
    assert 0 < first.anger - second.anger < (state.anger - first.anger) / 2


@pytest.mark.parametrize("style", STYLES)
def test_one_long_speech_earns_no_more_than_a_part_of_the_way(style: str) -> None:
    everything = grade_of(
        "step:acknowledge", "step:reason", "step:recalculate", "skill:empathy", "skill:evidence",
        "skill:solution", "skill:next_step", "skill:open_question", story=True, figures=("8块", "两成"),
    )  # fmt: skip
    state = even_state(anger=0.8, trust=0.2, interest=0.2)
    after = director.direct(casting(style=style), state, everything, SEED).state
    assert 0.2 < after.trust <= 0.5
    assert 0.2 < after.interest <= 0.5
    assert 0.45 <= after.anger < 0.8


def test_the_same_words_again_earn_nothing_and_cost_patience() -> None:
    good = grade_of("step:acknowledge", "step:reason")
    fresh = director.direct(casting(), even_state(), good, SEED).state
    again = director.direct(casting(), even_state(), good, SEED, repeated=True).state
    assert (again.trust, again.interest) == (0.5, 0.5)
    assert again.patience < fresh.patience
    assert again.met == ()
    assert fresh.trust > 0.5


@pytest.mark.parametrize("style", STYLES)
def test_a_kind_word_in_an_insult_earns_nothing(style: str) -> None:
    insult = grade_of(banned=("insult",))
    kind = grade_of(
        "step:acknowledge", "skill:empathy", banned=("insult",), story=True, figures=("8块", "两成")
    )
    plain, sweet = (
        director.direct(casting(style=style), even_state(), g, SEED).state for g in (insult, kind)
    )
    assert sweet.anger >= plain.anger > 0.5
    assert sweet.trust <= plain.trust < 0.5
    assert sweet.interest <= plain.interest
    assert sweet.met == ()


def test_several_banned_ids_for_one_thing_said_hurt_once() -> None:
    once, thrice = grade_of(banned=("insult",)), grade_of(banned=("insult", "insult", "impatience"))
    one, three = (director.direct(casting(), even_state(), g, SEED).state for g in (once, thrice))
    assert (one.anger, one.trust, one.patience) == (three.anger, three.trust, three.patience)
    assert three.insults == 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("category", ["brush_off", "play_down"])
def test_to_be_put_off_or_played_down_hurts_but_is_no_insult(style: str, category: str) -> None:
    cast, before = casting(style=style), even_state()
    mild, rude = (
        director.direct(cast, before, grade_of(banned=(c,)), SEED).state for c in (category, "insult")
    )
    assert mild.insults == 0 < rude.insults
    assert mild.faults == rude.faults == 1
    assert mild.trust < before.trust
    assert rude.anger > mild.anger >= before.anger


@pytest.mark.parametrize("style", STYLES)
def test_saying_nothing_costs_patience_and_earns_nothing(style: str) -> None:
    empty = grade_of(meaningful=False, length=1)
    after = director.direct(casting(style=style), even_state(), empty, SEED).state
    assert after.patience < 0.45
    assert after.trust <= 0.5
    assert after.objection.status is ConcernStatus.RAISED


# which style is moved most by what: reference.md, section 1
WINS = [
    ("analytical", "trust", grade_of("step:reason", figures=("38元/月", "8块"))),
    ("analytical", "trust", grade_of("skill:evidence")),
    ("expressive", "interest", grade_of("step:reason", story=True)),
    ("expressive", "interest", grade_of("step:reason", third_parties=("隔壁厂",))),
    ("amiable", "trust", grade_of("step:reason", small_talk=True)),
    ("amiable", "trust", grade_of("skill:empathy")),
]
LOSES = [
    ("driver", "patience", grade_of("step:reason", length=260)),
    ("driver", "patience", grade_of("step:reason", small_talk=True)),
    ("expressive", "interest", grade_of("step:reason", spec_list=True)),
    ("amiable", "trust", grade_of("negative:pressure")),
    ("amiable", "interest", grade_of("negative:pressure")),
    ("amiable", "patience", grade_of("negative:pressure")),
    ("analytical", "trust", grade_of("skill:empathy", figures=("46元/月",))),
]


def bare(grade: Grade) -> Grade:
    """The same reply without its features."""
    keys = [i.key.replace("step:too_expensive.", "step:") for i in grade.items if i.key.startswith("step:")]
    return grade_of(*keys)


@pytest.mark.parametrize(("style", "what", "grade"), WINS)
def test_what_wins_a_style_wins_it_more_than_any_other(style: str, what: str, grade: Grade) -> None:
    base = {s: gain(s, bare(grade), what) for s in STYLES}
    gains = {s: gain(s, grade, what) - base[s] for s in STYLES}
    best = gains.pop(style)
    assert best > 0
    assert best > max(gains.values())


@pytest.mark.parametrize(("style", "what", "grade"), LOSES)
def test_what_loses_a_style_loses_it_more_than_any_other(style: str, what: str, grade: Grade) -> None:
    said_before = even_state(claims=talk(casting(), [grade_of(figures=("38元/月",))])[0].state.claims)
    costs = {s: gain(s, grade, what, said_before) - gain(s, bare(grade), what) for s in STYLES}
    worst = costs.pop(style)
    assert worst < 0
    assert worst < min(costs.values())


def test_small_talk_is_welcome_to_the_amiable_and_wasted_on_the_analytical() -> None:
    chat = grade_of("step:reason", small_talk=True)
    assert gain("amiable", chat, "patience") > gain("amiable", bare(chat), "patience")
    assert gain("analytical", chat, "patience") < gain("analytical", bare(chat), "patience")


@pytest.mark.parametrize("style", STYLES)
def test_a_contradiction_is_noticed_and_costs_trust(style: str) -> None:
    cast = casting(style=style)
    first = talk(cast, [grade_of("step:reason", figures=("38元/月",))])[0].state
    prices = {p: director.direct(cast, first, grade_of("skill:greeting", figures=(p,)), SEED) for p in PRICES}
    noticed = {p: [r for r in s.reasons if r.key == "feature:contradiction"] for p, s in prices.items()}
    assert all(r.amount < 0 for r in noticed["46元/月"] if r.dimension is Dimension.TRUST)
    assert [p for p, reasons in noticed.items() if reasons] == ["46元/月"]
    assert prices["46元/月"].state.trust < prices["38元/月"].state.trust


PRICES = ("38元/月", "46元/月", "46元", "456元一年")


def test_what_the_customer_pays_today_contradicts_no_offer() -> None:
    cast = casting()
    bill = f"{cast.persona.bill.amount:g}元/月"
    first = talk(cast, [grade_of("step:reason", figures=("38元/月", bill))])[0].state
    for figures in [(bill,), ("38元/月",), (bill, "38元/月")]:
        step = director.direct(cast, first, grade_of("step:recalculate", figures=figures), SEED)
        assert "feature:contradiction" not in {r.key for r in step.reasons}


def test_every_feature_the_director_names_may_stand_in_a_style_file() -> None:
    from simulator.content.crosscheck import FEATURES
    from simulator.director import mood

    assert set(mood._FEATURE_NAMES) - {"drift"} == FEATURES


def test_a_fault_that_is_only_likely_hurts_half() -> None:
    plain = grade_of("negative:argue")
    likely = replace(plain, items=tuple(replace(i, score=0.6) for i in plain.items))

    def hurt(grade: Grade) -> float:
        step = director.direct(casting(), even_state(), grade, SEED)
        return sum(
            r.amount for r in step.reasons if r.dimension is Dimension.TRUST and r.key == "negative:argue"
        )

    assert hurt(plain) < 0
    assert hurt(likely) == pytest.approx(hurt(plain) / 2, abs=0.002)


def test_a_fault_that_is_less_than_likely_is_not_heard() -> None:
    plain = grade_of("negative:argue")
    before = even_state()

    def after(score: float) -> CustomerState:
        faint = replace(plain, items=tuple(replace(i, score=score) for i in plain.items))
        return director.direct(casting(), before, faint, SEED).state

    assert after(0.49).anger < after(0.5).anger < after(0.7).anger
    assert after(0.49).anger == director.direct(casting(), before, grade_of(), SEED).state.anger


@pytest.mark.parametrize("category", ["insult", "brush_off"])
def test_a_likely_harsh_word_beside_a_prescribed_step_is_passed_over(category: str) -> None:
    """The step makes it less likely; what is said word for word hurts beside a step as well."""

    def anger(*keys: str, sure: float) -> float:
        grade = grade_of(*keys, banned=(category,))
        grade = replace(grade, banned=tuple(replace(b, score=sure) for b in grade.banned))
        return director.direct(casting(), even_state(), grade, SEED).state.anger

    kind = director.direct(casting(), even_state(), grade_of("step:acknowledge"), SEED).state.anger
    assert anger("step:acknowledge", sure=0.89) == kind
    assert anger("step:acknowledge", sure=0.9) > kind, "said as the rubric has it"
    assert anger(sure=0.6) > anger("step:acknowledge", sure=0.89)
