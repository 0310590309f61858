"""From evidence to probability: logistic models fitted on labelled replies, kept as JSON.

Two parts. The shared part looks at an item's own score only, so it serves any item of any rubric. The
item part, fitted for one (rubric, encoder), also looks at all other columns and at facts of the text:
what usually comes with the item, and what speaks against it. Knows nothing of how they are fitted
(`eval.calibrate`).
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.domain.grade import Verdict
from simulator.errors import EncoderError

FORMAT = 1
BANNED = "banned"
# What the shared part looks at, in order.
SHARED_INPUTS = ("peak", "mean", "lacks", "length", "banned_peak")


@dataclass(frozen=True, kw_only=True)
class Linear:
    """`bias + weights · x`."""

    bias: float
    weights: tuple[float, ...]

    def __call__(self, x: NDArray[np.float32]) -> float:
        """The value at `x`."""
        return float(self.bias + np.dot(np.asarray(self.weights, dtype=np.float32), x))


@dataclass(frozen=True, kw_only=True)
class Band:
    """Met at `met` or above, not met below `not_met`, unsure between."""

    not_met: float
    met: float

    def verdict(self, probability: float) -> Verdict:
        """The verdict of a probability already rounded to four decimals."""
        if probability >= self.met:
            return Verdict.MET
        return Verdict.NOT_MET if probability < self.not_met else Verdict.UNSURE


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """`rubric_hash` is empty for a shared calibration. `shared`: by kind (and `banned`); `items`: by
    column name, over [shared logit, columns…, facts…] standardised with `centre` and `scale`; `bands`: by
    kind; `quality`: weights by name."""

    encoder_hash: str
    rubric_hash: str
    shared: dict[str, Linear]
    bands: dict[str, Band]
    quality: dict[str, float]
    items: dict[str, Linear] = field(default_factory=dict)
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    note: str = ""

    def probability(
        self, kind: str, column: str, own: NDArray[np.float32], whole: NDArray[np.float32]
    ) -> float:
        """In [0, 1], four decimals. `own`: SHARED_INPUTS; `whole`: the evidence's vector."""
        logit = self.shared[kind](own)
        model = self.items.get(column)
        if model is not None:
            standard = (whole - np.asarray(self.centre, dtype=np.float32)) / np.asarray(
                self.scale, dtype=np.float32
            )
            logit = model(np.concatenate([[np.float32(logit)], standard]))
        return round(float(1 / (1 + np.exp(-np.clip(logit, -30, 30)))), 4)


def file_name(encoder_hash: str, rubric_hash: str) -> str:
    """`<encoder>-<rubric>.json`, or `<encoder>-shared.json`."""
    return f"{encoder_hash}-{rubric_hash or 'shared'}.json"


def save(calibration: Calibration, folder: Path) -> Path:
    """Writes the calibration below `folder`; numbers keep five significant digits."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(calibration.encoder_hash, calibration.rubric_hash)
    record = {"format": FORMAT} | asdict(calibration)
    part = path.with_name(f".{path.name}.part{os.getpid()}")  # half a file would stop every later command
    part.write_text(json.dumps(_short(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(v) for v in value]
    return value


def find(folders: list[Path], encoder_hash: str, rubric_hash: str, encoder_name: str) -> Calibration:
    """The calibration of (encoder, rubric), else the encoder's shared one. Raises EncoderError when
    there is neither, with the command that makes one."""
    for wanted in (rubric_hash, ""):
        for folder in folders:
            path = folder / file_name(encoder_hash, wanted)
            if path.is_file():
                return load(path)
    raise EncoderError(
        f"编码器 {encoder_name}（{encoder_hash}）还没有校准过，判不了分。先运行：\n"
        f"  duilian eval calibrate --encoder {shlex.quote(encoder_name)} --cases eval/cases/train.jsonl"
    )


def load(path: Path) -> Calibration:
    """Reads a calibration file. Raises EncoderError when it is broken or of another format."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.pop("format") != FORMAT:
            raise EncoderError(f"校准文件的格式版本不对：{path}。请重新运行 duilian eval calibrate。")
        return Calibration(
            encoder_hash=record["encoder_hash"],
            rubric_hash=record["rubric_hash"],
            shared={k: _linear(v) for k, v in record["shared"].items()},
            items={k: _linear(v) for k, v in record["items"].items()},
            bands={k: Band(**v) for k, v in record["bands"].items()},
            quality=record["quality"],
            centre=tuple(record["centre"]),
            scale=tuple(record["scale"]),
            note=record.get("note", ""),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise EncoderError(f"校准文件坏了：{path}（{error}）。请重新运行 duilian eval calibrate。") from error


def _linear(record: dict[str, Any]) -> Linear:
    return Linear(bias=float(record["bias"]), weights=tuple(map(float, record["weights"])))


def blank(encoder_hash: str, rubric_hash: str) -> Calibration:
    """A calibration that says nothing yet: what fitting starts from."""
    return Calibration(encoder_hash=encoder_hash, rubric_hash=rubric_hash, shared={}, bands={}, quality={})
