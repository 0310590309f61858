"""Which files make up the content: shipped folders overlaid by a trainer's own.

Knows file names and dates, not what is in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulator.content.places import shipped
from simulator.errors import UsageError

# What each kind of file is called below a content root.
KINDS: dict[str, str] = {
    "style": "personas/styles/*.yaml",
    "situation": "personas/situations/*.yaml",
    "persona": "personas/cast/*.yaml",
    "lines": "personas/lines/*.jsonl",
    "rubric": "rubrics/*.yaml",
    "prompt": "prompts/*.txt",
    "moves": "prompts/moves.yaml",
}


@dataclass(frozen=True, kw_only=True)
class ContentSource:
    """The shipped content, overlaid by `overlay` where given: the same stem replaces, a new one adds."""

    overlay: Path | None = None

    def __post_init__(self) -> None:
        if self.overlay is not None and not self.overlay.is_dir():
            raise UsageError(f"--content 指的不是一个目录：{self.overlay}")

    def files(self, kind: str) -> dict[str, Path]:
        """The files of `kind` by stem, sorted, the overlay's winning."""
        folder, _, pattern = KINDS[kind].rpartition("/")
        top, _, below = folder.partition("/")
        found = {f.stem: f for f in sorted((shipped(top) / below).glob(pattern))}
        if self.overlay is not None:
            found |= {f.stem: f for f in sorted((self.overlay / folder).glob(pattern))}
        return dict(sorted(found.items()))

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever a file is added, removed or written: (path, mtime ns, size) of each."""
        marks = []
        for kind in KINDS:
            for path in self.files(kind).values():
                try:
                    stat = path.stat()
                except OSError:  # removed between listing and looking: the next stamp will differ
                    continue
                marks.append((str(path), stat.st_mtime_ns, stat.st_size))
        return tuple(marks)


def kind_of(path: Path) -> str | None:
    """Which kind a single file is, by its folder and name; None when it is none."""
    for kind, pattern in KINDS.items():
        folder, _, name = pattern.rpartition("/")
        if path.match(name) and path.parent.name == folder.rpartition("/")[2]:
            return kind
    return "rubric" if path.suffix == ".yaml" and "@" in path.stem else None
