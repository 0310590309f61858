"""How a database file is opened: WAL, every commit on the disk before it returns, one writer at a time.

Knows nothing of tables or of the domain.
"""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from json import dumps
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry


def engine_for(path: Path, *, busy_timeout: float) -> Engine:
    """The engine of ordinary work; safe to share between threads. `busy_timeout`: seconds to wait for
    another writer."""
    engine = create_engine(
        _url(path),
        connect_args={"timeout": busy_timeout},
        json_serializer=partial(dumps, ensure_ascii=False, allow_nan=False),
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_set_up, foreign_keys=True))
    event.listen(engine, "begin", _begin)
    return engine


def migration_engine(path: Path, *, busy_timeout: float) -> Engine:
    """An engine for changing tables: foreign keys are not enforced, for SQLite changes a table by making
    a new one and dropping the old. It keeps no connection, and all it begins is for writing."""
    engine = create_engine(_url(path), connect_args={"timeout": busy_timeout}, poolclass=NullPool)
    event.listen(engine, "connect", partial(_set_up, foreign_keys=False))
    event.listen(engine, "begin", _begin)
    return writing(engine)


def writing(engine: Engine) -> Engine:
    """The same engine, but each transaction takes the write lock at once, so that what it has checked
    cannot change before it writes."""
    return engine.execution_options(duilian_begin="IMMEDIATE")


def use_wal(path: Path, *, busy_timeout: float) -> None:
    """Turn on the write-ahead log, which stays on in the file. SQLite does not wait for others here, so
    this does. A file system that cannot share memory (some network disks) keeps the rollback journal,
    which is as safe and slower."""
    deadline = time.monotonic() + busy_timeout
    connection = sqlite3.connect(path, timeout=busy_timeout)
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
    finally:
        connection.close()


def _url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry, *, foreign_keys: bool) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # transactions are begun by `_begin`, never implicitly
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("duilian_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
