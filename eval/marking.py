"""Fits the ordinal quality model (`simulator.grading.quality.Marking`) on labelled qualities."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from statsmodels.miscmodels.ordinal_model import OrderedModel

from simulator.grading.quality import INPUTS, LEVELS, Marking

Array = NDArray[np.float64]


def fit_marking(inputs: Array, qualities: Array) -> Marking:
    """Proportional odds over half points. `inputs`: (replies, INPUTS); `qualities`: 1-5. A level that no
    reply has shares the cut of the one below it. Raises ValueError with fewer than two levels."""
    half = np.clip(np.round(2 * qualities), 2, 10).astype(int)
    present = np.unique(half)
    if len(present) < 2:
        raise ValueError("质量分至少要有两档")
    codes = np.searchsorted(present, half)
    useful = np.flatnonzero(inputs.std(axis=0) > 1e-6)
    model = OrderedModel(codes, inputs[:, useful], distr="logit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # small sets converge slowly; the result serves all the same
        found = model.fit(method="bfgs", disp=False, maxiter=500)
    weights = dict.fromkeys(INPUTS, 0.0)
    weights |= {INPUTS[c]: float(w) for c, w in zip(useful, found.params[: len(useful)], strict=True)}
    thresholds = model.transform_threshold_params(found.params)[1:-1]
    # P(quality > LEVELS[k]): the cut below the lowest present level that lies above LEVELS[k]
    cuts = []
    for level in LEVELS[:-1]:
        above = int(np.searchsorted(present, round(2 * level), side="right"))
        if above == 0:
            cuts.append(-30.0)
        elif above >= len(present):
            cuts.append(30.0)
        else:
            cuts.append(float(thresholds[above - 1]))
    return Marking(weights=weights, cuts=tuple(cuts))
