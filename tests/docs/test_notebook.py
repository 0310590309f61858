"""The example notebook runs as it stands, and says what the page about evaluation says it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
# what the libraries under a notebook warn about is not ours to mend
@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("DUILIAN_DATA", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    notebook = nbformat.read(ROOT / "docs" / "evaluation.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "docs")}})
    client.execute()
    said = [
        "".join(o.get("text", "") or o["data"]["text/plain"] for o in c.outputs if "data" in o or "text" in o)
        for c in notebook.cells
        if c.cell_type == "code"
    ]
    assert "'service@1', 120, 'model'" in said[1]
    assert "<Outcome." in said[3]
    assert "situation" in said[2]
    assert said[-1].isdigit()
