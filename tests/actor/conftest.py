"""The shipped content, a tiny language model made on the spot, and servers on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.content.catalog import load
from simulator.content.contents import Content
from simulator.content.source import ContentSource
from tests.actor.tiny import make_tiny

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def content() -> Content:
    return load(ContentSource())


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that babbles Chinese characters."""
    return make_tiny(
        tmp_path_factory.mktemp("models") / "han", "的一是了我不在人有这来他上个们到说时大地为子中你"
    )


@pytest.fixture(scope="session")
def latin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that babbles letters."""
    return make_tiny(tmp_path_factory.mktemp("models") / "latin", "abcdefghijklmnopqrstuvwxyz")


@pytest.fixture
def broken_server() -> Iterator[str]:
    """The base address of a server in another process whose first path segment chooses its fault."""
    command = [sys.executable, "-m", "eval.hostile_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        yield f"http://127.0.0.1:{port}"
        server.kill()
