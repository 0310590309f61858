"""`duilian eval regrade` on a real store with the real grader: the same rubric gives what is stored, another
gives another ending, and what was stored stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

from eval.cli import command
from eval.regrade_report import Report, show
from eval.regrading import Comparison, changed, grading_of, passed, regrade, tally
from simulator.actor.actor import Actor
from simulator.actor.models.registry import make_model
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.content.places import shipped
from simulator.domain.grade import Grade
from simulator.domain.session import Ending, Outcome, Session
from simulator.errors import DuilianError, UsageError
from simulator.grading.grader import Grader
from simulator.session import PracticeRoom
from simulator.store import Store
from tests.rooms import catalog

ROOT = Path(__file__).parents[2]
PERSON = "shen_yanqiu"
FAMILIAR = "咱们都是老熟人啦"  # harmless under service@1, banned in service@7
SLOPPY = "这个嘛您懂的啦"  # nothing under service@1, an example of the first step in service@7
BANNED = f"""banned:
  - id: b900
    category: flat_refusal
    phrase: {FAMILIAR}
    source: 本店
    better: 您好，我是移动的客户经理，耽误您两分钟。
    paraphrases: [咱俩谁跟谁呀，老熟人了, 都是老熟人，别那么见外, 咱都认识多少年的老熟人了]
    neighbours: [您是老客户了，谢谢您一直用我们的, 上回是老张接待的您吧，我是新来的小李]
