"""The evaluation page without a browser: what can be chosen, where runs are kept, and processes that fail or are
left. The processes of most tests are small stand-ins for the commands; `test_tab_browser` has the real ones."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from eval.tab import child, choices, components, view, work
from eval.tab.child import Child
from eval.tab.plan import Plan, Planned, plan
from eval.tab.work import State, Step, Stopped, Turn
from simulator.app import pages
from simulator.app.desk import Ask, Desk
from simulator.app.pages import Place
from simulator.cli import wiring
from simulator.content.contents import Content
from simulator.errors import InputError, UsageError
from simulator.session import PracticeRoom
from tests.app.rooms import open_room
from tests.eval.planted_runs import planted, write_run

CASE = {
    "id": "q1", "situation": "too_expensive", "customer": "太贵了", "reply": "您说得对。", "steps": [], "skills": [],
    "negatives": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def content() -> Content:
    return wiring.open_catalog(None).content


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(
        content=None,
        data=tmp_path / "data",
        encoder="builtin",
        encoder_hash=wiring.open_encoder("builtin").hash,
    )


def with_versions(content: Content, *numbers: int) -> Content:
    """Only `service`, in these versions, of which 1 is released."""
    base = content.rubric("service@1")
    made = [replace(base, version=n, hash=f"{n:016x}") for n in numbers]
    return replace(content, rubrics={r.ref: r for r in made}, released={"service@1": made[0].hash})


# ---- what can be chosen -------------------------------------------------------------------------


def test_versions_newest_first_and_drafts_are_told(content: Content) -> None:
    known = with_versions(content, 1, 2, 10)
    assert [ref for _, ref in choices.versions(known)] == ["service@10", "service@2", "service@1"]
    labels = {ref: label for label, ref in choices.versions(known)}
    assert "草稿" in labels["service@10"]
    assert "已发布" in labels["service@1"]


@pytest.mark.parametrize(
    ("numbers", "chosen"), [((1,), ("service@1", "service@1")), ((1, 2, 10), ("service@2", "service@10"))]
)
def test_the_two_newest_are_chosen_at_first(
    content: Content, numbers: tuple[int, ...], chosen: tuple[str, str]
) -> None:
    assert choices.first_choice(with_versions(content, *numbers)) == chosen


def test_shipped_files_carry_a_warning_and_are_never_chosen_at_first(tmp_path: Path) -> None:
    shipped = choices.case_sets(tmp_path)
    assert [s.label for s in shipped[:2]] == ["service 校准集（自带）", "service 测试集（自带）"]
    assert {s.path.name for s in shipped} == {"calibration.jsonl", "test.jsonl"}
    assert all(s.note for s in shipped)
    assert "最后验证" in choices.case_set("shipped/test.jsonl", tmp_path).note
    assert choices.first_set(shipped) is None
    own = write_cases(tmp_path / "cases" / "mine.jsonl", CASE)
    first = choices.first_set(choices.case_sets(tmp_path))
    assert first is not None
    assert first.path == own


def write_cases(path: Path, *cases: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "key", [None, "", "own/../secret.jsonl", "shipped/train.jsonl", "shipped/../cli.py", 3]
)
def test_only_what_was_offered_can_be_chosen(tmp_path: Path, key: object) -> None:
    write_cases(tmp_path / "secret.jsonl", CASE)
    write_cases(tmp_path / "cases" / "mine.jsonl", CASE)
    with pytest.raises(UsageError, match="先选一份"):
        choices.case_set(key, tmp_path)


def test_an_upload_is_kept_and_never_written_over(tmp_path: Path) -> None:
    data = tmp_path / "data"
    one = choices.keep(write_cases(tmp_path / "a" / "我的 回复.jsonl", CASE), data)
    assert one.path == data / "cases" / "我的-回复.jsonl"
    again = choices.keep(write_cases(tmp_path / "b" / "我的 回复.jsonl", CASE), data)
    other = choices.keep(write_cases(tmp_path / "c" / "我的 回复.jsonl", {**CASE, "id": "q2"}), data)
    assert again == one
    assert other.path.name == "我的-回复-2.jsonl"
    assert json.loads(one.path.read_text(encoding="utf-8"))["id"] == "q1"
    assert choices.case_set(other.key, data) == other


@pytest.mark.parametrize(("bad", "place_of_it"), [({"id": "q2"}, ":2"), (CASE, ":2")])
def test_a_bad_upload_is_refused_by_its_line_and_not_kept(
    tmp_path: Path, bad: dict[str, Any], place_of_it: str
) -> None:
    with pytest.raises(InputError, match=place_of_it):
        choices.keep(write_cases(tmp_path / "x.jsonl", CASE, bad), tmp_path / "data")
    with pytest.raises(UsageError, match="没有回复"):
        choices.keep(write_cases(tmp_path / "empty.jsonl"), tmp_path / "data")
    assert not (tmp_path / "data" / "cases").exists()


# ---- where runs are kept ------------------------------------------------------------------------


def test_a_run_is_found_again_and_never_taken_for_another(
    content: Content, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, others = write_cases(tmp_path / "a", CASE), write_cases(tmp_path / "b", {**CASE, "id": "q2"})
    known = with_versions(content, 1, 2)

    def folders(file: Path) -> tuple[Path, Path]:
        made = plan(known, place, "service@1", "service@2", file)
        return made.a.folder, made.b.folder

    first = folders(cases)
    assert folders(cases) == first
    assert [f.parent for f in first] == [place.data / "runs"] * 2
    assert first[0].name.startswith(f"service@1-{1:016x}"[:18] + f"-{place.encoder_hash[:8]}-")
    assert len({*first, *folders(others)}) == 4
    monkeypatch.setattr("eval.tab.plan.record.versions", lambda: {"duilian": "99"})
    assert not {*first} & {*folders(cases)}


def test_the_same_version_twice_is_two_runs(content: Content, place: Place, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "a", CASE)
    made = plan(content, place, "service@1", "service@1", cases)
    assert made.a.folder != made.b.folder
    assert not made.a.there()


def test_an_unknown_version_is_refused(content: Content, place: Place, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="先选新版"):
        plan(content, place, "service@1", "service@99", write_cases(tmp_path / "a", CASE))


# ---- processes ----------------------------------------------------------------------------------

Stand = Callable[[str], None]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Puts a script in the place of `duilian`; it finds its arguments in `words`."""

    def put(body: str) -> None:
        script = tmp_path / "duilian.py"
        script.write_text(
            f"import sys, time, pathlib\nwords = sys.argv[1:]\n"
            f"say = lambda text: print(text, file=sys.stderr, flush=True)\n{body}\n",
            encoding="utf-8",
        )
        monkeypatch.setattr(child, "_PROGRAM", (sys.executable, str(script)))

    return put


