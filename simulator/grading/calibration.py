"""From evidence to probability: logistic models fitted on labelled replies, kept as JSON and arrays.

Two parts. The shared part looks at what there is of any item without a label of its own, so it serves any
item of any rubric. The item part, fitted for one (rubric, encoder), also looks at all other columns, at facts
of the text and at its wording: what usually comes with the item, and what speaks against it. A last line per
kind, fitted on replies that taught neither, makes the probabilities honest. Knows nothing of how they are
fitted (`eval.calibrate`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.domain.grade import Verdict
from simulator.errors import EncoderError
from simulator.grading.examples import ANY_BANNED
from simulator.grading.kin import Relatives
from simulator.grading.models import ItemModels
from simulator.grading.quality import Marking
from simulator.grading.stored import Models, load_models, save_models
from simulator.grading.windowed import WindowModels

FORMAT = 3
BANNED = ANY_BANNED
# What the shared part looks at, in order: the item's score, likeness to its nearest example and near miss,
# how far its score stands out among all items', what it cannot do without, the reply as a whole, and what
# the models of other items say (`kin`), also of the window they say it of most (`kin_peak`). New ones come last: in a
# calibration that was made before them they weigh nothing.
SHARED_INPUTS = (
    "peak", "mean", "near", "missed", "standing", "lacks", "length", "banned_peak", "echo", "cancelled", "kin",
    "kin_peak",
)  # fmt: skip
_MODELS = ("items", "relatives", "windows")
Values = NDArray[np.float32]


class _Outdated(EncoderError):
    """A calibration of another format."""


@dataclass(frozen=True, kw_only=True)
class Linear:
    """`bias + weights · x`."""

    bias: float
    weights: tuple[float, ...]

    def __call__(self, x: Values) -> float:
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
    """`rubric_hash` is empty for a shared calibration. `shared`, `scaling`, `bands`: by kind (and `banned`);
    `scaling`: the line from a model's logit to an honest one, for the shared part (`shared`) and for items
    (`scale_of` names it);
    `marking`: from probabilities to quality; `items`: None in a shared calibration; `relatives`: what `kin` is
    told by, None where nothing was taught; `windows`: what marked clauses taught, None where none were marked;
    `hash`: of the file it was read from, empty when it was not."""

    encoder_hash: str
    rubric_hash: str
    shared: dict[str, Linear]
    scaling: dict[str, Linear]
    bands: dict[str, Band]
    marking: Marking
    items: ItemModels | None = None
    relatives: Relatives | None = None
    windows: WindowModels | None = None
    note: str = ""
    hash: str = ""

    def probability(self, kind: str, column: str, own: Values, learned: dict[str, float]) -> float:
        """In [0, 1], four decimals. `own`: SHARED_INPUTS; `learned`: what `items` and
        `windows` say of this reply, by column, without the shared logit."""
        logit = self.shared[kind](own)
        if self.items is not None:
            if column in learned:
                logit = learned[column] + self.items.gain(column) * logit
            windowed = self.windows is not None and column in self.windows.names
            line = self.scaling[scale_of(kind, windowed)]
            logit = line.bias + line.weights[0] * logit
        return round(float(1 / (1 + np.exp(-np.clip(logit, -30, 30)))), 4)


def scale_of(kind: str, windowed: bool) -> str:
    """The name in `Calibration.scaling` of the line for columns of a kind: those that window models judge as well
    have logits of another size."""
    return f"{kind}+windows" if windowed else kind


def file_name(encoder_hash: str, rubric_hash: str) -> str:
    """`<encoder>-<rubric>.json`, or `<encoder>-shared.json`."""
    return f"{encoder_hash}-{rubric_hash or 'shared'}.json"


def save(calibration: Calibration, folder: Path) -> Path:
    """Writes the calibration below `folder`: JSON, and its models beside it as `.npz`; numbers of
    the JSON keep five significant digits."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(calibration.encoder_hash, calibration.rubric_hash)
    digest = ""
    models = {name: m for name in _MODELS if (m := getattr(calibration, name)) is not None}
    if models:
        save_models(models, path.with_suffix(".npz"))
        digest = _digest(path.with_suffix(".npz"))
    kept = (f.name for f in fields(calibration) if f.name not in (*_MODELS, "hash"))
    record: dict[str, Any] = {"format": FORMAT}
    for name in kept:
        value = getattr(calibration, name)
        record[name] = {k: asdict(v) for k, v in value.items()} if isinstance(value, dict) else value
    record["marking"] = asdict(calibration.marking)
    record["models"] = digest
    part = path.with_name(f".{path.name}.part{os.getpid()}")  # half a file would stop every later command
    part.write_text(json.dumps(_short(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _models(path: Path, digest: str) -> Models:
    """The models that belong to a calibration: none, or those of the same writing."""
    if not digest:
        return {}
    models = path.with_suffix(".npz")
    if _digest(models) != digest:
        raise EncoderError(
            f"{models.name} 和 {path.name} 不是一起写出来的：{path}。请重新运行 duilian eval calibrate。"
        )
    return load_models(models)


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(v) for v in value]
    return value


def find(folders: Sequence[Path], encoder_hash: str, rubric_hash: str, encoder_name: str) -> Calibration:
    """The calibration of (encoder, rubric), else the encoder's shared one. Raises EncoderError when
    there is neither, with the command that makes one."""
    outdated: EncoderError | None = None
    for wanted in (rubric_hash, ""):
        for folder in folders:
            path = folder / file_name(encoder_hash, wanted)
            if path.is_file():
                try:
                    return load(path)
                except _Outdated as error:  # made with an earlier version: the shipped one serves as well
                    outdated = outdated or error
        if outdated:
            raise outdated
    raise EncoderError(
        f"编码器 {encoder_name}（{encoder_hash}）还没有校准过，判不了分。先运行：\n"
        f"  duilian eval calibrate --encoder {shlex.quote(encoder_name)} "
        "--train eval/cases/train.jsonl --cases eval/cases/calibration.jsonl"
    )


def load(path: Path) -> Calibration:
    """Reads a calibration file. Raises EncoderError when it is broken or of another format."""
    try:
        text = path.read_text(encoding="utf-8")
        record = json.loads(text)
        if record.pop("format") != FORMAT:
            raise _Outdated(
                f"校准文件的格式版本不对：{path}。请重新运行 duilian eval calibrate，或者删掉它，用自带的。"
            )
        return Calibration(
            encoder_hash=record["encoder_hash"],
            rubric_hash=record["rubric_hash"],
            shared={k: _shared(v) for k, v in record["shared"].items()},
            scaling={k: _linear(v) for k, v in record["scaling"].items()},
            bands={k: Band(**v) for k, v in record["bands"].items()},
            marking=Marking(
                weights={k: float(v) for k, v in record["marking"]["weights"].items()},
                cuts=tuple(map(float, record["marking"]["cuts"])),
            ),
            **_models(path, record["models"]),
            note=record.get("note", ""),
            hash=hashlib.sha256(text.encode()).hexdigest()[:16],  # the models' digest stands in the text
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise EncoderError(f"校准文件坏了：{path}（{error}）。请重新运行 duilian eval calibrate。") from error


def _linear(record: dict[str, Any]) -> Linear:
    return Linear(bias=float(record["bias"]), weights=tuple(map(float, record["weights"])))


def _shared(record: dict[str, Any]) -> Linear:
    line = _linear(record)
    missing = len(SHARED_INPUTS) - len(line.weights)
    if missing < 0:
        raise ValueError(f"{len(line.weights)} weights for {len(SHARED_INPUTS)} inputs")
    return Linear(bias=line.bias, weights=line.weights + (0.0,) * missing)


def blank(encoder_hash: str, rubric_hash: str) -> Calibration:
    """A calibration that says nothing yet: what fitting starts from."""
    return Calibration(
        encoder_hash=encoder_hash,
        rubric_hash=rubric_hash,
        shared={},
        scaling={},
        bands={},
        marking=Marking(weights={}, cuts=()),
    )
