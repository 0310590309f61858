"""This product's own prompt in the chat templates of the models that people will use, and in unusual ones."""

from __future__ import annotations

import itertools
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from transformers.utils import chat_template_utils

from simulator.actor.models import template
from simulator.actor.models.decode import common_prefix
from simulator.actor.models.hf import HfChatModel, _end
from simulator.actor.prompt import messages
from simulator.content.contents import Content
from simulator.errors import ModelError
from tests.actor.talk import cast, make_direction
from tests.actor.tiny import make_tiny

HERE = Path(__file__).parent / "templates"
REPLIES = (
    "厂长您好，我是移动的小刘，想跟您聊聊专线。",
    "两千六里头含一条备用线路，主线断了自己切过去。",
    "断网四小时内有人到场，写进合同。",
    "周三上午我带工程师过去看看现场，您看行吗？",
)
LINES = ("翻一倍还多，你当我开银行的？", "备用的谁见过", "四小时？说得轻巧", "看完了呢")
CHATML = (r"<\|im_start\|>(\w+)\n", "<|im_start|>assistant\n")
GLM = (r"<\|(system|user|assistant)\|>\n", "<|assistant|>")
LLAMA = (
    r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n",
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
)
GEMMA = (r"<start_of_turn>(\w+)\n", "<start_of_turn>model\n")
NO_THOUGHT = "<think>\n\n</think>\n\n"

# template: (what opens a role, what the prompt ends with)
KNOWN = {
    "qwen25": (CHATML[0], CHATML[1]),
    "qwen3": (CHATML[0], CHATML[1] + NO_THOUGHT),
    "glm4": (GLM[0], GLM[1]),
    "glm45": (GLM[0], GLM[1] + "\n<think></think>"),
    "glm_z1": (GLM[0], GLM[1] + "\n" + NO_THOUGHT),
    "llama3": LLAMA,
    "dated": CHATML,
    "alternating": GEMMA,
    "parts": CHATML,
    "deaf": CHATML,
}
MERGED = {"alternating", "deaf"}  # templates that get the system text in the first message


def talk(content: Content, turn: int, refused: tuple[str, ...] = ()) -> list[BaseMessage]:
    """The prompt of the `turn`th reply, from 1."""
    direction = make_direction(reply=REPLIES[turn - 1], turn=turn, spoken=LINES[:turn])
    history = [("customer", LINES[0])]
    for reply, line in zip(REPLIES[: turn - 1], LINES[1:], strict=False):
        history += [("trainee", reply), ("customer", line)]
    return messages(content, *cast(content), tuple(history), direction, refused=refused)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory, content: Content) -> Any:
    """One that knows the prompt's characters; tests give it their templates."""
    from transformers import AutoTokenizer

    text = "".join(str(m.text) for turn in (1, 2, 3, 4) for m in talk(content, turn))
    marks = [chr(c) for c in range(32, 127)] + ["\n"]
    folder = make_tiny(tmp_path_factory.mktemp("templates") / "m", text + "".join(marks))
    loaded = AutoTokenizer.from_pretrained(folder)
    loaded.bos_token = "<|endoftext|>"
    return loaded


def render(tokenizer: Any, name: str, prompt: list[BaseMessage]) -> str:
    tokenizer.chat_template = (HERE / f"{name}.jinja").read_text(encoding="utf-8")
    return template.written(tokenizer, prompt, name)


@pytest.mark.parametrize("name", KNOWN)
def test_every_message_stands_once_in_its_role_and_in_order(
    tokenizer: Any, content: Content, name: str
) -> None:
    opens, ends = KNOWN[name]
    prompt = talk(content, 3)
    text = render(tokenizer, name, prompt)
    assert text.endswith(ends)
    heads = list(re.finditer(opens, text.removesuffix(ends)))
    names = {"model": "assistant"}
    roles = [names.get(found.group(1), found.group(1)) for found in heads]
    wanted = ["system", *("user", "assistant") * 3, "user"]
    assert roles == (wanted[1:] if name in MERGED else wanted)
    at = 0
    for message in prompt:
        words = str(message.text).strip()
        assert words in text[at:]
        at = text.index(words, at) + len(words)
    system = str(prompt[0].text).strip()
    assert text.count(system) == 1
    bodies = [text[a.end() : b.start()] for a, b in itertools.pairwise(heads)]
    assert system in bodies[0]
    assert not any(str(m.text) in bodies[0] for m in prompt[2:])


