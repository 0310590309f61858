"""One phase of learning: steps until a count or a clock is used up, checkpoints, held-out loss.

Knows nothing of text. Which batch a step takes depends on the seed and the step alone, so that a phase continued
from a checkpoint goes on as if it had not stopped. With a count of steps the result depends on nothing but the
seed (on one machine, one thread); with a clock the load of the machine decides how many steps are taken.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from transformers import Qwen2ForCausalLM

IGNORED = -100
_WARM = 0.04  # share of a phase in which the rate rises
_LOOK = 50  # steps between two lines of the log
_MEASURE = 200  # steps between two measurements of the held-out loss
_SAVE = 180.0  # seconds between two checkpoints


@dataclass(frozen=True, kw_only=True)
class Batch:
    """`ids`, `labels`: (texts, tokens); labels are `IGNORED` where no loss is taken. Padded at the end."""

    ids: Tensor
    labels: Tensor


class Batches(Protocol):
    """Endless seeded batches, and a few that are held out."""

    @property
    def held_out(self) -> Sequence[Batch]:
        """What the loss is measured on."""

    def at(self, step: int) -> Batch:
        """The batch of step `step`, 0-based."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """`steps`: how many, or None when `seconds` of work decide, those before a stop included; `rate`: the highest
    learning rate."""

    name: str
    rate: float
    steps: int | None = None
    seconds: float = math.inf

    def progress(self, step: int, elapsed: float) -> float:
        """How much of the phase is done, 0-1."""
        return min(1.0, step / self.steps if self.steps is not None else elapsed / self.seconds)


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What a phase came to. `seconds`: of work in all, `earlier`: those before the run was stopped; `curve`: rows of
    the log; `held_out`: mean loss a token, before and after."""

    steps: int
    tokens: int
    seconds: float
    earlier: float
    held_out: tuple[float, float]
    curve: tuple[dict[str, Any], ...]


class Checkpoint:
    """A file that holds everything needed to go on with one phase, or to see that it is done."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """`settings`: what a checkpoint must have been written with to be of use."""
        self.path = path
        self._settings = settings

    def read(self) -> dict[str, Any] | None:
        """What was kept, or None when there is nothing or it was written with other settings."""
        if not self.path.is_file():
            return None
        kept: dict[str, Any] = torch.load(self.path, weights_only=True)
        return kept if kept.pop("settings") == self._settings else None

    def write(self, kept: dict[str, Any]) -> None:
        """Keeps it, in one move."""
        beside = self.path.with_suffix(".new")
        torch.save(kept | {"settings": self._settings}, beside)
        beside.replace(self.path)


def loss_of(network: Qwen2ForCausalLM, batch: Batch) -> Tensor:
    """Mean cross-entropy of the labelled tokens. The output table is only used where there is a label."""
    asked = batch.labels[:, 1:] != IGNORED
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = network.model(input_ids=batch.ids, use_cache=False).last_hidden_state
        scores = network.lm_head(hidden[:, :-1][asked])
    return functional.cross_entropy(scores.float(), batch.labels[:, 1:][asked])


def measured(network: Qwen2ForCausalLM, batches: Sequence[Batch]) -> float:
    """Mean loss a labelled token over `batches`; not a number without any."""
    total, count = 0.0, 0
    network.eval()
    with torch.no_grad():
        for batch in batches:
            tokens = int((batch.labels[:, 1:] != IGNORED).sum())
            total, count = total + float(loss_of(network, batch)) * tokens, count + tokens
    network.train()
    return total / count if count else math.nan


def rate_at(phase: Phase, progress: float) -> float:
    """Rises for a moment, then falls along a cosine to a twentieth."""
    if progress < _WARM:
        return phase.rate * max(progress / _WARM, 0.05)
    fall = (progress - _WARM) / (1 - _WARM)
    return phase.rate * (0.05 + 0.95 * (1 + math.cos(math.pi * fall)) / 2)


class Learning:
    """A phase under way."""

    def __init__(
        self, network: Qwen2ForCausalLM, batches: Batches, phase: Phase, checkpoint: Checkpoint
    ) -> None:
        self.network = network
        self.batches = batches
        self.phase = phase
        self.checkpoint = checkpoint
        self._optimiser = _optimiser(network, phase.rate)
        self._done: dict[str, Any] = {"step": 0, "tokens": 0, "elapsed": 0.0, "curve": []}

    def run(self, say: Callable[[str], None]) -> Learned:
        """Learns in place, from the checkpoint of this phase where there is one; `say` gets the log."""
        self._restore()
        done = self._done
        earlier = done["elapsed"]
        if not done["curve"]:
            self._note(math.nan, say, measure=True)
        began, saved, sums = time.monotonic() - earlier, time.monotonic(), []
        while self.phase.progress(done["step"], done["elapsed"]) < 1:
            sums.append(self._step())
            done["elapsed"] = time.monotonic() - began
            if done["step"] % _LOOK == 0:
                self._note(sum(sums) / len(sums), say, measure=done["step"] % _MEASURE == 0)
                sums = []
            if time.monotonic() - saved > _SAVE:
                self._keep()
                saved = time.monotonic()
        last = done["curve"][-1]
        if last["step"] != done["step"] or "held_out" not in last:
            self._note(sum(sums) / len(sums) if sums else math.nan, say, measure=True)
        self._keep()
        self.network.eval()
        return Learned(
            steps=done["step"],
            tokens=done["tokens"],
            seconds=round(done["elapsed"], 1),
            earlier=earlier,
            held_out=(done["curve"][0]["held_out"], done["curve"][-1]["held_out"]),
            curve=tuple(done["curve"]),
        )

    def _step(self) -> float:
        done = self._done
        rate = rate_at(self.phase, self.phase.progress(done["step"], done["elapsed"]))
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        batch = self.batches.at(done["step"])
        loss = loss_of(self.network, batch)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        done["step"] += 1
        done["tokens"] += batch.ids.numel()
        return float(loss.detach())

    def _note(self, loss: float, say: Callable[[str], None], *, measure: bool) -> None:
        done = self._done
        row = {"phase": self.phase.name, "step": done["step"], "tokens": done["tokens"]}
        row |= {"seconds": round(done["elapsed"], 1)}
        row |= {} if math.isnan(loss) else {"loss": round(loss, 4)}
        row |= {"held_out": round(measured(self.network, self.batches.held_out), 4)} if measure else {}
        done["curve"].append(row)
        say(json.dumps(row, ensure_ascii=False))

    def _keep(self) -> None:
        weights = {"network": self.network.state_dict(), "optimiser": self._optimiser.state_dict()}
        self.checkpoint.write({"done": self._done, "seconds": self.phase.seconds, **weights})

    def _restore(self) -> None:
        kept = self.checkpoint.read()
        self.network.train()
        if kept is not None:
            self.network.load_state_dict(kept["network"])
            self._optimiser.load_state_dict(kept["optimiser"])
            self._done = kept["done"]
            # the rate has fallen by this clock so far, and a phase that is done stays so
            self.phase = replace(self.phase, seconds=kept["seconds"])


def _optimiser(network: Qwen2ForCausalLM, rate: float) -> torch.optim.AdamW:
    flat = [p for p in network.parameters() if p.dim() < 2]
    wide = [p for p in network.parameters() if p.dim() >= 2]
    groups = [{"params": wide, "weight_decay": 0.1}, {"params": flat, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))