@pytest.fixture
def wanted(tmp_path: Path) -> Plan:
    """A plan of which nothing is there yet."""
    runs = [Planned(rubric=f"service@{n}", folder=tmp_path / f"run{n}") for n in (1, 2)]
    return Plan(a=runs[0], b=runs[1], cases=tmp_path / "cases.jsonl")


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


HANGS = "say('10/100')\nsay(f'pid {__import__(\"os\").getpid()}')\ntime.sleep(600)"
COMPARES = """
for name, text in (('--html', '<p>page</p>'), ('--json', '{"pairs": [{"verdict": {"text": "一样。40 条。"}}]}')):
    pathlib.Path(words[words.index(name) + 1]).write_text(text, encoding='utf-8')
"""


def hanging(steps: Iterator[tuple[Step, ...]], monkeypatch: pytest.MonkeyPatch) -> int:
    """Goes on until the process of the first step has told its progress; its id."""
    made: list[Child] = []
    real = work.Child
    monkeypatch.setattr(work, "Child", lambda words: made.append(real(words)) or made[-1])
    for found in itertools.islice(steps, 200):
        if made and found[0].count and any("pid" in line for line in made[-1]._lines):
            assert (found[0].done, found[0].count, found[0].state) == (10, 100, State.RUNNING)
            return made[-1]._process.pid
    raise AssertionError("no progress was told")


def test_stop_ends_the_process(
    wanted: Plan, place: Place, tmp_path: Path, stand_in: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(HANGS)
    stop = threading.Event()
    steps = work.carry_out(wanted, place, tmp_path, stop)
    pid = hanging(steps, monkeypatch)
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    stop.set()
    with pytest.raises(Stopped, match="接着跑"):
        list(steps)
    assert not lives(pid)


def test_a_browser_that_goes_ends_the_process(
    wanted: Plan, place: Place, tmp_path: Path, stand_in: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(HANGS)
    steps = work.carry_out(wanted, place, tmp_path, threading.Event())
    pid = hanging(steps, monkeypatch)
    cast(Any, steps).close()  # as Gradio does
    assert not lives(pid)


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("say('1/9')\nsay('错误：x.jsonl:3: 少了 reply')\nsys.exit(2)", r"^x\.jsonl:3: 少了 reply$"),
        ("say('错误：a.yaml:1 不对\\nb.yaml:2 也不对')\nsys.exit(2)", r"^a\.yaml:1 不对\nb\.yaml:2 也不对$"),
        ("raise ValueError('inside')", r"旧版 service@1.*退出码 1（ValueError: inside）"),
        ("import os; os.kill(os.getpid(), 9)", r"退出码 -9。"),
        ("", r"退出码 0"),  # it said it was done, and there is no run
    ],
)
def test_a_process_that_fails_is_told_in_its_own_words(
    wanted: Plan, place: Place, tmp_path: Path, stand_in: Stand, does: str, told: str
) -> None:
    stand_in(does)
    with pytest.raises(UsageError, match=told):
        list(work.carry_out(wanted, place, tmp_path, threading.Event()))


