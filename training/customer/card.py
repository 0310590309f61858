"""The model's card: what it was made of and what was measured. Knows nothing of how a model is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from training.customer.learn import Learned

_CARD = """---
language: zh
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
---
# Duilian customer ({size})

A Qwen2 of {parameters:,} parameters with {vocabulary:,} tokens, made from nothing on one core. It speaks one line as the
customer of a practice talk, in Chinese, from the prompt of Duilian (`--model hf:<this folder>`). It is no assistant.

It reads all of that prompt. What many prompts share (rules, styles, situations, the cast's facts) is one token a row, so it
knows the shipped cast and prompts far better than others, whose rows it has to spell.

Made by

    {command}

1. Pre-trained on whole dialogues: {pretrain}.
2. Tuned on {examples:,} moments of made-up sessions, loss on the customer's lines alone: {tune}. They teach {lines:,}
   different lines: the bank's (`personas/lines`) with slots filled, and facts and worries of the personas. One in ten of
   the bank's lines was held out for measuring.

Held-out loss is the mean cross-entropy a token: of dialogues in 1, of lines that were never learned in 2
({perplexity}).

## Data
- SMILE (qiuhuachuan/smile), emotional-support chats, CC0 1.0, a sample of {share:.0%};
- CPsyCoun (CAS-SIAT-XinHai/CPsyCoun), counselling dialogues, CC BY 4.0, changed here: cut into turns, tokenized;
- CrossWOZ (thu-coai/CrossWOZ), validation and test dialogues, Apache 2.0;
- the line bank, the personas and the labelled replies of `eval/cases/train.jsonl`, written for this project, Apache 2.0.
  Calibration and test replies and the scripts of `eval/scripts` were not used.

## What can be expected
It has met customers only in the bank's lines, so it speaks at best in their manner, and it was taught to write one line,
not to reason. Duilian's guard refuses a line with an invented figure or an act that was not asked for, and a line of the
bank is said instead. How often that happens, and how its lines stand beside the bank's, is measured by
`python -m training.customer.compare`; the losses above do not tell it.
"""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the card tells. `lines`: different lines learned from; `examples`: prompt and line pairs."""

    size: str
    command: str
    parameters: int
    vocabulary: int
    share: float
    lines: int
    examples: int
    pretrain: Learned
    tune: Learned


def card(facts: Facts) -> str:
    """README.md of the model."""
    before, after = (math.exp(loss) for loss in facts.tune.held_out)
    return _CARD.format(
        size=facts.size,
        command=facts.command,
        parameters=facts.parameters,
        vocabulary=facts.vocabulary,
        share=facts.share,
        lines=facts.lines,
        examples=facts.examples,
        pretrain=_phase(facts.pretrain),
        tune=_phase(facts.tune),
        perplexity=f"perplexity {before:.1f} before tuning, {after:.1f} after",
    )


def _phase(learned: Learned) -> str:
    before, after = learned.held_out
    return (
        f"{learned.steps:,} steps, {learned.tokens:,} tokens, {learned.seconds / 60:.1f} minutes, "
        f"held-out loss {before:.2f} to {after:.2f}"
    )
