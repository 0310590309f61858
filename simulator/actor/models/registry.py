"""Makes the customer's model from its name.

    bank | builtin               the line bank, no language model
    hf:<folder or hub id>        transformers on this machine
    openai:<model>@<base url>    any OpenAI-compatible server
    anything else                what LangChain's `init_chat_model` knows (`ollama:qwen3`, `anthropic:…`)

Knows nothing of prompts, guards or sessions.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from langchain_core.language_models.chat_models import BaseChatModel

from simulator.actor.breaker import Breaker
from simulator.actor.models.bank import BankChatModel
from simulator.content.contents import Content
from simulator.errors import ModelError, UsageError

FORMS = (
    "bank（台词库，不用模型）、builtin（自带的）、hf:<目录或 hub 名>（本机 transformers）、"
    "openai:<模型名>@<http 地址>（兼容 OpenAI 的服务），或 LangChain 认得的 <供应商>:<模型名>"
)
_PACKAGE = re.compile(r"\b(langchain[-_][a-z0-9_-]+)", re.IGNORECASE)
_TEMPERATURE = 0.8
_MAX_TOKENS = 160


@dataclass(frozen=True, kw_only=True)
class CustomerModel:
    """A model ready to speak. `name`: as resolved (`builtin` becomes what it stands for); `version`: hash
    of the lines or weights, or the package version where the weights are elsewhere; `remote`: asked over a
    network, so that a failure may pass; `breaker`: shared by all who ask it."""

    name: str
    version: str
    chat: BaseChatModel
    is_bank: bool
    remote: bool = False
    breaker: Breaker = field(default_factory=Breaker, compare=False)


def make_model(
    name: str, content: Callable[[], Content], *, seed: int = 0, deadline: float = 20.0
) -> CustomerModel:
    """The model of that name. `deadline`: seconds one answer may take.

    Raises UsageError for a name that cannot be understood or whose package is missing, ModelError for a
    model that cannot be loaded."""
    wanted = name.strip()
    kind, _, rest = wanted.partition(":")
    if wanted in {"bank", "builtin"}:
        return _bank(content)
    if kind == "hf":
        return _hf(rest.strip(), seed=seed, deadline=deadline)
    if kind == "openai" and "@" in rest:
        return _openai(rest, seed=seed, deadline=deadline)
    if not wanted or wanted == "bundled" or (kind == "openai" and not rest):
        raise UsageError(f"没有这个模型：{wanted or '（空的名字）'}。可以写：{FORMS}。")
    return _langchain(wanted)


def aside(model: CustomerModel) -> BaseChatModel:
    """The same model for questions beside the talk: free to answer in several lines, and drawing the
    likeliest words, so that it answers alike when asked again (as far as a server keeps to that)."""
    known = type(model.chat).model_fields
    changes: dict[str, Any] = {}
    if "aside" in known:
        changes = {"aside": True, "sampling": replace(model.chat.sampling, temperature=0.0)}  # type: ignore[attr-defined]
    elif "temperature" in known:
        changes = {"temperature": 0.0}
    return model.chat.model_copy(update=changes)


def _bank(content: Callable[[], Content]) -> CustomerModel:
    ids = "\n".join(sorted(line.id for line in content().lines))
    version = "lines-" + hashlib.sha256(ids.encode()).hexdigest()[:12]
    return CustomerModel(name="bank", version=version, chat=BankChatModel(content=content), is_bank=True)


def _hf(source: str, *, seed: int, deadline: float) -> CustomerModel:
    if not source:
        raise UsageError("hf: 后面要写模型目录或 hub 名，如 hf:/models/qwen 或 hf:Qwen/Qwen3-0.6B。")
    from simulator.actor.models.hf import HfChatModel

    chat = HfChatModel.load(source, seed=seed, deadline=deadline)
    return CustomerModel(name=f"hf:{source}", version=chat.version, chat=chat, is_bank=False)


def _openai(rest: str, *, seed: int, deadline: float) -> CustomerModel:
    model, _, url = rest.partition("@http")
    url = f"http{url}"
    parts = urlsplit(url)
    if not model or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"看不懂 openai:{rest}。要写成 openai:<模型名>@<http 地址>，"
            "如 openai:qwen3@http://127.0.0.1:8000/v1。"
        )
    try:
        from simulator.actor.models.openai import WholeChatOpenAI
    except ImportError as error:
        raise UsageError("要用 openai: 模型，先安装：pip install langchain-openai。") from error
    from pydantic import SecretStr

    chat = WholeChatOpenAI(
        model=model,
        base_url=url,
        timeout=deadline,
        max_retries=0,
        api_key=SecretStr(os.environ.get("OPENAI_API_KEY") or "none"),
        temperature=_TEMPERATURE,
        max_completion_tokens=_MAX_TOKENS,
        seed=seed,
        use_responses_api=False,
    )
    return CustomerModel(
        name=f"openai:{model}@{url}", version="remote", chat=chat, is_bank=False, remote=True
    )


def _langchain(name: str) -> CustomerModel:
    try:
        from langchain.chat_models import init_chat_model

        chat = init_chat_model(name, temperature=_TEMPERATURE)
    except ImportError as error:
        package = _PACKAGE.search(str(error))
        wanted = package.group(1).replace("_", "-") if package else "langchain"
        raise UsageError(f"要用 {name}，先安装：pip install {wanted}。") from error
    except ValueError as error:
        raise UsageError(f"没有这个模型：{name}。可以写：{FORMS}。（{_first_line(error)}）") from error
    except Exception as error:  # border: each provider raises its own kind when a key or address is missing
        raise ModelError(f"模型 {name} 打不开：{_first_line(error)}") from error
    return CustomerModel(name=name, version="remote", chat=chat, is_bank=False, remote=True)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
