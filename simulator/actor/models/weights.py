"""Finds, loads and names a local language model: folder or hub id, dtype by timing, hash of the weights.

Nothing here waits long: a folder that is missing or a hub that does not answer is a ModelError within
seconds. Knows nothing of prompts or sampling. transformers and torch are imported when called.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.actor.models import decode
from simulator.errors import ModelError

HUB_PATIENCE = 8.0  # seconds to wait for a sign of life from the hub
_TIMED_STEPS = 4
_TOKENS_A_TALK = 2048  # of a prompt late in a talk, as docs/models.md reckons
_WEIGHTS = ("*.safetensors", "*.bin")
_ALSO_HASHED = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """`model`, `tokenizer`: of transformers; `dtype`: its name; `timings`: seconds a step took by dtype,
    empty when only one dtype could be tried; `version`: content hash."""

    model: Any
    tokenizer: Any
    dtype: str
    timings: tuple[tuple[str, float], ...]
    version: str


def find(source: str) -> Path:
    """The folder of `source`: itself, or the hub's snapshot in the local cache, fetched when it is not there.
    Raises ModelError."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"{folder} 里没有 config.json，不像一个 transformers 模型目录。")
        return folder
    looks_like_path = source.startswith(("/", ".", "~")) or source.count("/") != 1 or "\\" in source
    if looks_like_path:
        raise ModelError(f"没有这个模型目录：{folder}。请检查 hf: 后面的路径。")
    return _from_hub(source)


def _from_hub(repo: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, local_files_only=True))
    except HFValidationError as error:
        raise ModelError(f"{repo} 不是一个合法的 hub 名。") from error
    except LocalEntryNotFoundError:
        pass
    _ask_hub(repo)
    try:
        return Path(snapshot_download(repo))
    except Exception as error:  # border: network, disk and hub errors of many libraries
        raise ModelError(f"模型 {repo} 下载没有完成：{type(error).__name__}。") from error


def _ask_hub(repo: str) -> None:
    """Raises ModelError unless the hub says within HUB_PATIENCE that it has `repo`."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if constants.HF_HUB_OFFLINE:
        raise ModelError(f"本机没有模型 {repo}，现在又是离线模式（HF_HUB_OFFLINE）。请先下载，或改用目录。")
    found: list[Exception | None] = []

    def ask() -> None:
        try:
            HfApi().model_info(repo, timeout=HUB_PATIENCE)
            found.append(None)
        except Exception as error:  # noqa: BLE001  (carried to the caller's thread)
            found.append(error)

    asking = threading.Thread(
        target=ask, daemon=True
    )  # name resolution ignores timeouts; a thread can be left
    asking.start()
    asking.join(HUB_PATIENCE)
    error = found[0] if found else TimeoutError()
    if isinstance(error, GatedRepoError):
        raise ModelError(f"hub 上的 {repo} 要先申请许可才能下载。") from error
    if isinstance(error, RepositoryNotFoundError):
        raise ModelError(f"hub 上没有 {repo}，请检查名字。") from error
    if error is not None:
        raise ModelError(
            f"本机没有模型 {repo}，也连不上 hub（{type(error).__name__}）。请先下载好，用 hf:<目录>。"
        ) from error


def content_hash(folder: Path) -> str:
    """Hash of what the model says with: weights, configuration, tokenizer. The same files, the same hash."""
    total = hashlib.sha256()
    files = [f for pattern in _WEIGHTS for f in sorted(folder.glob(pattern))]
    files += [folder / name for name in _ALSO_HASHED if (folder / name).is_file()]
    for file in files:
        with file.open("rb") as stream:
            total.update(file.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()[:16]


def load(source: str) -> LoadedModel:
    """Loads the model of `source` in the dtype that is faster here. Raises ModelError."""
    folder = find(source)
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if tokenizer.chat_template is None:
            raise ModelError(
                f"模型 {source} 没有对话模板（chat template），不能用来对话。请换 instruct / chat 版。"
            )
        model, dtype, timings = _fastest(folder)
    except ModelError:
        raise
    except Exception as error:  # border: transformers raises many kinds for a broken folder
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"模型 {source} 装不进来：{reason}") from error
    return LoadedModel(
        model=model, tokenizer=tokenizer, dtype=dtype, timings=timings, version=content_hash(folder)
    )


def _fastest(folder: Path) -> tuple[Any, str, tuple[tuple[str, float], ...]]:
    """The model in float32 or bfloat16, whichever takes less time a step on this machine; float32 untried
    when it would not fit into memory with the caches of the talks."""
    if _float32_bytes(folder) + _float32_cache_bytes(folder) > _free_memory():
        return _read(folder, "bfloat16"), "bfloat16", ()
    model = _read(folder, "float32")
    slow = _seconds_a_step(model)
    import torch

    model = model.to(torch.bfloat16)
    fast = _seconds_a_step(model)
    timings = (("float32", slow), ("bfloat16", fast))
    if fast < slow:
        return model, "bfloat16", timings
    del model  # its weights were rounded: read them again
    return _read(folder, "float32"), "float32", timings


def _read(folder: Path, dtype: str) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True).eval()


def _seconds_a_step(model: Any) -> float:
    """Median seconds for one token after a short prompt."""
    import torch

    with torch.inference_mode():
        out = model(input_ids=torch.zeros((1, 32), dtype=torch.long), use_cache=True)
        seconds = []
        for _ in range(_TIMED_STEPS):
            start = time.perf_counter()
            step = torch.zeros((1, 1), dtype=torch.long)
            out = model(input_ids=step, past_key_values=out.past_key_values, use_cache=True)
            seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]


def _float32_bytes(folder: Path) -> int:
    """What the weights take in float32 at most: twice their size on disk (2 or 4 bytes each there)."""
    return 2 * sum(f.stat().st_size for pattern in _WEIGHTS for f in folder.glob(pattern))


def _float32_cache_bytes(folder: Path) -> int:
    """What the kept caches take in float32 once the talks are long: keys and values of every layer. 0 where the
    configuration names no layers or heads."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
    layers, heads = (
        getattr(config, name, None) or 0 for name in ("num_hidden_layers", "num_attention_heads")
    )
    if not heads:
        return 0
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    kept_heads = getattr(config, "num_key_value_heads", None) or heads
    return int(2 * layers * kept_heads * width * 4) * _TOKENS_A_TALK * decode._KEPT


def _free_memory() -> float:
    """Bytes that may be taken without swapping; without /proc nothing is known and all is hoped for."""
    try:
        rows = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("inf")
    available = next((row for row in rows if row.startswith("MemAvailable:")), "")
    return int(available.split()[1]) * 1024 if available else float("inf")
