"""Whether a port can be listened on, told before anything slow is loaded."""

from __future__ import annotations

import errno
import socket

from simulator.errors import UsageError


def check_free(host: str, port: int) -> None:
    """Raises UsageError when `host:port` cannot be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(
            f"认不得这个地址：{host}。本机用 127.0.0.1，让别的机器也能用就写 0.0.0.0。"
        ) from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                text = (
                    f"端口 {port} 已经有程序在用。换一个，比如 --port {port + 1 if port < 65535 else 7861}。"
                )
            elif error.errno in (errno.EACCES, errno.EPERM):
                text = f"没有权限用端口 {port}。换一个 1024 以上的。"
            else:
                text = f"不能在 {host}:{port} 上监听：{error.strerror}"
            raise UsageError(text) from error
