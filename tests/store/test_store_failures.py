"""Disks and files that fail: always a `StoreError` that names the file and says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from simulator.domain.session import Session
from simulator.errors import StoreError
from simulator.store import Store
from tests.factories import REPLY, make_grade, make_line, make_opening, make_setup, make_state, make_step


def garbage(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes("这不是数据库".encode() * 400)


def cut_short(path: Path) -> None:
    Store.open(path).close()
    path.write_bytes(path.read_bytes()[:6000])


def below_a_file(path: Path) -> None:
    path.parent.write_text("同名文件")


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def broken_revision(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DELETE FROM alembic_version")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (garbage, "已损坏或不是数据库.*备份"),
        (cut_short, "已损坏或不是数据库.*备份"),
        (below_a_file, "打不开.*--data"),
        (a_folder, "打不开.*--data"),
        (broken_revision, "不是对练的数据库.*--data"),
    ],
)
def test_a_path_that_cannot_be_used(path: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(path)
    with pytest.raises(StoreError, match=says) as caught:
        Store.open(path)
    assert str(path) in str(caught.value)


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="打不开"):
        Store.open(tmp_path / "file" / "data" / "sessions.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o500)
    with pytest.raises(StoreError, match=r"打不开|没有写入权限"):
        Store.open(path)


def test_a_database_that_may_only_be_read(path: Path, store: Store, session: Session) -> None:
    with Store.open(path) as other, _on_connect("PRAGMA query_only=ON"):
        assert other.load(session.id) == session
        with pytest.raises(StoreError, match=r"没有写入权限.*--data"):
            other.add_reply(session.id, REPLY)
    assert store.load(session.id) == session


def test_a_full_disk_loses_nothing_that_was_stored(path: Path, store: Store, session: Session) -> None:
    with closing(sqlite3.connect(path)) as raw:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
    with Store.open(path) as small, _on_connect(f"PRAGMA max_page_count={pages + 8}"):
        with pytest.raises(StoreError, match=r"磁盘已满.*请腾出空间") as caught:
            _play_on(small, session.id)
        assert str(path) in str(caught.value)
        assert store.load(session.id) == small.load(session.id)
    kept = store.load(session.id)
    answered = [t for t in kept.turns if t.line is not None]
    assert answered
    assert answered == list(kept.turns[: len(answered)])
    if kept.pending is None:
        store.add_reply(session.id, REPLY)
    store.answer(session.id, len(answered), make_grade(), make_step(), make_line())


def test_a_locked_database(path: Path, session: Session) -> None:
    raw_connection = closing(sqlite3.connect(path, isolation_level=None))
    with raw_connection as raw, Store.open(path, busy_timeout=0.05) as store:
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"占用.*重试"):
            store.add_reply(session.id, REPLY)
        assert store.load(session.id) == session  # reading does not wait for a writer
        with pytest.raises(StoreError, match="占用"):
            Store.open(path, busy_timeout=0.05)
        raw.execute("ROLLBACK")
        store.add_reply(session.id, REPLY)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE sessions SET initial = '{'", "已损坏"),
        ("UPDATE sessions SET initial = '{\"anger\": 1}'", "CustomerState 缺少字段"),
        ("UPDATE sessions SET style = x'ff'", "SessionSetup.style"),
        ("UPDATE sessions SET difficulty = 'cruel'", "easy | normal | hard"),
        ("UPDATE sessions SET started = 'yesterday'", "已损坏"),
        ("UPDATE turns SET grade = json_set(grade, '$.extra', 1)", "不认识的字段:extra"),
    ],
)
def test_a_record_changed_by_hand(path: Path, store: Store, session: Session, sql: str, says: str) -> None:
    store.add_reply(session.id, REPLY)
    store.answer(session.id, 0, make_grade(), make_step(), make_line())
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(sql)
    with pytest.raises(StoreError, match=says.replace("|", r"\|")) as caught:
        store.load(session.id)
    assert str(path) in str(caught.value)


def test_a_file_that_breaks_while_open(path: Path, store: Store, session: Session) -> None:
    store.close()
    with Store.open(path) as again:
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\x5a" * (len(data) - 4096))
        with pytest.raises(StoreError, match=r"已损坏.*备份"):
            again.load(session.id)


def test_the_trainees_words_are_not_in_the_message(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.start(make_setup(trainee="小李\ud800"), make_state(), make_opening())
    assert "小李" not in str(caught.value)


def _play_on(store: Store, session_id: str) -> None:
    """Play until something fails, checking that what was said to be kept is there."""
    for index in range(1000):
        store.add_reply(session_id, REPLY * 20)
        store.answer(session_id, index, make_grade(), make_step(), make_line())
        assert len(store.load(session_id).turns) == index + 1


@contextmanager
def _on_connect(pragma: str) -> Iterator[None]:
    """Every connection made in the block runs `pragma` first; a store just opened holds none yet."""

    def run(connection: Any, _entry: object) -> None:
        connection.execute(pragma)

    event.listen(Engine, "connect", run)
    try:
        yield
    finally:
        event.remove(Engine, "connect", run)