"""
GOOD: list[str] = json.loads(
    (ROOT / "eval/scripts/dev.jsonl").read_text(encoding="utf-8").partition("\n")[0]
)["turns"]
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trainer's folder with a second version of the shipped rubric."""
    text = (shipped("rubrics") / "service@1.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("\nversion: 1\n", "\nversion: 7\n"),
        ("\nbanned:\n", f"\n{BANNED}"),
        ('\n      - "是，乍一看是不便宜"', f'\n      - "{SLOPPY}"\n      - "是，乍一看是不便宜"'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    folder = tmp_path_factory.mktemp("own")
    (folder / "rubrics").mkdir()
    (folder / "rubrics" / "service@7.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def content(own: Path) -> Content:
    return wiring.open_catalog(own).content


@pytest.fixture(scope="module")
def graders(content: Content) -> dict[int, Grader]:
    """Of the first version, and of the trainer's own as 2."""
    encoder = wiring.open_encoder("builtin")
    return {
        n: wiring.make_grader(content.rubric(ref), encoder) for n, ref in ((1, "service@1"), (2, "service@7"))
    }


def say(room: PracticeRoom, session: Session, *replies: str, end: bool = False) -> Session:
    for reply in replies:
        room.submit(session.id, reply)
        session = room.answer(session.id)
    return room.end(session.id) if end else session


def open_room(folder: Path, grader: Grader) -> PracticeRoom:
    """A room over `folder` in which everything is real and the line bank speaks."""
    known = catalog()
    model = make_model("bank", lambda: known.content)
    return PracticeRoom(
        catalog=known,
        grader_for=lambda _: grader,
        actor=Actor(lambda: known.content, model),
        model=model.name,
        encoder=grading_of(grader).encoder,
        store=Store.open(folder / wiring.DATABASE),
        rubric="service@1",
    )


@pytest.fixture(scope="module")
def practised(
    tmp_path_factory: pytest.TempPathFactory, graders: dict[int, Grader]
) -> tuple[Path, dict[str, str]]:
    """A data folder of sessions under service@1, and their ids by name."""
    folder = tmp_path_factory.mktemp("practised")
    room = open_room(folder, graders[1])
    good = say(room, room.start(PERSON, seed=5, trainee="小李"), *GOOD)
    familiar = say(room, room.start(PERSON, seed=5, trainee="小王"), *(f"{FAMILIAR}，{r}" for r in GOOD))
    sloppy = say(room, room.start(PERSON, seed=5, trainee="小王"), SLOPPY, "嗯嗯", SLOPPY)
    repeating = say(room, room.redo(good.id, 2), GOOD[2], GOOD[2] + "呀", GOOD[0], end=True)
    resumed = say(room, room.start("feng_dakui", seed=9), GOOD[0])
    room.submit(resumed.id, GOOD[1])
    silent = room.end(room.start(PERSON, seed=1, trainee="小李").id)
    room.start(PERSON, seed=2, trainee="小李")  # not finished
    room.store.close()
    room = open_room(folder, graders[1])
    room.end(resumed.id)  # answers what was pending
    room.store.close()
    assert [s.outcome for s in (good, familiar, sloppy)] == [Outcome.WON, Outcome.WON, Outcome.LOST]
    reasons = [r.key for t in repeating.turns if t.step for r in t.step.reasons]
    assert "feature:repeated" in reasons
    assert len(familiar.turns) == len(GOOD)
    return folder, {
        "good": good.id,
        "familiar": familiar.id,
        "sloppy": sloppy.id,
        "repeating": repeating.id,
        "resumed": resumed.id,
        "silent": silent.id,
    }


@pytest.fixture
def data(practised: tuple[Path, dict[str, str]], tmp_path: Path) -> Path:
    """A folder of one's own with the practised sessions."""
    return Path(shutil.copytree(practised[0], tmp_path / "data"))


@pytest.fixture
def ids(practised: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return practised[1]


@pytest.fixture
def call(data: Path, own: Path, graders: dict[int, Grader], monkeypatch: pytest.MonkeyPatch) -> Call:
    """`duilian eval regrade` over the practised sessions. The graders are the real ones, made once: that
    takes seconds."""
    made = {g.rubric.hash: g for g in graders.values()}
    monkeypatch.setattr(wiring, "make_grader", lambda rubric, *_: made[rubric.hash])

    def run(*arguments: object, rubric: str = "service@7", folder: Path = data) -> Result:
        given = ["regrade", "--rubric", rubric, "--data", folder, "--content", own, *arguments]
        return CliRunner().invoke(command, [str(a) for a in given])

    return run


def query(folder: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / wiring.DATABASE)) as raw, raw:
        return raw.execute(sql, values).fetchall()


def everything(folder: Path) -> list[Any]:
    """All that was stored when the sessions were practised."""
    return [query(folder, f"SELECT * FROM {table}") for table in ("sessions", "turns")]


def same_judgement(then: Grade, now: Grade) -> bool:
    """Whether two grades say the same; a score may differ by 0.0001 with what else is graded beside it."""
    plain = [
        replace(g, items=tuple(replace(i, score=0.0, nearest=None) for i in g.items), banned=())
        for g in (then, now)
    ]
    scores = [[i.score for i in g.items] for g in (then, now)]
    hits = [[(h.id, h.span) for h in g.banned] for g in (then, now)]
    return plain[0] == plain[1] and hits[0] == hits[1] and scores[0] == pytest.approx(scores[1], abs=2e-4)


def test_under_the_same_rubric_all_is_as_it_was(
    data: Path, ids: dict[str, str], content: Content, graders: dict[int, Grader]
) -> None:
    """Requests rebuilt in any other way (history, facts, style, repetition, seed) would not grade the same."""
    with Store.open(data / wiring.DATABASE) as store:
        found = list(regrade(store, store.finished(), content, graders[1]))
        assert {c.session_id for c in found} == set(ids.values())
        for c in found:
            assert c.error == ""
            assert c.then == c.now
            session, [again] = store.load(c.session_id), store.regrades_of(c.session_id)
            assert [t.index for t in again.turns] == [t.index for t in session.turns]
            assert all(
                t.grade is not None and same_judgement(t.grade, r.grade)
                for t, r in zip(session.turns, again.turns, strict=True)
            )


def test_under_another_rubric_the_same_replies_lead_elsewhere(
    data: Path, ids: dict[str, str], content: Content, graders: dict[int, Grader]
) -> None:
    before = everything(data)
    with Store.open(data / wiring.DATABASE) as store:
        found = {c.session_id: c for c in regrade(store, store.finished(), content, graders[2])}
        familiar, [again] = found[ids["familiar"]], store.regrades_of(ids["familiar"])
        session = store.load(ids["familiar"])
    assert familiar.then == Ending(outcome=Outcome.WON, score=100.0, replies=len(GOOD))
    assert familiar.now == again.ending
    assert again.ending.outcome is Outcome.ESCALATED
    assert again.ending.replies < len(GOOD), "the customer would have left; what came after does not count"
    assert [t.index for t in again.turns] == list(range(len(GOOD))), "but all of it was graded"
    assert {h.id for t in again.turns for h in t.grade.banned} == {"b900"}
    assert not any(t.grade.banned for t in session.turns if t.grade)
    assert again.grading == grading_of(graders[2])
    assert len(again.grading.calibration) == 16
    assert not again.grading.calibrated
    sloppy = found[ids["sloppy"]]
    assert sloppy.then is not None
    assert sloppy.now is not None
    assert (sloppy.then.outcome, sloppy.now.outcome) == (Outcome.LOST, Outcome.STALLED)
    assert sloppy.now.score > 0 == sloppy.then.score
    assert not changed(found[ids["good"]])
    assert everything(data) == before


def test_the_command_tells_what_changed(call: Call, data: Path, ids: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    result = call("--output", out)
    assert result.exit_code == 0, result.output
    assert "共 6 场：这次打了 6 场，已有 0 场，没打成 0 场" in result.output
    assert "还没有自己的校准" in result.output
    fell = [line for line in result.output.splitlines() if "不及格了" in line]
    assert len(fell) == 1
    for part in ("小王", "沈砚秋", "嫌贵", "100.0 → 20.0", "谈成了 → 客户去投诉了，不及格了"):
        assert part in fell[0]
    [sloppy] = [line for line in result.output.splitlines() if "客户走了 → 没谈出结果" in line]
    assert "0.0 → " in sloppy
    rows = {r["session"]: r for r in map(json.loads, out.read_text(encoding="utf-8").splitlines())}
    assert list(rows) == list(ids.values())
    row = rows[ids["familiar"]]
    assert (row["trainee"], row["persona"], row["situation"]) == ("小王", PERSON, "too_expensive")
    assert row["then"]["rubric"] == "service@1"
    assert {k: row["then"][k] for k in ("score", "outcome", "replies", "passed")} == {
        "score": 100.0, "outcome": "won", "replies": 7, "passed": True,
    }  # fmt: skip
    assert row["now"] == {"score": 20.0, "outcome": "escalated", "replies": 6, "passed": False}
    assert (row["changed"], row["kept"]) == (True, False)
    assert not rows[ids["silent"]]["changed"]


def test_nothing_is_graded_twice(call: Call, data: Path, ids: dict[str, str]) -> None:
    first = json.loads(call("--json").stdout)
    rows = query(data, "SELECT * FROM regrades")
    assert len(rows) == len(ids)
    second = json.loads(call("--json").stdout)
    assert query(data, "SELECT * FROM regrades") == rows
    assert (first["kept"], second["kept"]) == (0, len(ids))
    assert {**second, "kept": 0, "trainees": [], "changed": []} == {**first, "trainees": [], "changed": []}
    assert [c["session"] for c in second["changed"]] == [c["session"] for c in first["changed"]]
    assert "已有 6 场" in call().output
    third = json.loads(call("--json", rubric="service@1").stdout)
    assert (third["kept"], third["changed"]) == (0, [])
    assert len(query(data, "SELECT * FROM regrades")) == 2 * len(ids)


def test_again_adds_what_changed_persons_come_to(call: Call, data: Path, ids: dict[str, str]) -> None:
    call("--json")
    rows = query(data, "SELECT * FROM regrades ORDER BY made, id")
    query(data, "UPDATE sessions SET persona = 'nobody' WHERE id = ?", ids["good"])
    assert json.loads(call("--json").stdout)["kept"] == len(ids), "looked up, not looked at"
    result = call("--json", "--again")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["kept"], told["failed"]) == (0, 1)
    assert [e["session"] for e in told["errors"]] == [ids["good"]]
    after = query(data, "SELECT * FROM regrades ORDER BY made, id")
    assert after[: len(rows)] == rows
    assert len(after) == len(rows) + len(ids) - 1


def test_a_session_that_is_lost_stops_no_other(
    call: Call, data: Path, ids: dict[str, str], tmp_path: Path
) -> None:
    with Store.open(data / wiring.DATABASE) as store:
        hanging = store.branch(ids["good"], 1)
        store.add_reply(hanging.id, "稍等")
        store.finish(hanging.id, Outcome.STALLED, 0.0)
    query(data, "UPDATE sessions SET persona = 'nobody' WHERE id = ?", ids["good"])
    query(data, "UPDATE sessions SET situation = 'nowhere' WHERE id = ?", ids["sloppy"])
    query(data, "UPDATE turns SET grade = '{' WHERE session_id = ?", ids["repeating"])
    out = tmp_path / "rows.jsonl"
    result = call("--output", out)
    assert result.exit_code == 1
    assert "没打成 4 场" in result.output
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    errors = {r["session"]: r["error"] for r in rows if "error" in r}
    assert "nobody" in errors[ids["good"]]
    assert "service@7 里没有情境“nowhere”" in errors[ids["sloppy"]]
    assert "已损坏" in errors[ids["repeating"]]
    assert "第 2 句回复还没有得到回应" in errors[hanging.id]
    assert len(errors) == 4
    assert all(i in result.output for i in errors)
    assert {r["session"] for r in rows if "now" in r} == {ids[n] for n in ("familiar", "resumed", "silent")}
    assert {s for (s,) in query(data, "SELECT session_id FROM regrades")} == {
        r["session"] for r in rows if "now" in r
    }
    query(data, "UPDATE sessions SET persona = ? WHERE id = ?", PERSON, ids["good"])
    later = json.loads(call("--json").stdout)
    assert (later["sessions"], later["kept"], later["failed"]) == (7, 3, 3)
    assert {e["session"] for e in later["errors"]} == set(errors) - {ids["good"]}


def test_only_some_sessions(call: Call, data: Path, ids: dict[str, str]) -> None:
    """Days are those of the clock here, and both ends count."""
    for name, day in (("good", 1), ("familiar", 2), ("sloppy", 3)):
        noon = time.strftime(
            "%Y-%m-%d %H:%M:%S", time.gmtime(time.mktime((2025, 3, day, 12, 0, 0, 0, 0, -1)))
        )
        query(data, "UPDATE sessions SET started = ? WHERE id = ?", f"{noon}.000000", ids[name])

    def chosen(*arguments: str) -> int:
        return int(json.loads(call("--json", *arguments).stdout)["sessions"])

    assert chosen("--until", "2025-03-03") == 3
    assert chosen("--since", "2025-03-02", "--until", "2025-03-02") == 1
    assert chosen("--since", "2025-03-02") == 5
    assert chosen("--until", "9999-12-31") == chosen("--since", "0001-01-01") == 6, "no bound"
    assert chosen("--trainee", "小王") == 2
    assert chosen("--since", "2025-03-03", "--trainee", "小王") == 1
    told = json.loads(call("--json").stdout)["trainees"]
    assert {t["trainee"]: t["sessions"] for t in told} == {"": 1, "小李": 3, "小王": 2}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "2026-13-01"], "2026-13-01.*2026-11-01 这样"),
        (["--until", "昨天"], "昨天.*2026-11-01 这样"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "比 --until 2026-11-01 还晚"),
        (["--until", "0001-01-01"], "太早|没有符合条件的"),
        (["--trainee", "谁"], "没有符合条件的"),
        (["--since", "2999-01-01"], "没有符合条件的"),
        (["--json", "--output", "-"], "只能选一个"),
        (["--pass-mark", "101"], "101"),
        (["--pass-mark", "nan"], "nan.*0 到 100"),
        (["--rubric", "service@9"], "service@9.*service@7"),
    ],
)
def test_what_cannot_be_done_is_told(call: Call, data: Path, arguments: list[str], says: str) -> None:
    told(call(*arguments), says)
    assert query(data, "SELECT * FROM regrades") == []


