"""Ears that judge a talk never learned from it; figures of sound and speech by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from eval.fidelity import ears, lines, nearness, speech, styles
from eval.fidelity.nearness import Nearness
from eval.fidelity.styles import Heard
from simulator.director import moves
from simulator.domain.persona import Line, Mood, Move
from tests.eval.made_talks import exchange, talk

STYLES = {"driver": "快点 {} 报数", "amiable": "哎呀，{}呢，不好意思呀"}
WORDS = [a + b for a in "天地山水风云日月" for b in "高低快慢红黑大小"]


def line(style: str, text: str, ident: str = "", mood: Mood = Mood.NEUTRAL, move: Move = Move.PRESS) -> Line:
    return Line(id=ident or text, style=style, move=move, mood=mood, scopes=("sales",), text=text)


def bank() -> list[Line]:
    return [line(style, frame.format(word)) for style, frame in STYLES.items() for word in WORDS]


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("每月{price}，这个价太贵了", "每月，这个价太贵了呀！", True),
        ("你们这个价钱实在是太贵了", "你们这个价钱实在是太高了", True),
        ("嗯", "嗯嗯", False),
        ("……", "……", True),
        ("{figure}块包些什么", "你把账算给我看看", False),
    ],
)
def test_nearness(a: str, b: str, alike: bool) -> None:
    assert Nearness([a]).has(b) is alike
    assert bool(nearness.pairs([a, b])) is alike


def test_pairs_agree_with_comparing_all() -> None:
    chance = random.Random(0)
    texts = ["".join(chance.choices("天地人和你我他", k=chance.randint(1, 9))) for _ in range(120)]

    def alike(a: str, b: str) -> bool:
        one, other = ears_grams(a), ears_grams(b)
        return a == b or len(one & other) / len(one | other) >= nearness.NEAR

    expected = {(i, j) for j in range(len(texts)) for i in range(j) if alike(texts[i], texts[j])}
    assert {(i, j) for i, j, _ in nearness.pairs(texts)} == expected


def ears_grams(text: str) -> set[str]:
    return {text[i : i + 5] for i in range(len(text) - 4)} or {text}


def test_apart_leaves_out_what_was_said_and_what_is_near() -> None:
    held = [
        line("driver", "你们这个价钱实在是太贵了", "a"),
        line("driver", "你们这个价钱实在是太高了", "b"),
        line("driver", "把账算给我看", "c"),
        line("driver", "说重点", "d"),
    ]
    assert [x.id for x in ears.apart(held, ["你们这个价钱实在是太贵了！"], ["d"])] == ["c"]


def test_no_ear_learns_from_what_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    held = bank()
    taught: list[set[str]] = []

    class Listening(ears.Ear):
        def __init__(self, learned: Sequence[Line], label: Callable[[Line], str]) -> None:
            taught.append({x.text for x in learned})
            super().__init__(learned, label)

    monkeypatch.setattr(styles, "Ear", Listening)
    talks = [
        talk(
            [exchange(text) for text in texts], situation=f"s{n}", style=style, opening="喂", opening_id=None
        )
        for n, word in enumerate(WORDS[:3])
        for style, frame in STYLES.items()
        for texts in [[frame.format(word), frame.format(WORDS[n + 5])]]
    ]
    heard, fewest = styles.listen(talks, held, lambda x: x.style)
    said = [{t for x in talks if x.situation == f"s{n}" for t in x.lines} for n in range(3)]
    assert not [texts & learned for texts, learned in zip(said, taught, strict=True) if texts & learned]
    assert fewest == min(map(len, taught)) == len(held) - 4
    assert [h.told() for h in heard] == [h.talk.style for h in heard]
    found = styles.styles(heard, fewest)
    assert found is not None
    assert (found.f1.value, found.chance, found.talks) == (1.0, 0.5, 6)
    assert found.confusion == {"amiable": {"amiable": 3, "driver": 0}, "driver": {"amiable": 0, "driver": 3}}


def heard(style: str, *rows: Sequence[float]) -> Heard:
    made = talk([exchange("嗯")] * (len(rows) - 1), style=style)
    return Heard(talk=made, labels=("amiable", "driver"), chances=np.array(rows))


def test_a_talk_is_told_by_all_its_lines_together() -> None:
    one = heard("driver", [0.6, 0.4], [0.6, 0.4], [0.01, 0.99])
    assert one.each() == ["amiable", "amiable", "driver"]
    assert (one.told(1), one.told(2), one.told()) == ("amiable", "amiable", "driver")


def test_macro_f1_by_hand() -> None:
    assert styles.macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert styles.macro_f1(["a", "b"], ["b", "a"]) == 0.0


def test_random_ears_get_what_guessing_gets() -> None:
    chance = np.random.default_rng(0)
    talks = [heard(("amiable", "driver")[n % 2], chance.dirichlet([1, 1])) for n in range(400)]
    found = styles.styles(talks, 0)
    assert found is not None
    assert abs(found.f1.value - found.chance) < 0.1
    assert found.f1.low <= found.f1.value <= found.f1.high


def test_styles_that_were_not_played_have_a_column_too() -> None:
    labels = ("amiable", "analytical", "driver", "expressive")
    rows = {"amiable": [0.7, 0.1, 0.1, 0.1], "driver": [0.1, 0.7, 0.1, 0.1]}
    talks = [
        Heard(talk=talk([], style=style), labels=labels, chances=np.array([row]))
        for style, row in rows.items()
    ]
    found = styles.styles(talks, 0)
    assert found is not None
    assert (found.labels, found.chance) == (labels, 0.25)
    assert {name: tuple(row) for name, row in found.confusion.items()} == dict.fromkeys(rows, labels)
    assert found.confusion["driver"]["analytical"] == 1


def test_feeling_is_the_rank_correlation_of_anger_and_sound() -> None:
    def follows(sign: int) -> Heard:
        made = talk([exchange("嗯", anger=a) for a in (0.1, 0.4, 0.8)])
        up = [[0.1, 0.5, 0.4], [0.3, 0.4, 0.3], [0.7, 0.2, 0.1]][::sign]
        return Heard(talk=made, labels=("upset", "neutral", "warm"), chances=np.array([[1.0, 0, 0], *up]))

    assert styles.feeling([follows(1)]).correlation == pytest.approx(1.0)
    assert styles.feeling([follows(-1)]).correlation == pytest.approx(-1.0)
    assert styles.feeling([]).correlation is None


def test_speech_by_hand() -> None:
    found = speech.speech(["好 不好？", "不要"])
    assert found is not None
    assert (found.lines, found.mean, found.questions) == (2, 3.0, 0.5)
    assert found.distinct["2"] == 1.0
    assert found.distinct["1"] == pytest.approx(5 / 7)
    assert speech.speech([]) is None


def test_decay_counts_each_turn_apart() -> None:
    long = talk(
        [
            exchange("你算给我看"),
            exchange("你算给我看", line_id="form:press"),
            exchange("嗯", rejected=("出戏",)),
        ]
    )
    rows = speech.decay([long], {long.id: [True, True, False, True]})
    assert [(r.turn, r.style, r.refused, r.repeated) for r in rows] == [
        (1, 1, 0, 0),
        (2, 0, 1, 1),
        (3, 1, 1, 0),
    ]


def test_lines_seen_in_other_talks() -> None:
    talks = [talk([exchange("一样")], opening="甲"), talk([exchange("一样")], opening="乙", seed=1)]
    assert speech.seen_elsewhere(talks) == 0.5


def test_speed_is_of_what_the_model_itself_spoke() -> None:
    own = exchange("四个字呀", seconds=2.0, source="model", first=0.5, tokens=6)
    given = exchange("台词库说的", seconds=0.0)
    found = speech.speed([talk([own, given, given])])
    assert found is not None
    assert (found.lines, found.median, found.characters_per_second) == (1, 2.0, 2.0)
    assert (found.first, found.tokens_per_second) == (0.5, 3.0)
    silent = speech.speed([talk([exchange("四个字呀", seconds=2.0, source="model")])])
    assert silent is not None
    assert (silent.first, silent.tokens_per_second) == (None, None)
    assert speech.own_words([talk([own, given, given])]) == pytest.approx(1 / 3)
    assert speech.speed([talk([given])]) is None
    assert speech.own_words([talk([given])]) == 0.0
    assert speech.own_words([talk()]) is None


def test_a_line_of_the_wrong_style_is_doubtful() -> None:
    held = bank()
    wrong = line("driver", STYLES["amiable"].format("海阔"))
    found = lines.doubtful([*held, wrong])
    assert [d.line for d in found] == [wrong]
    assert found[0].told == "amiable"


def test_lines_that_do_what_their_move_does_not() -> None:
    assert lines.misplaced(line("driver", "行，就按你说的办", move=Move.ACCEPT)) is None
    told = lines.misplaced(line("driver", "行，就按你说的办"))
    assert told is not None
    assert told.startswith("像是让步")
    assert lines.misplaced(line("driver", "我认识三百多号人")) == "写死的数字：三百"
    assert lines.misplaced(line("driver", "每月{price}太贵")) is None


def test_moods_of_moves_are_the_directors() -> None:
    assert lines.MOODS == moves._MOODS
