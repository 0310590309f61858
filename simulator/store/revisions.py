"""Brings a database to the newest revision of the tables; needs no alembic.ini.

Knows nothing of sessions. To make a new revision: change `schema.py`, write
`migrations/versions/<next>_<what>.py` by the pattern of the others, run the tests.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from simulator.errors import StoreError

SCRIPTS = Path(__file__).parent / "migrations"
_one_at_a_time = Lock()  # Alembic's environment is global to the process


def bring_up_to_date(connection: Connection, path: Path, scripts: Path = SCRIPTS) -> None:
    """Create or upgrade the tables, inside the caller's transaction, which must hold the write lock.

    StoreError for a database of a revision that `scripts` does not know, and for one that is not ours.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    directory = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == directory.get_current_head():
        return
    _check(connection, path, directory, current)
    with _one_at_a_time:
        command.upgrade(config, "head")
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        raise StoreError(f"数据库 {path}:升级后有 {len(broken)} 条记录对不上,已撤销升级,原数据未动。")


def _check(connection: Connection, path: Path, directory: ScriptDirectory, current: str | None) -> None:
    if current is None:
        if tables := inspect(connection).get_table_names():
            names = ", ".join(tables[:5])
            raise StoreError(f"数据库 {path}:不是对练的数据库(里面有表 {names})。请用 --data 换一个文件夹。")
    elif current not in {r.revision for r in directory.walk_revisions()}:
        raise StoreError(
            f"数据库 {path}:由更新版本的对练写成(结构版本 {current},本程序只认识到 "
            f"{directory.get_current_head()}),没有改动它。请升级对练后再打开,或用 --data 换一个文件夹。"
        )
