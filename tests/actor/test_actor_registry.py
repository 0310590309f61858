"""Models by name: what each name becomes, and what is said about names that cannot be used."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from simulator.actor.models import make_model, weights
from simulator.content.contents import Content
from simulator.errors import ModelError, UsageError
from tests.actor.tiny import make_tiny


@pytest.mark.parametrize("name", ["bank", "builtin", " bank "])
def test_the_bank(content: Content, name: str) -> None:
    model = make_model(name, lambda: content)
    assert (model.name, model.is_bank) == ("bank", True)
    assert model.version.startswith("lines-")


def test_an_openai_server_is_not_asked_when_made(content: Content) -> None:
    model = make_model("openai:org/qwen3@http://127.0.0.1:1/v1", lambda: content)
    assert (model.name, model.is_bank) == ("openai:org/qwen3@http://127.0.0.1:1/v1", False)


@pytest.mark.parametrize(
    "name", ["", "  ", "bundled", "nonsense", "openai:", "hf:", "openai:@http://h/v1", "openai:m@http://"]
)
def test_names_that_mean_nothing_list_or_show_the_valid_forms(content: Content, name: str) -> None:
    with pytest.raises(UsageError) as told:
        make_model(name, lambda: content)
    assert "hf:" in str(told.value) or "openai:<" in str(told.value)


def test_a_missing_package_is_named(content: Content) -> None:
    with pytest.raises(UsageError, match="pip install langchain-anthropic"):
        make_model("anthropic:claude-sonnet-4-5", lambda: content)


@pytest.mark.parametrize("source", ["/no/such/folder", "./nowhere", "a/b/c"])
def test_a_missing_folder_is_told_at_once(content: Content, source: str) -> None:
    start = time.monotonic()
    with pytest.raises(ModelError, match="没有这个模型目录"):
        make_model(f"hf:{source}", lambda: content)
    assert time.monotonic() - start < 5


def test_a_hub_model_offline(content: Content, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="离线"):
        make_model("hf:nobody/nothing", lambda: content)


def test_a_folder_that_is_no_model(content: Content, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        make_model(f"hf:{tmp_path}", lambda: content)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="装不进来"):
        make_model(f"hf:{tmp_path}", lambda: content)


def test_a_model_without_chat_template(content: Content, tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "m", "你好", template=None)
    with pytest.raises(ModelError, match="对话模板"):
        make_model(f"hf:{folder}", lambda: content)


def test_a_local_model_tells_what_it_is(content: Content, tiny: Path, latin: Path) -> None:
    one, same, other = (make_model(f"hf:{f}", lambda: content) for f in (tiny, tiny, latin))
    assert one.name == f"hf:{tiny}"
    assert one.version == same.version != other.version
    dtype, timings = one.chat.dtype, dict(one.chat.timings)  # type: ignore[attr-defined]
    assert set(timings) == {"float32", "bfloat16"}
    assert dtype == min(timings, key=lambda d: timings[d])


def test_float32_is_not_tried_where_the_caches_would_not_fit(
    content: Content, monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    held = weights._float32_bytes(tiny)
    monkeypatch.setattr(weights, "_free_memory", lambda: held + 1.0)
    chat: Any = make_model(f"hf:{tiny}", lambda: content).chat
    assert (chat.dtype, chat.timings) == ("bfloat16", ())


@pytest.mark.parametrize(
    ("layers", "kept_heads", "head", "gib"),
    [(28, 8, 128, 0.88), (24, 2, 64, 0.09), (36, 8, None, 1.12)],  # Qwen3-1.7B, Qwen2.5-0.5B, Qwen3-4B
)
def test_the_caches_take_what_the_docs_say(
    tmp_path: Path, layers: int, kept_heads: int, head: int | None, gib: float
) -> None:
    config = {"model_type": "qwen2", "num_hidden_layers": layers, "num_key_value_heads": kept_heads}
    config |= {"hidden_size": 2048, "num_attention_heads": 16} | ({"head_dim": head} if head else {})
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert weights._float32_cache_bytes(tmp_path) / 2**30 == pytest.approx(
        2 * gib, abs=0.02
    )  # bfloat16 there


def test_a_hub_that_does_not_answer(
    content: Content, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        monkeypatch.setattr(
            "huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        monkeypatch.setattr("simulator.actor.models.weights.HUB_PATIENCE", 1.0)
        start = time.monotonic()
        with pytest.raises(ModelError, match="连不上 hub"):
            make_model("hf:nobody/nothing", lambda: content)
        assert time.monotonic() - start < 5
