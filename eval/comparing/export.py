"""A comparison as plain data: JSON and data frames. Knows nothing of how it was made.

The keys of the JSON (`format` 1):

- `baseline`: `name` (A), `folder`, `rubric`, `rubric_hash`, `title`, `encoder`, `calibration`, `calibrated`, `commit`,
  `dirty`, `started`, `cases` (of the run), `failed`;
- `draws`, `seed`: of the bootstrap;
- `pairs`, one for each other run:
  - `run`: as `baseline`;
  - `verdict`: `outcome` (identical, better, worse, mixed, indistinct, unlabelled), `text` (plain words), `evidence` (list of
    `key`, `name`, `direction`, `difference`, `p`), `labels_needed` (about how many in all, or null);
  - `caveats`: list of `code`, `text`;
  - `cases`, `labelled`, `labels_by`, `changed_cases`;
  - `items_added`, `items_removed`: list of `key`, `name`;
  - `groups`, `items`, `slices`: lists of contrasts: `key`, `name`, `kind`, `cases`, `support`, `a` and `b` (`tp`, `fp`, `fn`,
    `tn`, `precision`, `recall`, `f1`, `f1_interval`, `kappa`), `difference` (of F1: `value`, `low`, `high`),
    `standard_error`, `a_alone`, `b_alone`, `p`, `p_holm`, `compared`, `changed`, `agreement`, as in `contrasts.Contrast`;
  - `quality`: `cases`, `changed`, `spearman` and `kappa`, each `a`, `b`, `difference` (`value`, `low`, `high`);
  - `reliability`: `a` and `b`, each `bins` (list of `predicted`, `actual`, `count`) and `error`;
  - `changes`: list of `case`, `source`, `situation`, `style`, `customer`, `reply`, `item`, `name`, `a` and `b` (`verdict`,
    `score`, `span`, `phrases`), `label` (positive, negative or null), `label_quality`, `effect` (loss, gain, neither), `size`.

What is undefined is null.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from eval.comparing.wording import plainly

if TYPE_CHECKING:
    import pandas as pd

    from eval.comparing.changes import Change, Judgement
    from eval.comparing.comparison import Comparison, Pair, Side
    from eval.comparing.contrasts import Contrast
    from eval.comparing.ruling import Evidence
    from eval.comparing.statistics import Confusion, Paired
    from eval.metrics import Bin, Interval

FORMAT = 1
Plain = dict[str, Any]
_LABEL = {True: "positive", False: "negative", None: None}


def to_json(comparison: Comparison) -> Plain:
    """Everything, as the module's docstring says."""
    return {
        "format": FORMAT,
        "baseline": _side(comparison.a),
        "draws": comparison.draws,
        "seed": comparison.seed,
        "pairs": [_pair(pair) for pair in comparison.pairs],
    }


def contrasts_frame(comparison: Comparison) -> pd.DataFrame:
    """Columns: run, level (group, item or slice), then a contrast's fields, those of A and B with `_a`, `_b`; NaN
    for what is undefined."""
    import pandas as pd

    rows = [
        {"run": pair.b.name, "level": level, **_flat(contrast)}
        for pair in comparison.pairs
        for level, contrasts in _levels(pair)
        for contrast in contrasts
    ]
    return pd.DataFrame(rows)


def changes_frame(comparison: Comparison) -> pd.DataFrame:
    """Columns: run, then a change's fields, those of A and B with `_a`, `_b`; no rows when nothing changed."""
    import pandas as pd

    rows = [{"run": pair.b.name, **_flat_change(c)} for pair in comparison.pairs for c in pair.changes]
    return pd.DataFrame(rows, columns=["run", *_CHANGE])


def _levels(pair: Pair) -> Iterator[tuple[str, tuple[Contrast, ...]]]:
    yield "group", pair.contrasts.groups
    yield "item", pair.contrasts.items
    yield "slice", pair.contrasts.slices


def _side(side: Side) -> Plain:
    record = side.record
    return {
        "name": side.name,
        "folder": side.folder,
        "rubric": record.rubric,
        "rubric_hash": record.rubric_hash,
        "title": record.rubric_title,
        "encoder": record.encoder,
        "calibration": record.calibration,
        "calibrated": record.calibrated,
        "commit": record.commit,
        "dirty": record.dirty,
        "started": record.started,
        "cases": record.count,
        "failed": record.failed,
    }