@pytest.mark.parametrize("name", KNOWN)
def test_the_next_prompt_begins_with_this_one_up_to_the_last_message(
    tokenizer: Any, content: Content, name: str
) -> None:
    """What the kept caches live on: in the text and in its tokens, the trainee's reply included."""
    texts = [render(tokenizer, name, talk(content, turn)) for turn in (1, 2, 3, 4)]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    for turn in (1, 2, 3):
        reply = REPLIES[turn - 1]
        fixed = texts[turn - 1][: texts[turn - 1].index(reply) + len(reply)]
        assert texts[turn].startswith(fixed)
        tokens = tokenizer(fixed, add_special_tokens=False)["input_ids"]
        assert common_prefix(ids[turn - 1], ids[turn]) >= len(tokens) > 500


@pytest.mark.parametrize("name", KNOWN)
def test_a_second_attempt_changes_the_last_message_only(tokenizer: Any, content: Content, name: str) -> None:
    first, second = (render(tokenizer, name, talk(content, 2, refused)) for refused in ((), ("太长",)))
    assert first != second
    reply = REPLIES[1]
    assert first[: first.index(reply)] == second[: second.index(reply)]


@pytest.mark.parametrize("name", ["llama3", "dated"])
def test_the_date_stands_still(
    tokenizer: Any, content: Content, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same talk is the same prompt tomorrow: its cache stays good and its seed draws the same."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Later:
            return cls(2031, 3, 5)

    today = render(tokenizer, name, talk(content, 1))
    monkeypatch.setattr(chat_template_utils, "datetime", Later)
    assert render(tokenizer, name, talk(content, 1)) == today
    left_alone = tokenizer.apply_chat_template(
        [{"role": "system", "content": "规矩"}, {"role": "user", "content": "喂"}], tokenize=False
    )
    assert "2031" in left_alone  # the template would have told the day
    assert "2031" not in today


def test_thoughts_in_the_history_do_not_move_the_prefix(tokenizer: Any) -> None:
    """Qwen3 drops the thoughts of earlier answers: with none in the history there is nothing to drop."""
    tokenizer.chat_template = (HERE / "qwen3.jinja").read_text(encoding="utf-8")
    turns = [HumanMessage("喂"), AIMessage("太贵"), HumanMessage("那您说多少")]
    assert template.written(tokenizer, turns, "qwen3").count("<think>") == 1


def test_a_template_that_takes_the_talk_in_no_way_is_an_error(tokenizer: Any) -> None:
    turns = [SystemMessage("规矩"), HumanMessage("喂")]
    tokenizer.chat_template = "{{ messages[-1].role }}"
    with pytest.raises(ModelError, match=r"m1.*有的话没有写进去"):
        template.written(tokenizer, turns, "m1")
    tokenizer.chat_template = "{{ raise_exception('只要一句') }}"
    with pytest.raises(ModelError, match=r"m2.*只要一句"):
        template.written(tokenizer, turns, "m2")


def test_the_strictly_alternating_take_the_talk_after_silence(tokenizer: Any, content: Content) -> None:
    """Two replies in a row, the customer silent in between, are one message."""
    direction = make_direction(reply="您还在吗")
    history = (("customer", LINES[0]), ("trainee", REPLIES[0]))
    prompt = messages(content, *cast(content), history, direction)
    assert f"{REPLIES[0]}\n您还在吗" in render(tokenizer, "alternating", prompt)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("</think>\n\n太贵\n还", "</think>\n\n太贵"),
        ("<THINK>想\n想</THINK>太贵\n", "<THINK>想\n想</THINK>太贵"),
        ("<thinking>\n想</thinking>\n太贵\n", "<thinking>\n想</thinking>\n太贵"),
        ("</think>\n\n", None),
    ],
)
def test_a_thought_does_not_end_the_answer(text: str, said: str | None) -> None:
    end = _end(text, ())
    assert (None if end is None else text[:end]) == said


def test_the_next_speakers_mark_ends_an_answer(tmp_path: Path) -> None:
    """GLM ends an answer with the mark of who speaks next."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = make_tiny(tmp_path / "m", "你好")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|user|>", "<|observation|>"]})
    tokenizer.save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(folder)
    ends = {tokenizer.convert_tokens_to_ids(t) for t in ("<|user|>", "<|observation|>", "<|im_end|>")}
    assert ends <= HfChatModel.load(str(folder))._decoder._stop_ids
