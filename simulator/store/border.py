"""The one place where errors of SQLAlchemy, Alembic, SQLite and the file system become `StoreError`.

Knows nothing of tables. A message names the file, what is wrong and what to do; SQL and its parameters
(a trainee's words) do not stand in it. The original error is kept as the cause.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from simulator.errors import StoreError
from simulator.store.codec import RecordError

_FULL = "磁盘已满,没有保存成功。请腾出空间后重试;此前已保存的内容仍在。"
_DENIED = "没有写入权限。请检查该文件和所在文件夹的权限,或用 --data 换一个可写的文件夹。"
_UNOPENED = "打不开。请确认所在文件夹存在且可写、路径中没有同名的普通文件,或用 --data 换一个文件夹。"
_BROKEN = "文件已损坏或不是数据库。请先把它改名留底,再从备份恢复;没有备份时移走它即可从空白开始。"
_BUSY = "正被其他程序占用。请关闭占用它的程序(例如另一个对练服务或备份任务)后重试。"
_DISK = "读写磁盘出错。请检查磁盘是否已满、是否损坏、网络盘是否断开,然后重试。"
_CLASH = "要保存的内容与库中已有的记录矛盾(例如所指的上一次对练不存在),没有保存。"
_TEXT = "内容里有无法保存的字符(不完整的字符编码),没有保存。请删去该字符后重发。"
_NUMBER = "内容里有过大的数值,没有保存。"
_OTHER = "读写时出错,本次操作没有完成。请重试;仍不行时把日志交给管理员。"

_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _DENIED,
    sqlite3.SQLITE_PERM: _DENIED,
    sqlite3.SQLITE_AUTH: _DENIED,
    sqlite3.SQLITE_CANTOPEN: _UNOPENED,
    sqlite3.SQLITE_CORRUPT: _BROKEN,
    sqlite3.SQLITE_NOTADB: _BROKEN,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CONSTRAINT: _CLASH,
}
_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _DENIED,
    errno.ENOTDIR: _UNOPENED,
    errno.EEXIST: _UNOPENED,
    errno.ENAMETOOLONG: _UNOPENED,
    errno.EIO: _DISK,
}
_BY_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (IntegrityError, _CLASH),
    (PoolTimeout, _BUSY),
    (UnicodeEncodeError, _TEXT),
    (UnicodeDecodeError, _BROKEN),
    (OverflowError, _NUMBER),
    (ValueError, _BROKEN),
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let nothing but `StoreError` out of the block for whatever the database at `path` or the disk does."""
    try:
        yield
    except RecordError as error:
        raise StoreError(f"数据库 {path}:{error}。请从备份恢复,或把这条消息交给管理员。") from error
    except (SQLAlchemyError, CommandError, sqlite3.Error, OSError, ValueError, OverflowError) as error:
        cause = error.orig if isinstance(error, StatementError) and error.orig is not None else error
        if isinstance(cause, StoreError):
            raise cause from None
        raise StoreError(f"数据库 {path}:{_advice(cause)}") from error


def _advice(error: BaseException) -> str:
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, _DISK)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return _BY_CODE.get(code & 0xFF, _OTHER)  # the low byte is the primary code
    return next((text for kind, text in _BY_TYPE if isinstance(error, kind)), _OTHER)