def _pair(pair: Pair) -> Plain:
    found = pair.contrasts
    quality, bars = found.quality, found.reliability
    return {
        "run": _side(pair.b),
        "verdict": {
            "outcome": pair.ruling.outcome.value,
            "text": plainly(pair, {}),
            "evidence": [_evidence(e) for e in pair.ruling.evidence],
            "labels_needed": pair.ruling.labels_needed,
        },
        "caveats": [asdict(c) for c in pair.caveats],
        "cases": pair.cases,
        "labelled": pair.labelled,
        "labels_by": pair.labels_by,
        "changed_cases": pair.changed_cases,
        "items_added": [{"key": k, "name": pair.names.get(k, k)} for k in pair.added],
        "items_removed": [{"key": k, "name": pair.names.get(k, k)} for k in pair.removed],
        **{f"{level}s": [_contrast(c) for c in contrasts] for level, contrasts in _levels(pair)},
        "quality": {
            "cases": quality.cases,
            "changed": quality.changed,
            "spearman": _paired(quality.spearman),
            "kappa": _paired(quality.kappa),
        },
        "reliability": {"a": _bars(bars.a, bars.error_a), "b": _bars(bars.b, bars.error_b)},
        "changes": [_change(c) for c in pair.changes],
    }


def _evidence(evidence: Evidence) -> Plain:
    return {
        "key": evidence.key,
        "name": evidence.name,
        "direction": evidence.direction.value,
        "difference": _interval(evidence.difference),
        "p": evidence.p,
    }


def _contrast(contrast: Contrast) -> Plain:
    f1 = contrast.f1
    return {
        "key": contrast.key,
        "name": contrast.name,
        "kind": contrast.kind,
        "cases": contrast.cases,
        "support": contrast.support,
        "a": {**_confusion(contrast.a), "f1_interval": _interval(f1.a)},
        "b": {**_confusion(contrast.b), "f1_interval": _interval(f1.b)},
        "difference": _interval(f1.difference),
        "standard_error": f1.standard_error,
        "a_alone": contrast.a_alone,
        "b_alone": contrast.b_alone,
        "p": contrast.p,
        "p_holm": contrast.p_holm,
        "compared": contrast.compared,
        "changed": contrast.changed,
        "agreement": contrast.agreement,
    }


def _flat(contrast: Contrast) -> Plain:
    plain = _contrast(contrast)
    sides = {f"{name}_{side}": value for side in ("a", "b") for name, value in plain.pop(side).items()}
    interval = plain.pop("difference") or {"value": None, "low": None, "high": None}
    for side in ("a", "b"):
        bounds = sides.pop(f"f1_interval_{side}") or {"low": None, "high": None}
        sides |= {f"f1_{side}_low": bounds["low"], f"f1_{side}_high": bounds["high"]}
    apart = {"difference": interval["value"], "low": interval["low"], "high": interval["high"]}
    return {name: math.nan if value is None else value for name, value in {**plain, **apart, **sides}.items()}


def _confusion(of: Confusion) -> Plain:
    return {
        **asdict(of),
        "precision": of.precision,
        "recall": of.recall,
        "f1": of.f1,
        "kappa": of.kappa,
    }


def _interval(interval: Interval | None) -> Plain | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _paired(paired: Paired) -> Plain:
    return {"a": _interval(paired.a), "b": _interval(paired.b), "difference": _interval(paired.difference)}


def _bars(bars: tuple[Bin, ...], error: float) -> Plain:
    return {"bins": [asdict(b) for b in bars], "error": error}


_CHANGE = (
    "case", "source", "situation", "style", "customer", "reply", "item", "name", "verdict_a", "verdict_b",
    "score_a", "score_b", "span_a", "span_b", "phrases_a", "phrases_b", "label", "label_quality", "effect", "size",
)  # fmt: skip


def _change(change: Change) -> Plain:
    return {
        "case": change.case,
        "source": change.source,
        "situation": change.situation,
        "style": change.style,
        "customer": change.customer,
        "reply": change.reply,
        "item": change.item,
        "name": change.name,
        "a": _judgement(change.a),
        "b": _judgement(change.b),
        "label": _LABEL[change.label],
        "label_quality": change.label_quality,
        "effect": change.effect.value,
        "size": change.size,
    }


def _judgement(judgement: Judgement) -> Plain:
    return {
        "verdict": judgement.verdict,
        "score": judgement.score,
        "span": list(judgement.span) if judgement.span else None,
        "phrases": list(judgement.phrases),
    }


def _flat_change(change: Change) -> Plain:
    plain = _change(change)
    sides = {f"{name}_{side}": value for side in ("a", "b") for name, value in plain.pop(side).items()}
    return {**plain, **sides}
