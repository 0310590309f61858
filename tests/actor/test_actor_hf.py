"""A local model: streaming, ends, deadline, and caches that change nothing but the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from simulator.actor.asking import Asker
from simulator.actor.models.decode import Decoder, Sampling, common_prefix
from simulator.actor.models.hf import HfChatModel, _end
from simulator.errors import ModelError
from tests.actor.tiny import make_tiny

GREEDY = Sampling(temperature=0.0, max_new_tokens=24)


@pytest.fixture(scope="module")
def chat(tiny: Path) -> HfChatModel:
    return HfChatModel.load(str(tiny), max_new_tokens=24)


def float32_model(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype="float32", local_files_only=True).eval()


def turns(count: int, opening: str = "太贵了") -> list[BaseMessage]:
    """The prompt of a talk's `count`th reply: a note at the end that the next prompt does not hold."""
    talk: list[BaseMessage] = [SystemMessage("你是一个客户，" * 30), HumanMessage("（对方走过来）")]
    for n in range(count):
        talk += [AIMessage(opening if n == 0 else f"不在我这{n}"), HumanMessage(f"您好，我说{n}个")]
    talk[-1] = HumanMessage(f"{talk[-1].text}\n\n【导演提示】这一句{count}")
    return talk


def test_streams_what_it_generates(chat: HfChatModel) -> None:
    pieces = [str(c.text) for c in chat.stream(turns(1))]
    assert len([p for p in pieces if p]) > 1
    assert "".join(pieces) == chat.invoke(turns(1)).text  # the same prompt and seed


def test_tells_the_tokens_read_and_drawn(chat: HfChatModel) -> None:
    pieces = list(chat.stream(turns(1)))
    drawn = sum(p.usage_metadata["output_tokens"] for p in pieces if p.usage_metadata)
    whole = chat.invoke(turns(1))
    assert whole.usage_metadata is not None
    assert 0 < drawn == whole.usage_metadata["output_tokens"] <= 24
    assert whole.usage_metadata["input_tokens"] > 24
    heard = Asker(chat).hear(turns(1), 30.0)
    assert (heard.tokens, heard.text) == (drawn, whole.text)


def test_seeds_differ(tiny: Path, chat: HfChatModel) -> None:
    other = HfChatModel.load(str(tiny), seed=5, max_new_tokens=24)
    assert other.invoke(turns(1)).text != chat.invoke(turns(1)).text


def test_kept_caches_equal_recomputation(tiny: Path, chat: HfChatModel) -> None:
    model = float32_model(tiny)
    keeping = Decoder(model, frozenset({2}))
    prompts = [
        ("a", turns(1)),
        ("a", turns(2)),
        ("b", turns(1, "别烦我")),
        ("a", turns(3)),
        ("b", turns(2, "别烦我")),
    ]
    prompts += [("a", turns(3)), ("c", turns(6)), ("a", turns(4))]
    reused = []
    for talk, prompt in prompts:
        ids = chat._tokenizer(chat._prompt(prompt), add_special_tokens=False)["input_ids"]
        kept = list(keeping.tokens(ids, talk, GREEDY))
        fresh = list(Decoder(model, frozenset({2})).tokens(ids, talk, GREEDY))
        assert kept == fresh
        assert len(kept) == 24
        reused.append(keeping.reused)
    assert reused[0] == 0
    assert all(n > 200 for n in reused[1:])


def test_an_answer_broken_off_leaves_the_cache_sound(tiny: Path, chat: HfChatModel) -> None:
    model = float32_model(tiny)
    keeping = Decoder(model, frozenset({2}))
    ids = chat._tokenizer(chat._prompt(turns(2)), add_special_tokens=False)["input_ids"]
    broken = keeping.tokens(ids, "a", GREEDY)
    next(broken)
    broken.close()
    with pytest.raises(ModelError):
        list(keeping.tokens(ids, "a", Sampling(seconds=-1.0)))
    assert list(keeping.tokens(ids, "a", GREEDY)) == list(
        Decoder(model, frozenset()).tokens(ids, "a", GREEDY)
    )


def test_second_turn_computes_only_what_is_new(tiny: Path) -> None:
    chat = HfChatModel.load(str(tiny), max_new_tokens=8)
    chat.invoke(turns(1))
    chat.invoke(turns(2))
    first, second = (chat._prompt(turns(n)) for n in (1, 2))
    ids = [chat._tokenizer(p, add_special_tokens=False)["input_ids"] for p in (first, second)]
    assert chat.reused == common_prefix(*ids) > 200


def test_the_deadline_holds(tiny: Path) -> None:
    slow = HfChatModel.load(str(tiny), deadline=0.0)
    with pytest.raises(ModelError, match="超时"):
        slow.invoke(turns(1))


def test_a_talk_that_does_not_fit_is_told(chat: HfChatModel) -> None:
    with pytest.raises(ModelError, match="太长"):
        chat.invoke([HumanMessage("你" * 9000)])


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("太贵\n还有", 2),
        ("\n\n太贵", None),
        ("\n太贵\n", 3),
        ("<think>\n想\n</think>\n太贵\n还", 21),
        ("<think>\n想", None),
        ("太贵", None),
        ("太贵。停。再", 3),
    ],
)
def test_where_an_answer_ends(text: str, end: int | None) -> None:
    found = _end(text, ["停"])
    assert found == end


def test_an_answer_beside_the_talk_may_have_several_lines() -> None:
    assert _end("1: 是\n2: 否\n", [], one_line=False) is None
    assert _end("1: 是\n停", ["停"], one_line=False) == 5


def test_a_template_without_system_role(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    folder = make_tiny(tmp_path / "m", "你好我", template=template)
    chat = HfChatModel.load(str(folder), max_new_tokens=4)
    prompt = chat._prompt([SystemMessage("规矩"), HumanMessage("（电话接通）"), AIMessage("喂")])
    assert "user\n规矩\n\n（电话接通）" in prompt
    assert chat.invoke([SystemMessage("规矩"), HumanMessage("好")]).text


def test_thinking_is_switched_off_where_the_template_knows_how(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}{{ m.content }}{% endfor %}{% if enable_thinking is false %}不想{% endif %}"
    )
    chat = HfChatModel.load(str(make_tiny(tmp_path / "m", "你好", template=template)), max_new_tokens=4)
    assert chat._prompt([HumanMessage("好")]) == "好不想"
