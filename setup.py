"""Puts the trainers' folders and the models into the wheel, below `simulator/_shipped/`.

Everything else stands in pyproject.toml. In the repository these folders stay at the top level, where
people find them; `simulator.content.places` knows both places.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("personas", "rubrics", "prompts", "models")


class BuildWithContent(build_py):
    """`build_py` that also copies the shipped folders, except for editable installs."""

    def run(self) -> None:
        """Copies after the modules are in place."""
        super().run()
        if self.editable_mode:
            return
        for name in SHIPPED:
            target = Path(self.build_lib) / "simulator" / "_shipped" / name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(Path(__file__).parent / name, target)


setup(cmdclass={"build_py": BuildWithContent})