def told(result: Result, says: str) -> None:
    """One message, exit code 2."""
    assert result.exit_code == 2 or isinstance(result.exception, DuilianError)
    with pytest.raises(AssertionError, match=f"(?s){says}"):
        raise AssertionError(result.output + str(result.exception))


def test_a_folder_without_sessions_stays_without(call: Call, tmp_path: Path) -> None:
    result = call(folder=tmp_path / "elsewhere")
    assert isinstance(result.exception, UsageError)
    assert "没有练习记录" in str(result.exception)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_the_sessions_themselves_are_not_written_over(call: Call, data: Path, end: str) -> None:
    before = (data / wiring.DATABASE).read_bytes()
    result = call("--output", data / ".." / data.name / f"{wiring.DATABASE}{end}")
    assert isinstance(result.exception, UsageError)
    assert "不能写到练习记录上" in str(result.exception)
    assert (data / wiring.DATABASE).read_bytes() == before


def test_rows_on_standard_output_stand_alone(call: Call, ids: dict[str, str]) -> None:
    result = call("--output", "-")
    assert [json.loads(line)["session"] for line in result.stdout.splitlines()] == list(ids.values())
    assert "共 6 场" in result.stderr


def test_the_pass_mark_is_the_callers(call: Call) -> None:
    assert json.loads(call("--json").stdout)["passed_now"] >= 1
    strict = json.loads(call("--json", "--pass-mark", "100").stdout)
    assert strict["passed_then"] == 2
    assert strict["pass_mark"] == 100.0


