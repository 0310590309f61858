"""Listening while the model speaks: saves words, and decides nothing that the guard would not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.actor import guard, phrases
from simulator.actor.streaming import OTHER_SIDE, Listener, closes_unmarked_thought, opens_with_mark, settled
from simulator.content.catalog import load
from simulator.content.source import ContentSource
from simulator.domain.persona import Move
from simulator.domain.session import Direction
from tests.actor.talk import cast, make_direction

SPOKEN = ("太高。说个实在价。",)
CONTENT = load(ContentSource())
WHO = cast(CONTENT)[0]
LABELS = (WHO.name, WHO.honorific)
PIECES = [
    *(
        "太贵了",
        "还是贵，",
        "我不信。",
        "说重点",
        "两千六",
        "八百",
        "回",
        "五千七",
        "三成",
        "万",
        "，",
        "。",
        "！",
        "…",
    ),
    *(
        "客户",
        "客户：",
        WHO.name,
        "：",
        ":",
        "经理",
        "客户经理：",
        "Staff",
        WHO.honorific,
        "\n",
        "\n\n",
        "\r\n",
        " ",
    ),
    *(
        "（",
        "）",
        "(",
        ")",
        "【",
        "】",
        "[",
        "]",
        "*",
        "**",
        "_",
        "__",
        "`",
        "“",
        "”",
        '"',
        "'",
        "「",
        "」",
        "『",
    ),
    *(
        "<think>",
        "</think>",
        "<thinking>",
        "<think",
        "<|im_end|>",
        "<|im_start|>",
        "assistant",
        "assist",
        "ant",
    ),
    *(
        "Assistant",
        "<s>",
        "</s>",
        "[INST]",
        "[/INST]",
        "<",
        "|>",
        "<|",
        "1. ",
        "12、 ",
        "1",
        "- ",
        "# ",
        "> ",
        "{",
        "}",
    ),
    *(
        "啊啊啊",
        "嗯",
        "作为一个AI语言模型",
        "我是人工智能",
        "客服",
        "您应该先道歉",
        "建议你",
        "们公司",
        "台词",
        "呢",
    ),
    *(
        "说得很好",
        "听",
        "hello ",
        "I cannot ",
        "说断就断",
        "花了大钱",
        "稳定",
        "抢修几小时",
        "？",
        "\u2028",
        "\x0b",
    ),
    *(
        "你当我开银行的，翻一倍还多啊这个价我真的不行",
        "我现在一千二百块",
        "的一是了我不在人有这来他上个们到说时大地为子中",
    ),
]
QUIET_PIECES = [
    *(
        "嗯",
        "嗯。",
        "……",
        "…",
        "哦",
        "啊",
        "。",
        "，",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "assistant",
        "assist",
        "ant",
        "客户：",
        "客户",
    ),
    *(
        "**",
        "*",
        "- ",
        "# ",
        "1. ",
        "“",
        "”",
        "'",
        "【思考】",
        "【思",
        "考",
        "】",
        "[思考",
        "【回复】",
        "（",
        "）",
        "|>",
    ),
    *(
        "<think>",
        "</think>",
        "<|im_end|>",
        "</s>",
        "[INST]",
        "[/IN",
        "ST]",
        "<",
        "太贵",
        "客户经理：",
        f"{WHO.name}：",
        "a",
    ),
]
QUIET_TEXTS = st.lists(st.sampled_from(QUIET_PIECES), max_size=9).map("".join)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=16).map("".join)


def listener(direction: Direction, *, marked: bool) -> Listener:
    return Listener(lambda b: guard.unmendable(b, direction, WHO, SPOKEN), LABELS, marked=marked)


def listened(text: str, steps: list[int], direction: Direction, *, marked: bool) -> tuple[str | None, str]:
    """What is accepted of `text`, streamed in `steps`, and how much of it was heard."""
    ears, at, turn = listener(direction, marked=marked), 0, 0
    while at < len(text):
        at, turn = at + steps[turn % len(steps)], turn + 1
        if ears.enough(text[:at]):
            break
    heard = text[:at]
    line = ears.line(heard)
    good = ears.refused is None and guard.refusal(line, direction, WHO, SPOKEN) is None
    return line if good else None, heard


def judged(text: str, direction: Direction, *, marked: bool) -> str | None:
    """What is accepted of the whole `text`."""
    line = guard.clean(text, LABELS, marked=marked)
    return line if guard.refusal(line, direction, WHO, SPOKEN) is None else None


@settings(max_examples=1500, deadline=None)
@given(text=TEXTS, steps=st.lists(st.integers(1, 9), min_size=1, max_size=5), marked=st.booleans())
def test_accepts_what_the_guard_accepts_of_the_whole(text: str, steps: list[int], marked: bool) -> None:
    direction = make_direction()
    accepted, _ = listened(text, steps, direction, marked=marked)
    assert accepted == judged(text, direction, marked=marked)


@settings(max_examples=1500, deadline=None)
@given(text=QUIET_TEXTS, steps=st.lists(st.integers(1, 3), min_size=1, max_size=5), marked=st.booleans())
@example(text="……\r\n- '嗯【思考】", steps=[1], marked=True)
@example(text="……<|im_end|>…\n【思考】", steps=[1], marked=True)
def test_the_same_of_one_who_says_next_to_nothing(text: str, steps: list[int], marked: bool) -> None:
    direction = make_direction(move=Move.GO_QUIET)
    accepted, _ = listened(text, steps, direction, marked=marked)
    assert accepted == judged(text, direction, marked=marked)


@settings(max_examples=500, deadline=None)
@given(text=TEXTS, steps=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_the_same_after_a_thought_without_a_beginning(text: str, steps: list[int]) -> None:
    direction, answer = make_direction(), f"他在绕</think>{text}"
    assert listened(answer, steps, direction, marked=False)[0] == judged(answer, direction, marked=False)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("价钱高得离谱" * 40, "太长"),
        ("I am afraid that this price is far beyond what our factory can afford. " * 4, "不是中文"),
        ("作为一个AI语言模型，我不能扮演客户，但我可以帮助您" * 4, "不像客户"),
        ("你应该先道歉，然后再说价格的事情，这样我会比较容易接受" * 4, "教对方"),
        ("我就怕花了大钱还是说断就断，你明白不明白我的意思啊" * 4, "心事"),
        ("人家隔壁才报一千九，你这个价钱我真是没有办法接受的" * 4, "编了数字"),
        ("客户经理：您好，这个价格包含安装和维护" * 4, OTHER_SIDE),
        ("<think>\n他在绕\n</think>\n" + "价钱高得离谱" * 40, "太长"),
    ],
)
def test_what_cannot_be_mended_is_broken_off(answer: str, reason: str) -> None:
    direction = make_direction()
    ears = listener(direction, marked=True)
    at = next(n for n in range(1, len(answer) + 1) if ears.enough(answer[:n]))
    assert at < len(answer) * 0.75
    assert reason in str(ears.refused)


@pytest.mark.parametrize(
    "answer",
    ["好，就这么定", "我要投诉你", "我走了", "我走了才怪，你先说清楚这价钱怎么来的，别想这么打发我走人"],
)
def test_what_later_words_may_take_back_waits_for_the_end(answer: str) -> None:
    ears = listener(make_direction(), marked=True)
    assert not any(ears.enough(answer[:n]) for n in range(1, len(answer) + 1))


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("还是贵\n客户经理：您看", "还是贵"),
        ("还是贵<|im_end|>\n<|im_start|>user", "还是贵"),
        ("还是贵客户经理：您看", "还是贵"),
        ("客户：“还是贵。”\n\n（说明：……）", "还是贵。"),
    ],
)
def test_a_complete_line_ends_the_listening(answer: str, line: str) -> None:
    ears = listener(make_direction(), marked=True)
    at = next(n for n in range(1, len(answer) + 1) if ears.enough(answer[:n]))
    assert at < len(answer)
    assert (ears.line(answer[:at]), ears.refused) == (line, None)


def test_nothing_is_sure_while_a_thought_may_be_unmarked() -> None:
    long = "价钱高得离谱" * 40
    assert settled(long, LABELS).beginning == ""
    assert settled(f"{long}</think>{long}", LABELS).beginning != ""
    assert closes_unmarked_thought("想好了</think>贵")
    assert not closes_unmarked_thought("<think>想好了</think>贵")


def test_what_opens_a_thought() -> None:
    assert opens_with_mark("\n<Think>他在绕")
    assert not opens_with_mark("他在绕，要不要写<think>呢")


def _widths(pattern: Any) -> list[int]:
    """How far each look ahead in a parsed pattern looks; 99 for an end of text."""
    found: list[int] = []
    for op, given_ in pattern:
        name = str(op)
        if name in ("ASSERT", "ASSERT_NOT"):
            found += [99 if given_[0] < 0 else given_[1].getwidth()[1]]
        elif name == "AT":
            found += [99]
        elif isinstance(given_, tuple):
            found += [w for part in given_ for w in _nested(part)]
    return found


def _nested(part: Any) -> list[int]:
    if isinstance(part, list):
        return [w for one in part for w in _nested(one)]
    return _widths(part) if type(part).__name__ == "SubPattern" else []


@pytest.mark.parametrize("wording", [phrases.ROLE_BREAK, phrases.COACHING])
def test_no_wording_looks_further_ahead_than_is_waited_for(wording: re.Pattern[str]) -> None:
    from re import _parser  # type: ignore[attr-defined]

    widths = _widths(_parser.parse(wording.pattern, wording.flags))
    assert widths
    assert max(widths) <= phrases.LOOKAHEAD
