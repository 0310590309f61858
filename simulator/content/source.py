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


_FOLDERS = frozenset(pattern.partition("/")[0] for pattern in KINDS.values())


@dataclass(frozen=True, kw_only=True)
class ContentSource:
    """The shipped content, overlaid by `overlay` where given: the same stem replaces, a new one adds.
    `single`: one more file that does so, wherever it lies."""

    overlay: Path | None = None
    single: Path | None = None

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
        if self.single is not None and kind_of(self.single) == kind:
            found[self.single.stem] = self.single
        return dict(sorted(found.items()))

    def locks(self) -> list[Path]:
        """The lists of released rubrics that there are, the shipped one first."""
        roots = [shipped("rubrics"), *([self.overlay / "rubrics"] if self.overlay else [])]
        return [root / "LOCK" for root in roots if (root / "LOCK").exists()]

    def strays(self) -> list[Path]:
        """Files of the overlay that look like content and lie or end where nothing reads them."""
        if self.overlay is None:
            return []
        read = {path for kind in KINDS for path in self.files(kind).values()}
        return [p for p in sorted(self.overlay.rglob("*")) if p not in read and self._looks_meant(p)]

    def _looks_meant(self, path: Path) -> bool:
        below = path.relative_to(self.overlay or path)
        hidden = any(part.startswith(".") for part in below.parts) or below.parts[0] == "models"
        if hidden or not path.is_file():
            return False
        inside = below.parts[0] in _FOLDERS and path.suffix in (".jsonl", ".txt")
        return inside or path.suffix in (".yaml", ".yml")

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever a file is added, removed or written: (path, mtime ns, size) of each."""
        marks = []
        for path in [*self.locks(), *(path for kind in KINDS for path in self.files(kind).values())]:
            try:
                stat = path.stat()
            except OSError:  # removed between listing and looking: the next stamp will differ
                continue
            marks.append((str(path), stat.st_mtime_ns, stat.st_size))
        return tuple(marks)


def kind_of(path: Path) -> str | None:
    """Which kind a single file is, by its folder and name; None when it is none."""
    place = path.absolute()
    for kind, pattern in KINDS.items():
        folder, _, name = pattern.rpartition("/")
        if place.match(name) and place.parent.name == folder.rpartition("/")[2]:
            return kind
    return "rubric" if path.suffix == ".yaml" and "@" in path.stem else None


def root_of(path: Path) -> Path | None:
    """The content folder that `path` is part of; None when it lies outside any."""
    place = path.absolute()
    for pattern in KINDS.values():
        parts = pattern.split("/")
        if place.match(pattern) and len(place.parts) > len(parts):
            return place.parents[len(parts) - 1]
    return None