@pytest.mark.parametrize(
    ("outcome", "score", "passes"),
    [
        (Outcome.WON, 60.0, True),
        (Outcome.WON, 59.9, False),
        (Outcome.STALLED, 60.0, True),
        (Outcome.ADVANCED, 100.0, True),
        (Outcome.LOST, 100.0, False),
        (Outcome.ESCALATED, 100.0, False),
        (Outcome.WON, None, False),
    ],
)
def test_what_passing_is(outcome: Outcome, score: float | None, passes: bool) -> None:
    assert passed(Ending(outcome=outcome, score=score, replies=3)) is passes


def made_up(
    store: Store, ids: dict[str, str], *endings: tuple[Outcome, float, Outcome, float]
) -> list[Comparison]:
    """Comparisons of one stored session with given endings then and now."""
    one = store.summary(ids["good"])
    return [
        Comparison(
            session_id=one.id,
            session=replace(
                one, outcome=was, score=old, setup=replace(one.setup, trainee=f"[red]{n % 2}号学员")
            ),
            now=Ending(outcome=now, score=new, replies=2),
        )
        for n, (was, old, now, new) in enumerate(endings)
    ]


ENDINGS = [
    (Outcome.WON, 80.0, Outcome.LOST, 80.0),
    (Outcome.LOST, 80.0, Outcome.WON, 80.0),
    (Outcome.ESCALATED, 20.0, Outcome.ADVANCED, 60.0),
    (Outcome.WON, 90.0, Outcome.WON, 70.0),
    (Outcome.STALLED, 30.0, Outcome.STALLED, 30.0),
]