def test_finished_runs_are_used_again(wanted: Plan, place: Place, tmp_path: Path, stand_in: Stand) -> None:
    for run in (wanted.a, wanted.b):
        write_run(run.folder, planted(5))
    stand_in(f"assert words[:2] == ['eval', 'compare']\n{COMPARES}")
    *_, last = work.carry_out(wanted, place, tmp_path, threading.Event())
    assert [s.state for s in last] == [State.KEPT, State.KEPT, State.DONE]
    found = work.result(wanted, tmp_path)
    assert found.verdict == "一样"
    assert found.html.read_text(encoding="utf-8") == "<p>page</p>"


def test_the_options_of_the_server_reach_the_commands(
    wanted: Plan, place: Place, tmp_path: Path, stand_in: Stand
) -> None:
    stand_in("say('错误：' + '|'.join(words))\nsys.exit(2)")
    own = replace(place, content=tmp_path / "own", encoder="mine")
    with pytest.raises(UsageError) as told:
        list(work.carry_out(wanted, own, tmp_path, threading.Event()))
    words = str(told.value).split("|")
    assert words[:2] == ["eval", "run"]
    assert dict(zip(words[2::2], words[3::2], strict=True)) == {
        "--rubric": "service@1", "--encoder": "mine", "--content": str(tmp_path / "own"),
        "--cases": str(wanted.cases), "--out": str(wanted.a.folder), "--progress": "lines",
    }  # fmt: skip


def test_time_left_is_of_what_this_run_does(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 110.0, 120.0])
    monkeypatch.setattr(work.time, "monotonic", lambda: next(now))
    pace, step = work.Pace(), Step(title="x")
    assert pace.told(step, 512, 912).left is None  # 512 were there already
    assert pace.told(step, 512, 912).left is None
    assert pace.told(step, 612, 912).left == pytest.approx(60.0)


def test_one_at_a_time_and_only_its_owner_stops_it() -> None:
    turn = Turn()
    with turn.of("a") as stop:
        with pytest.raises(UsageError, match="一次只能跑一个"), turn.of("b"):
            raise AssertionError("it was a's turn")
        turn.stop("b")
        assert not stop.is_set()
        turn.stop("a")
        assert stop.is_set()
    with turn.of("b") as stop:
        assert not stop.is_set()


# ---- what is shown ------------------------------------------------------------------------------


def events(place: Place) -> Any:
    bench = components.Bench(place=place, catalog=wiring.open_catalog(None), turn=Turn())
    return bench, components._compared(bench)


class Request:
    """What a listener reads of Gradio's."""

    session_hash = "me"


def test_a_failure_frees_the_button_and_the_turn(place: Place) -> None:
    bench, compared = events(place)
    told, _ = compared("service@1", "service@1", "own/<none>", Request())
    outcome = dict(zip(components._OUTPUTS, told, strict=True))
    assert "先选一份" in outcome["status"]
    assert outcome["start"].interactive is True
    assert outcome["stop"].visible is False
    with bench.turn.of("somebody"):
        told, _ = compared("service@1", "service@1", "own/<none>", Request())
    assert "一次只能跑一个" in dict(zip(components._OUTPUTS, told, strict=True))["status"]


def test_what_nobody_foresaw_is_logged_and_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("inner detail")

    monkeypatch.setattr(components, "plan", breaks)
    _, compared = events(place)
    told, _ = compared("service@1", "service@1", "shipped/test.jsonl", Request())
    status = dict(zip(components._OUTPUTS, told, strict=True))["status"]
    assert "程序出了点问题" in status
    assert "inner detail" not in status
    assert "ZeroDivisionError" in caplog.text


def test_what_comes_from_files_is_escaped() -> None:
    nasty = "<script>alert(1)</script>"
    shown = [
        view.failed(nasty), view.told(nasty), view.note(nasty), view.verdict(nasty), view.framed(nasty),
        view.steps([Step(title=nasty)]),
    ]  # fmt: skip
    assert all("<script" not in s and "&lt;script&gt;" in s for s in shown)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "5 / 1,000 条<"), (0.2, "还要 1 秒"), (100.0, "还要 2 分钟"), (9000.0, "还要 2.5 小时")],
)
def test_time_left_is_told_roughly(seconds: float | None, told: str) -> None:
    step = Step(title="旧版", state=State.RUNNING, done=5, count=1000, left=seconds)
    assert told in view.steps([step])


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PracticeRoom]:
    room = open_room(tmp_path)
    with room.store:
        yield room


def test_the_choosing_screen_leads_to_the_page_and_a_chat_does_not(place: Place, room: PracticeRoom) -> None:
    found = pages.added(place)
    assert [p.path for p in found] == ["evaluation"]
    desk = Desk(room, found)
    assert '<a class="way" href="evaluation">评估</a>' in (desk.home(Ask()).bar or "")
    assert ">Evaluation</a>" in (desk.home(Ask(lang="en")).bar or "")
    (chat,) = desk.start(Ask(persona="qiao_manli", trainee="me"))
    assert "evaluation" not in (chat.bar or "")
    assert "evaluation" not in (Desk(room).home(Ask()).bar or "")
