"""What a reply is heard to speak of, and the polite sentences in which nothing of the kind is said."""

from __future__ import annotations

import pytest

from simulator.language.features import asks_for_fact, asks_openly
from simulator.language.mentions import mentions

SPOKEN_OF = [
    ("真对不住您", {"apology"}),
    ("我们这边网络挺稳定的", {"advantage"}),
    ("周三我上门给您演示", {"offer"}),
    ("我帮您申请减免", {"offer"}),
    ("隔壁那家酒店也在用", {"others"}),
    ("清单我截图给您", {"material"}),
    ("我们尽快反映上去", {"delay"}),
    ("您自己打10086吧", {"delay"}),
]
NOTHING_OF_THE_KIND = [
    "您现在用的什么套餐？",
    "您办理的是哪个业务",
    "您现在方便接电话吗？",
    "不便宜，我跟您说实话",
    "质量不好是我们的问题",
    "您隔壁那家店用的什么",
    "随时给我打电话",
    "您以后有什么打算？",
    "感谢您耐心听完",
    "您能再说一遍吗？",
    "您慢慢想，没问题",
    "您觉得我们便宜？",
    "您几号让我们上门演示？",
    "这个我没办法给您退",
    "我们不能给您退",
    "这个不太稳定",
    "没有别的单位用",
    "我给您介绍过了",
]


@pytest.mark.parametrize(("text", "expected"), SPOKEN_OF)
def test_what_is_spoken_of(text: str, expected: set[str]) -> None:
    assert set(mentions(text)) == expected


@pytest.mark.parametrize("text", NOTHING_OF_THE_KIND)
def test_what_is_only_asked_or_polite_is_not_spoken_of(text: str) -> None:
    assert mentions(text) == ()


@pytest.mark.parametrize(
    "question",
    [
        "您是不是欠费了",
        "您有没有看到短信提醒",
        "您看看话费余额够吗？",
        "您家信号好吗？",
        "哪一步最头疼",
        "用了多少？",
    ],
)
def test_what_a_fact_would_answer(question: str) -> None:
    assert asks_for_fact(question)


@pytest.mark.parametrize(
    "question",
    [
        "您看行吗",
        "这样安排好吗？",
        "我周三过去方便吗？",
        "您看这样够不够",
        "我听着呢",
        "谁都想省钱",
        "成不成？",
    ],
)
def test_what_only_asks_for_consent_or_asks_nothing(question: str) -> None:
    assert not asks_for_fact(question)


@pytest.mark.parametrize(
    "question", ["您平时怎么用？", "哪一步最头疼？", "一个月打多少电话？", "您最看重哪几样？"]
)
def test_what_asks_for_more_than_a_yes(question: str) -> None:
    assert asks_openly(question)


@pytest.mark.parametrize(
    "question",
    [
        "这几天您在家吗？",
        "我简单说几句可以吗？",
        "谁都想省钱对吧？",
        "哪怕先试一个月？",
        "怎么可能？",
        "您看怎么样？",
        "您平时怎么用",
    ],
)
def test_what_asks_for_no_more_than_a_yes(question: str) -> None:
    assert not asks_openly(question)
