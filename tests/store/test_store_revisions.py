"""Databases of older, newer and foreign revisions."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from simulator.domain.session import Outcome, Session
from simulator.errors import StoreError
from simulator.store import Store
from simulator.store.engine import migration_engine
from simulator.store.revisions import SCRIPTS, bring_up_to_date
from simulator.store.schema import Base
from tests.factories import REPLY, make_grade, make_line, make_step
from tests.store.regrades import make_regrade

NEXT = '''
"""A later revision that rewrites a table in the way SQLite needs."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    with op.batch_alter_table("sessions", recreate="always") as table:
        table.add_column(sa.Column("room", sa.Text(), nullable=False, server_default="一号"))
'''


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The scripts of a later version of the product."""
    scripts = tmp_path / "later"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "0003_rooms.py").write_text(NEXT, encoding="utf-8")
    return scripts


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The scripts of the product as it was before regrades."""
    scripts = tmp_path / "first"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__", "0002_*"))
    return scripts


def upgrade(path: Path, scripts: Path) -> None:
    with migration_engine(path, busy_timeout=1.0).begin() as connection:
        bring_up_to_date(connection, path, scripts)


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as raw, raw:
        return raw.execute(sql).fetchall()


def test_the_revisions_make_the_tables_of_the_schema(path: Path, store: Store) -> None:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        checks = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table'").scalars()
        written = " ".join(sql for sql in checks)
        named = "SELECT name FROM sqlite_master WHERE type = 'index'"
        indexes = set(connection.exec_driver_sql(named).scalars())
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert str(constraint.name) in written
        for index in table.indexes:
            assert str(index.name) in indexes


def test_an_older_database_is_upgraded_with_its_records(path: Path, later: Path, session: Session) -> None:
    with Store.open(path) as store:
        turn = store.add_reply(session.id, "稍等")
        store.branch(session.id, 0)
    upgrade(path, later)
    assert query(path, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert query(path, "SELECT DISTINCT room FROM sessions") == [("一号",)]
    assert query(path, "SELECT reply FROM turns") == [(turn.reply,)]
    assert len(query(path, "SELECT id FROM sessions WHERE parent IS NOT NULL")) == 1


def test_a_database_from_before_regrades_is_upgraded_with_its_records(
    path: Path, first: Path, store: Store, session: Session
) -> None:
    store.add_reply(session.id, REPLY)
    store.answer(session.id, 0, make_grade(), make_step(), make_line())
    branch = store.branch(session.id, 1)
    ended = store.finish(session.id, Outcome.LOST, 12.5)
    old = path.with_name("old.db")
    upgrade(old, first)
    with closing(sqlite3.connect(old)) as raw, raw:
        assert raw.execute("SELECT name FROM sqlite_master WHERE name = 'regrades'").fetchall() == []
        raw.execute("ATTACH ? AS new", (str(path),))
        for table in ("sessions", "turns"):
            raw.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")
    with Store.open(old) as upgraded:
        assert [upgraded.load(i) for i in (ended.id, branch.id)] == [ended, branch]
        assert upgraded.regrades_of(ended.id) == ()
        upgraded.add_regrades([make_regrade(ended.id)])
        assert upgraded.regrades_of(ended.id) == (make_regrade(ended.id),)
    assert query(old, "SELECT version_num FROM alembic_version") == [("0002",)]


def test_a_newer_database_is_refused_and_left_alone(path: Path, later: Path, session: Session) -> None:
    upgrade(path, later)
    before = query(path, "SELECT * FROM sessions")
    with pytest.raises(StoreError, match=r"更新版本的对练写成.*0003.*0002.*请升级对练") as caught:
        Store.open(path)
    assert str(path) in str(caught.value)
    assert query(path, "SELECT * FROM sessions") == before


def test_an_upgrade_that_fails_changes_nothing(path: Path, later: Path, session: Session) -> None:
    broken = NEXT + "    op.execute('SELECT * FROM no_such_table')\n"
    (later / "versions" / "0003_rooms.py").write_text(broken, encoding="utf-8")
    with pytest.raises(Exception, match="no_such_table"):
        upgrade(path, later)
    with Store.open(path) as store:
        assert store.load(session.id) == session


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    query(path, "CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match=r"不是对练的数据库.*bookmarks"):
        Store.open(path)
    assert query(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


def test_many_may_open_a_new_database_at_once(path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        for store in threads.map(lambda _: Store.open(path), range(6)):
            assert store.recent() == ()
            store.close()
    assert query(path, "SELECT version_num FROM alembic_version") == [("0002",)]
