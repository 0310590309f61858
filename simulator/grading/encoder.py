"""The sentence encoder behind the grader: any SentenceTransformer, loaded by name.

Knows nothing of rubrics. A folder of static vectors (`StaticEmbedding`, as the builtin one is) is read without
sentence-transformers and torch, whose imports take seconds; they are imported for other encoders only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simulator.errors import EncoderError

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into unit vectors. `name` is what the user asked for, `hash` is of its content."""

    @property
    def name(self) -> str:
        """As given: `builtin`, a folder or a hub id."""
        ...

    @property
    def hash(self) -> str:
        """16 hexadecimal digits; changes whenever the weights or the tokenizer change."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimensions) float32, rows of unit length."""
        ...


class SentenceEncoder:
    """A SentenceTransformer on the CPU."""

    def __init__(self, name: str, content_hash: str, model: Any) -> None:
        self.name = name
        self.hash = content_hash
        self._model = model

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimensions) float32, rows of unit length."""
        vectors = self._model.encode(
            list(texts),
            batch_size=256,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)


class StaticEncoder:
    """One vector a token, and their mean: what sentence-transformers' `StaticEmbedding` and `Normalize`
    compute. `vectors`: (tokens, dimensions); `tokenizer`: a `tokenizers.Tokenizer`."""

    def __init__(self, name: str, content_hash: str, tokenizer: Any, vectors: Vectors) -> None:
        self.name = name
        self.hash = content_hash
        self._tokenizer = tokenizer
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimensions) float32, rows of unit length; zeros for a text without tokens."""
        found = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        ends = np.cumsum([0, *(len(ids) for ids in found)])
        tokens = np.array([i for ids in found for i in ids], dtype=np.int64)
        shape = (len(texts), len(self._vectors))
        counts = sparse.csr_matrix((np.ones(len(tokens), dtype=np.float32), tokens, ends), shape=shape)
        sums = np.asarray(counts @ self._vectors, dtype=np.float32)  # the mean's length is levelled anyway
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.ascontiguousarray(sums / np.maximum(lengths, 1e-12))


def _load_static(name: str, folder: Path) -> StaticEncoder | None:
    """The encoder of a folder of static vectors that are then normalised; None for any other folder."""
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    kinds = [str(m["type"]).rpartition(".")[2] for m in modules]
    if kinds != ["StaticEmbedding", "Normalize"]:
        return None
    place = folder / modules[0]["path"]
    if not all((place / name).is_file() for name in ("model.safetensors", "tokenizer.json")):
        return None
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    vectors = load_file(place / "model.safetensors")["embedding.weight"].astype(np.float32, copy=False)
    tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
    tokenizer.no_padding()
    return StaticEncoder(name, folder_hash(folder), tokenizer, vectors)


def load_encoder(name: str, builtin: Path) -> Encoder:
    """The encoder called `name`: `builtin` (the folder given), another folder, or a hub id.

    Raises EncoderError when the folder is missing or broken, or the hub cannot be reached.
    """
    folder = builtin if name == "builtin" else Path(name)
    local = folder.is_dir()
    if name != "builtin" and not local and (name.startswith((".", "/")) or name.count("/") != 1):
        raise EncoderError(
            f"没有编码器 {name}：它既不是目录，也不像模型库的编号（形如 BAAI/bge-small-zh-v1.5）。"
        )
    if name == "builtin" and not local:
        raise EncoderError(f"内置编码器不见了：{folder}。请重新安装，或运行 python -m training.encoder。")
    try:
        if local and (folder / "modules.json").is_file() and (static := _load_static(name, folder)):
            return static
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(
            str(folder) if local else name, device="cpu", local_files_only=_offline(local)
        )
    except Exception as error:  # border: the model libraries raise many kinds, bare ones too
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        where = f"目录 {folder}" if local else f"模型库里的 {name}（本机要能连上模型库，或改用本地目录）"
        raise EncoderError(f"编码器装不起来：{where}。原因：{reason}") from error
    return SentenceEncoder(name, folder_hash(folder) if local else _hub_hash(model), model)


def _offline(local: bool) -> bool:
    return local or os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")


def folder_hash(folder: Path) -> str:
    """Hash of all files of a model folder but its card: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md"):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _hub_hash(model: Any) -> str:
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]
