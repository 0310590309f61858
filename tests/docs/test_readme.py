"""What README, changelog and lock promise is so."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from simulator import __version__

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_tree_in_the_readme_is_the_tree_on_disk() -> None:
    block = re.search(r"<!-- tree -->\n```\n(.*?)```", read("README.md"), re.DOTALL)
    assert block is not None
    told = {row.split()[0].rstrip("/") for row in block.group(1).splitlines()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    folders = {row.split("/")[0] for row in tracked.stdout.splitlines() if "/" in row}
    assert told == {f for f in folders if not f.startswith(".")}


def test_the_version_is_the_latest_entry_of_the_changelog() -> None:
    latest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert latest is not None
    assert latest.group(1) == __version__


def test_the_lock_pins_torch_plainly() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        rows = [r for r in read(name).splitlines() if r and not r.startswith((" ", "#"))]
        assert "torch==2.13.0" in rows
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^\s+]+( ;.*)?", r) for r in rows)
        assert "://" not in read(name)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    reasons = read("CONTRIBUTING.md")
    for wanted in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name = re.split(r"[<>=\[]", wanted)[0]
        assert re.search(rf"\b{re.escape(name)}\b", reasons), name


def test_pictures_and_pages_that_are_linked_exist() -> None:
    for page in ("README.md", "README.zh-CN.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#:]+)\)", read(page)):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_numbers_of_content_are_told_rightly() -> None:
    lines = sum(
        len(p.read_text(encoding="utf-8").splitlines()) for p in (ROOT / "personas/lines").glob("*.jsonl")
    )
    people = len(list((ROOT / "personas/cast").glob("*.yaml")))
    situations = len(list((ROOT / "personas/situations").glob("*.yaml")))
    told = read("README.md")
    assert f"{lines:,} lines" in told
    assert f"{people} people, {situations} situations" in told
    assert f"{people} 位客户、{situations} 种情境" in read("README.zh-CN.md")
    assert f"{lines} 句台词" in read("README.zh-CN.md")
