"""Fitted models on the disk: plain arrays in one .npz, written whole or not at all."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from simulator.errors import EncoderError
from simulator.grading.kin import Relatives
from simulator.grading.models import ItemModels
from simulator.grading.windowed import WindowModels

_KINDS: dict[str, type[ItemModels] | type[Relatives] | type[WindowModels]] = {
    "items": ItemModels,
    "relatives": Relatives,
    "windows": WindowModels,
}
_TEXTS = ("names", "vocabulary")
_EXACT = ("centre", "scale", "usual", "spread")  # all else is kept in half precision
Models = dict[str, Any]  # by `_KINDS`; those that there are


def save_models(models: Models, path: Path) -> None:
    """Writes `models`."""
    arrays: dict[str, Any] = {}
    for kind, model in models.items():
        for name in (f.name for f in fields(model)):
            value, key = getattr(model, name), f"{kind}.{name}"
            if name == "words":
                rows = value.tocsr()
                arrays |= {f"{key}.data": rows.data.astype(np.float16), f"{key}.indices": rows.indices}
                arrays[f"{key}.indptr"] = rows.indptr
            elif name in _TEXTS:
                arrays[key] = np.frombuffer("\n".join(value).encode(), dtype=np.uint8)
            else:
                arrays[key] = value.astype(np.float32 if name in _EXACT else np.float16)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    part.write_bytes(stream.getvalue())
    part.replace(path)


def load_models(path: Path) -> Models:
    """Reads what `save_models` wrote. Raises EncoderError when it is missing or broken."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            kinds = {key.partition(".")[0] for key in arrays.files}
            return {kind: _model(kind, arrays) for kind in sorted(kinds)}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise EncoderError(f"校准文件坏了：{path}（{error}）。请重新运行 duilian eval calibrate。") from error


def _model(kind: str, arrays: Any) -> ItemModels | Relatives | WindowModels:
    made = _KINDS[kind]
    values: dict[str, Any] = {n: tuple(bytes(arrays[f"{kind}.{n}"]).decode().split("\n")) for n in _TEXTS}
    others = [f.name for f in fields(made) if f.name not in (*_TEXTS, "words")]
    values |= {n: arrays[f"{kind}.{n}"].astype(np.float32) for n in others}
    data, indices, indptr = (arrays[f"{kind}.words.{part}"] for part in ("data", "indices", "indptr"))
    shape = (len(values["names"]), len(values["vocabulary"]))
    words = sparse.csr_matrix((data.astype(np.float32), indices, indptr), shape=shape)
    words.check_format(full_check=True)
    return made(**values, words=words)