def test_counting(data: Path, ids: dict[str, str]) -> None:
    with Store.open(data / wiring.DATABASE) as store:
        found = made_up(store, ids, *ENDINGS)
    lost = Comparison(session_id="x", session=found[0].session, error="没了")
    unread = Comparison(session_id="y", session=None, error="坏了")
    total = tally([*found, lost, unread])
    assert (total.sessions, total.failed, total.kept) == (7, 2, 0)
    assert (total.passed_then, total.passed_now, total.fell, total.rose) == (2, 3, 1, 2)
    assert (total.mean_then, total.mean_now) == (60.0, 64.0)
    assert total.outcomes == {(was, now): 1 for was, _, now, _ in ENDINGS}
    assert [changed(c) for c in [*found, lost, unread]] == [True] * 4 + [False] * 3
    nothing = tally([lost])
    assert (nothing.mean_then, nothing.mean_now, nothing.outcomes) == (None, None, {})


@pytest.mark.parametrize("width", [80, 100])
def test_the_tables_fit_the_screen_and_drop_nothing(
    data: Path, ids: dict[str, str], content: Content, graders: dict[int, Grader], width: int
) -> None:
    with Store.open(data / wiring.DATABASE) as store:
        found = made_up(store, ids, *ENDINGS)
    lost = Comparison(session_id=ids["good"], session=found[0].session, error="没有 nobody 这个人物" * 20)
    report = Report(grading=grading_of(graders[2]), comparisons=[*found, lost], content=content, mark=60.0)
    screen = StringIO()
    show(report, Console(file=screen, width=width, markup=False))
    text = screen.getvalue()
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    squeezed = "".join(text.split())
    assert squeezed.count("[red]0号学员") == 3
    assert "没有nobody这个人物" in squeezed


