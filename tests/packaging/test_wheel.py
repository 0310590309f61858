"""The wheel carries everything: it works unpacked, from any folder, without the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site folder with the wheel's content, built from a copy so that the checkout stays clean."""
    work = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        source = ROOT / name
        if source.is_file() and not name.startswith(("tests/", "docs/")):
            (work / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, work / "src" / name)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(work / "dist"),
            str(work / "src"),
        ],
        check=True,
        capture_output=True,
    )
    [wheel] = (work / "dist").glob("duilian-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work / "site")
    return work / "site"


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site), "DUILIAN_DATA": str(folder / "data")}
    return subprocess.run(
        [sys.executable, "-m", "simulator.cli.main", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_runs_from_any_folder(unpacked: Path, tmp_path: Path) -> None:
    where = "import simulator; print(simulator.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(unpacked)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip().startswith(str(unpacked))
    checked = run(unpacked, tmp_path, "check")
    assert checked.returncode == 0, checked.stderr
    (tmp_path / "in.jsonl").write_text(
        '{"id": "a", "situation": "no_need", "reply": "您好"}\n', encoding="utf-8"
    )
    graded = run(
        unpacked, tmp_path, "grade", "--rubric", "service@1", "--input", "in.jsonl", "--output", "out.jsonl"
    )
    assert graded.returncode == 0, graded.stderr
    assert '"calibrated": true' in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_it_holds_what_the_store_and_the_page_need(unpacked: Path) -> None:
    names = {p.relative_to(unpacked).as_posix() for p in unpacked.rglob("*") if p.is_file()}
    assert any(n.startswith("simulator/store/migrations/versions/") for n in names)
    assert any(n.startswith("simulator/app/assets/") for n in names)
    assert "simulator/_shipped/models/encoder/model.safetensors" in names
    assert not any(n.startswith(("tests/", "training/")) for n in names)
