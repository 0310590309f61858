"""A planted breach of every kind is found, and its harmless neighbour is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.fidelity import breaches as faults
from eval.fidelity.breaches import Kind, Known
from eval.fidelity.talks import Exchange, Talk
from simulator.actor.meaning import Act
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Move
from simulator.domain.session import Outcome
from tests.eval.made_talks import exchange, talk

SHORT = "先低后高往后偷着涨价"


@pytest.fixture(scope="module")
def content() -> Content:
    return wiring.open_catalog(None).content


@pytest.fixture(scope="module")
def known(content: Content) -> Known:
    person = content.persona("feng_dakui")
    person = replace(person, concern=faults.worry(person, SHORT))
    return faults.known_of(content, person, content.situation("too_expensive"))


def kinds(made: Talk, known: Known, *acts: Act) -> list[Kind]:
    return [b.kind for b in faults.breaches(made, known, lambda _: frozenset(acts))]


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (exchange("行，就按你说的办"), Kind.UNEARNED_TEXT),
        (exchange("行吧那我回去看看再说", Move.CONCEDE), Kind.UNEARNED_STATE),
        (exchange("好，那就这么办", Move.ACCEPT, advanced=True), Kind.UNEARNED_STATE),
        (exchange("作为一个AI语言模型，我不能生气"), Kind.ROLE),
        (exchange("你应该先向我表示一下歉意"), Kind.COACHING),
        (exchange("我就怕先低后高，往后偷着涨价"), Kind.LEAK),
        (exchange("锁价的话，有没有白纸黑字"), Kind.LEAK),
        (exchange("别家只要八百五十块"), Kind.CONTRADICTION),
        (exchange("我姓王，你记错了"), Kind.CONTRADICTION),
        (exchange("我叫王大奎，你记错了"), Kind.CONTRADICTION),
        (exchange("我们震山工程机械租赁有限公司不要"), Kind.CONTRADICTION),
        (exchange("老娘不伺候了"), Kind.CONTRADICTION),
        (exchange("太贵了呀"), Kind.REPEAT),
        (exchange("不说了，改天聊，再见"), Kind.ENDING),
    ],
)
def test_a_planted_breach_is_found(planted: Exchange, kind: Kind, known: Known) -> None:
    assert kinds(talk([planted]), known) == [kind]


@pytest.mark.parametrize(
    "harmless",
    [
        exchange("我凭什么答应你"),
        exchange("行，就按你说的办", Move.ACCEPT, won=True, advanced=True),
        exchange("好，我先看看资料", Move.CONCEDE, advanced=True),
        exchange("我就怕先低后高，往后偷着涨价", Move.REVEAL, concern=ConcernStatus.RAISED),
        exchange("我现在才一千二，凭啥给你两千六"),
        exchange("你说三十五块，三十五块包什么", reply="一个月三十五块。"),
        exchange("我姓冯，不姓张"),
        exchange("材料放桌上，要用我叫人找你。"),
        exchange("头回见面你就这么懂我们"),
        exchange("给我三天，两句话说清楚"),
    ],
)
def test_a_harmless_neighbour_is_not(harmless: Exchange, known: Known) -> None:
    assert kinds(talk([harmless]), known) == []


def test_nothing_is_due_to_those_who_earn_nothing(known: Known) -> None:
    given = exchange("行，就这么办", Move.ACCEPT, won=True, advanced=True)
    assert kinds(talk([given], trainee="rude", outcome=Outcome.WON), known) == [Kind.UNEARNED_STATE] * 2


def test_what_was_said_openly_gives_nothing_away(known: Known) -> None:
    line = exchange("锁价，白纸黑字，你再讲一遍", reply="合同期内锁价，白纸黑字。")
    assert kinds(talk([line]), known) == []


def test_a_model_is_also_heard_by_the_learned_ear(known: Known) -> None:
    line = exchange("妥妥的嘞", source="model")
    assert kinds(talk([line]), known, Act.GIVES) == [Kind.UNEARNED_TEXT]
    assert kinds(talk([replace(line, source="bank")]), known, Act.GIVES) == []


def test_openings_are_judged_too(known: Known) -> None:
    assert kinds(talk(opening="我就怕先低后高往后偷着涨价"), known) == [Kind.LEAK]


def test_endings(known: Known) -> None:
    accept = exchange("行，就按你说的办", Move.ACCEPT, won=True, advanced=True)
    bye, more = exchange("再见", Move.FAREWELL), exchange("对了，还有一句要问你")
    good = talk([accept, bye], outcome=Outcome.WON)
    assert kinds(good, known) == []
    assert kinds(talk([accept, more, bye], outcome=Outcome.WON), known) == [Kind.ENDING]
    assert kinds(talk([accept, bye, more], outcome=Outcome.WON), known) == [Kind.ENDING]
    twice = talk([accept, bye, exchange("那先这样吧", Move.FAREWELL)], outcome=Outcome.WON)
    assert set(kinds(twice, known)) == {Kind.ENDING}
    insulted = talk([accept, exchange("不谈了", Move.LEAVE)], outcome=Outcome.LOST)
    assert kinds(insulted, known) == []


def test_an_unknown_worry_is_refused(content: Content) -> None:
    with pytest.raises(ValueError, match="no worry"):
        faults.worry(content.persona("feng_dakui"), "没有的事")
