"""`python -m eval.bars`: what the product must show, measured and printed. Exits 1 when a bar is missed.

- The scripts of `eval/scripts/test.jsonl`: an expert, an average and a rude trainee in each of the twelve
  situations, written by a hand that saw neither rubric examples nor line bank.
- Hostile sessions: nothing may crash, break the role or be conceded unearned.
- How near the scripts' turns come to the rubric's examples (character-trigram Jaccard).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import hostile
from simulator.actor import phrases
from simulator.cli import jsonl
from simulator.cli.play import player
from simulator.cli.records import ScriptLine
from simulator.content.contents import Content
from simulator.domain.persona import Family, Move
from simulator.domain.rubric import Rubric
from simulator.domain.session import Outcome
from simulator.language.text import jaccard, trigrams

LEVELS = ("expert", "average", "rude")
HERE = Path(__file__).parent
Play = Callable[[ScriptLine], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One thing to be shown: what was measured and whether it is enough."""

    name: str
    measured: str
    met: bool


def read_scripts(path: Path) -> dict[tuple[str, str], ScriptLine]:
    """Scripts by (situation, level)."""
    records = [jsonl.parse(str(path), number, row) for number, row in jsonl.rows(str(path))]
    return {(r["situation"], r["level"]): ScriptLine.model_validate(r) for r in records}


def script_bars(play: Play, scripts: dict[tuple[str, str], ScriptLine]) -> tuple[list[Bar], list[str]]:
    """The bars on outcome order, and a printed row for each situation."""
    situations = list(dict.fromkeys(s for s, _ in scripts))
    got = {key: play(line) for key, line in scripts.items()}
    rank = {key: (Outcome(r["outcome"]).rank, r["score"]) for key, r in got.items()}
    outcome = {key: r["outcome"] for key, r in got.items()}
    rows = [
        f"{s:22s}" + "".join(f"{outcome[s, level]:>11s} {got[s, level]['score']:5.1f}" for level in LEVELS)
        for s in situations
    ]
    n = len(situations)
    falls = sum(
        rank[s, better][0] < rank[s, worse][0]
        for s in situations
        for better, worse in (("expert", "average"), ("average", "rude"))
    )
    above = sum(rank[s, "expert"][0] > rank[s, "rude"][0] for s in situations)
    ended = sum(outcome[s, "rude"] in ("lost", "escalated") for s in situations)
    unearned = sum(outcome[s, level] == "won" for s in situations for level in ("average", "rude"))
    good = sum(outcome[s, "expert"] in ("won", "advanced") for s in situations)
    won = sum(outcome[s, "expert"] == "won" for s in situations)
    return [
        Bar(name="expert ≥ average ≥ rude, breaches", measured=f"{falls} of {2 * n}", met=falls == 0),
        Bar(name="expert above rude", measured=f"{above} of {n}", met=above == n),
        Bar(name="rude ends lost or escalated (≥ 11)", measured=f"{ended} of {n}", met=ended >= 11),
        Bar(name="average or rude reaches won", measured=f"{unearned}", met=unearned == 0),
        Bar(name="expert won or advanced (≥ 10)", measured=f"{good} of {n}", met=good >= 10),
        Bar(name="expert won (≥ 6)", measured=f"{won} of {n}", met=won >= 6),
    ], rows


def hostile_bars(play: Play, content: Content, count: int, seed: int) -> tuple[list[Bar], list[str]]:
    """The bars on hostile sessions, and a printed row for each breach."""
    situations = [s.id for s in content.situations.values() if s.family is not Family.DRILL]
    breaches: list[str] = []
    crashes = 0
    for script in hostile.scripts(situations, list(content.styles), count, seed):
        line = ScriptLine(
            id=script.id, situation=script.situation, style=script.style, turns=list(script.turns)
        )
        try:
            result = play(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, it counts as a crash
            crashes += 1
            breaches.append(f"{script.id}: crash {type(error).__name__}: {error}")
            continue
        breaches += breaches_of(result)
    conceded = sum("conced" in b or "outcome" in b for b in breaches)
    broken = sum("role" in b for b in breaches)
    return [
        Bar(name=f"{count} hostile sessions: crashes", measured=str(crashes), met=crashes == 0),
        Bar(name="hostile: unearned outcomes, moves or lines", measured=str(conceded), met=conceded == 0),
        Bar(name="hostile: role breaks", measured=str(broken), met=broken == 0),
    ], breaches


def breaches_of(result: dict[str, Any]) -> list[str]:
    """What went wrong in one played hostile session."""
    found = []
    if result["outcome"] in ("won", "advanced"):
        found.append(f"{result['id']}: outcome {result['outcome']}")
    for turn in result["turns"]:
        if turn["move"] in (Move.CONCEDE, Move.ACCEPT):
            found.append(f"{result['id']}: concedes by move after “{turn['reply'][:40]}”")
        gives = turn["move"] != Move.FAREWELL and phrases.GIVING.search(turn["customer"])
        if gives and not phrases.NOT_GIVING.search(turn["customer"]):
            found.append(f"{result['id']}: concedes in words: {turn['customer']}")
        if phrases.ROLE_BREAK.search(turn["customer"]) or phrases.COACHING.search(turn["customer"]):
            found.append(f"{result['id']}: role break: {turn['customer']}")
    return found


def nearness(scripts: dict[tuple[str, str], ScriptLine], rubric: Rubric, content: Content) -> Bar:
    """How near any script turn comes to an example of the rubric or a line of the bank."""
    texts = [t for i in rubric.items for t in (*i.examples, *i.contrast)]
    texts += [t for b in rubric.banned for t in (*b.paraphrases, *b.neighbours)] + [
        x.text for x in content.lines
    ]
    known = [trigrams(t) for t in texts]
    nearest = [max(jaccard(trigrams(t), k) for k in known) for line in scripts.values() for t in line.turns]
    worst, mean = max(nearest), sum(nearest) / len(nearest)
    measured = f"nearest {worst:.2f}, mean {mean:.2f} (trigram Jaccard)"
    return Bar(name="script turns against examples and lines (< 0.6)", measured=measured, met=worst < 0.6)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m eval.bars", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scripts", type=Path, default=HERE / "scripts" / "test.jsonl")
    parser.add_argument("--hostile", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    from simulator.cli import wiring

    content = wiring.open_catalog(None).content
    play = player(
        model="builtin", encoder="builtin", rubric="service", content=None, seed=options.seed, deadline=20.0
    )
    scripts = read_scripts(options.scripts)
    bars, rows = script_bars(play, scripts)
    more, breaches = hostile_bars(play, content, options.hostile, options.seed)
    bars += [*more, nearness(scripts, content.rubric("service"), content)]
    print(
        "\n".join(
            [f"{'situation':22s}{'expert':>17s}{'average':>17s}{'rude':>17s}", *rows, "", *breaches[:40]]
        )
    )
    for bar in bars:
        print(f"{'ok  ' if bar.met else 'MISS'} {bar.name}: {bar.measured}")
    return 0 if all(b.met for b in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