def thousand(source: Path, ids: dict[str, str], folder: Path) -> None:
    """1,000 sessions of 20 trainees: the practised ones over and over, with ids and times of their own."""
    folder.mkdir()
    Store.open(folder / wiring.DATABASE).close()
    names = ["familiar", *["sloppy"] * 10, *["resumed"] * 9]
    with closing(sqlite3.connect(source / wiring.DATABASE)) as raw:
        raw.row_factory = sqlite3.Row
        stored = {
            name: [
                [dict(r) for r in raw.execute(f"SELECT * FROM {table} WHERE {key} = ?", (ids[name],))]
                for table, key in (("sessions", "id"), ("turns", "session_id"))
            ]
            for name in set(names)
        }
    with closing(sqlite3.connect(folder / wiring.DATABASE)) as raw, raw:
        for n in range(1000):
            new = uuid5(UUID(int=0), str(n)).hex
            [session], turns = stored[names[n % 20]]
            day, minute = divmod(n, 60)
            started = f"2026-10-{day + 1:02d} 08:{minute:02d}:00.000000"
            insert(raw, "sessions", session | {"id": new, "started": started, "trainee": f"学员{n % 20}"})
            for turn in turns:
                insert(raw, "turns", turn | {"session_id": new})


def insert(raw: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    raw.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


@pytest.mark.slow
def test_a_thousand_sessions_killed_in_the_middle_and_run_again(
    call: Call, data: Path, own: Path, ids: dict[str, str], tmp_path: Path
) -> None:
    folder, out = tmp_path / "many", tmp_path / "rows.jsonl"
    thousand(data, ids, folder)
    before = everything(folder)
    arguments = ["--rubric", "service@7", "--data", folder, "--content", own, "--output", out]
    program = [sys.executable, "-c", "from eval.commands.regrade import command; command()"]
    child = subprocess.Popen([*program, *map(str, arguments)], cwd=ROOT, start_new_session=True)
    try:
        while child.poll() is None and query(folder, "SELECT count(*) FROM regrades") < [(150,)]:
            time.sleep(0.05)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL, "it was done before it could be killed"
    done = query(folder, "SELECT * FROM regrades ORDER BY id")
    assert 150 <= len(done) < 1000
    assert not out.exists(), "a file appears whole or not at all"
    result = call("--json", "--output", out, folder=folder)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["sessions"], told["kept"], told["failed"]) == (1000, len(done), 0)
    assert everything(folder) == before
    after = query(folder, "SELECT * FROM regrades ORDER BY id")
    assert len(after) == 1000
    assert set(done) <= set(after)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [r["started"] for r in rows] == sorted(r["started"] for r in rows)
    assert [r for r in rows if r["changed"]] == told["changed"]
    fell = [r for r in rows if r["then"]["passed"] and not r["now"]["passed"]]
    assert told["pass_to_fail"] == len(fell) == 50, "all who said it"
    assert {r["trainee"] for r in fell} == {"学员0"}
    with Store.open(folder / wiring.DATABASE) as store:
        for row in chain(rows[:40], rows[-40:]):
            session, [again] = store.load(row["session"]), store.regrades_of(row["session"])
            assert (session.score, session.outcome) == (row["then"]["score"], row["then"]["outcome"])
            assert (again.ending.score, again.ending.outcome) == (row["now"]["score"], row["now"]["outcome"])
            assert {t.grade.rubric for t in session.turns if t.grade} == {"service@1"}
            assert {t.grade.rubric for t in again.turns} == {"service@7"}
