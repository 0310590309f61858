"""What language models write when they fail, line by line, and lines as fine ones write them: through the whole guard.

`failures.jsonl`: `kind`, the `move` the director ordered, `raw` as a model writes it, `allowed`: false, or the line that
may be said of it. Written by hand after the habits of small and middling models; nobody's recorded output.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulator.actor.guard import clean, refusal
from simulator.actor.meaning import meaning_of
from simulator.content.contents import Content
from simulator.domain.persona import Move
from tests.actor.talk import make_direction

ROWS = [
    json.loads(row)
    for row in (Path(__file__).parent / "failures.jsonl").read_text(encoding="utf-8").splitlines()
]
SPOKEN = ("翻一倍还多，你当我开银行的？", "我现在一千二，你跟我说两千六？")
KINDS = {
    *(
        "gives",
        "thanks",
        "threatens",
        "leaves",
        "role_break",
        "coaching",
        "leak",
        "english",
        "label",
        "stage",
    ),
    *(
        "markdown",
        "thought",
        "too_long",
        "invented_figure",
        "repeat",
        "other_side",
        "empty",
        "garbled",
        "fine",
    ),
}
# What the guard is known to let through, and what it refuses though it is fine: the bank speaks instead.
LET_THROUGH = {
    "实在不行我就销户走人，反正电信也来找过我": "来找过 in the same sentence makes a threat a story",
    "我心里其实是担心浇铸的时候断网，抢修又慢。": "one cue besides those that the trainee named",
    "作为厂长，我需要对工厂的成本负责，价格太高。": "stiff, yet his own title",
}
REFUSED_THOUGH_FINE = {
    "拿张到场记录我看看": "sounds like giving in",
    "不装，别说了": "sounds like going",
    "行，道理你都有，钱是我出": "sounds like giving in",
    "可以是可以，就是太贵": "sounds like giving in",
    "行行行，你就说降不降": "sounds like giving in",
    "谢谢，不装": "sounds like leaving",
    "一个月多一千四，一年一万六千八": "rightly worked out, but said by nobody",
    "电信两千四，你们凭啥贵两百": "rightly worked out, but said by nobody",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["kind"])
def test_a_failure_is_refused_and_a_fine_line_said(content: Content, row: dict[str, Any]) -> None:
    who = content.persona("feng_dakui")
    text = clean(row["raw"], (who.name, who.honorific))
    acts = meaning_of(content.lines).acts(text)
    reason = refusal(text, make_direction(move=Move(row["move"])), who, SPOKEN, acts=acts)
    if row["raw"] in LET_THROUGH:
        assert reason is None, "no longer let through: take it off the list"
    elif row["raw"] in REFUSED_THOUGH_FINE:
        assert reason is not None, "no longer refused: take it off the list"
    elif row["allowed"] is False:
        assert reason is not None, text
    else:
        assert (text, reason) == (row["allowed"], None)


def test_there_are_enough_of_every_kind() -> None:
    kinds = Counter(row["kind"] for row in ROWS)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 4
    assert kinds["fine"] >= 60
    assert kinds.total() - kinds["fine"] >= 150
    assert len({(row["move"], row["raw"]) for row in ROWS}) == len(ROWS)
    known = LET_THROUGH.keys() | REFUSED_THOUGH_FINE.keys()
    assert known <= {row["raw"] for row in ROWS}
