"""What single files cannot show: whether styles, situations, people, rubrics and lines fit together.

Knows nothing of YAML. Every function returns problems; none raises.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.content import wording
from simulator.domain.persona import Condition, Line, Mood, Move, Situation
from simulator.domain.rubric import Kind
from simulator.errors import Problem

if TYPE_CHECKING:
    from simulator.content.catalog import Content

FEATURES = frozenset(
    ["figures", "story", "third_parties", "small_talk", "spec_list", "long_reply", "short_reply", "day_named", "promise", "familiar_address", "unanswered", "answered", "off_topic", "repeated", "empty", "contradiction"]
)
_PARTICLES = "啊呀呢吧嘛哦哈啦呗哎唉嗯喂的了吗诶噢么哟"
_LEAVINGS = re.compile(rf"\{{[a-z]+\}}|[\W_]|[{_PARTICLES}]", re.UNICODE)


def bare_text(text: str) -> str:
    """`text` without slots, punctuation and particles: what makes two lines the same."""
    return _LEAVINGS.sub("", text)


def check(content: Content, files: dict[str, dict[str, Path]]) -> list[Problem]:
    """Every problem between files, in a fixed order."""
    return [
        *_styles(content, files["style"]),
        *_situations(content, files["situation"]),
        *_people(content, files["persona"]),
        *_rubrics(content, files["rubric"]),
        *_lines(content, files["lines"]),
    ]


def _problem(path: Path, place: str, message: str) -> Problem:
    return Problem(file=str(path), place=place, message=message)


def _known_keys(content: Content) -> dict[Kind, set[str]]:
    known: dict[Kind, set[str]] = {kind: {"*"} for kind in Kind}
    for rubric in content.rubrics.values():
        for item in rubric.items:
            known[item.kind].add(item.id)
    return known


def _bad_keys(keys: Iterable[str], content: Content) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) for each key of `effects` that can never come true."""
    known = _known_keys(content)
    categories = {"*"} | {b.category for r in content.rubrics.values() for b in r.banned}
    valid = {f"{kind.value}:{name}" for kind, names in known.items() for name in names}
    valid |= {f"banned:{c}" for c in categories} | {f"feature:{f}" for f in FEATURES}
    for key in keys:
        if key not in valid:
            yield key, f"没有这一项{wording.suggest(key, valid)}"


def _styles(content: Content, files: dict[str, Path]) -> Iterator[Problem]:
    for style in content.styles.values():
        for key, message in _bad_keys(style.effects, content):
            yield _problem(files[style.id], f"effects.{key}", message)


def _situations(content: Content, files: dict[str, Path]) -> Iterator[Problem]:
    for situation in content.situations.values():
        path = files[situation.id]
        for field in ("acknowledges", "probes", "answers", "proposals"):
            for key, message in _bad_keys(getattr(situation, field), content):
                yield _problem(path, field, f"{key}：{message}")
        for name in ("won", "advanced"):
            yield from _condition(getattr(situation, name), situation, path, name)
        doubled = [s for s, n in Counter(situation.steps).items() if n > 1]
        for step in doubled:
            yield _problem(path, "steps", f"步骤 {step} 写了两次")


def _condition(condition: Condition, situation: Situation, path: Path, place: str) -> Iterator[Problem]:
    for step in condition.steps:
        if step not in situation.steps:
            hint = wording.suggest(step, situation.steps)
            yield _problem(path, f"{place}.steps", f"情境 {situation.id} 没有步骤 {step}{hint}")


def _people(content: Content, files: dict[str, Path]) -> Iterator[Problem]:
    for person in content.personas.values():
        path = files[person.id]
        if person.style not in content.styles:
            hint = wording.choices(content.styles)
            yield _problem(path, "style", f"没有 {wording.show(person.style)} 这种风格，可以是：{hint}")
        for index, situation_id in enumerate(person.situations):
            situation = content.situations.get(situation_id)
            if situation is None:
                hint = wording.suggest(situation_id, content.situations) or "，见 personas/situations/"
                text = f"没有 {wording.show(situation_id)} 这个情境{hint}"
                yield _problem(path, f"situations[{index}]", text)
                continue
            for name in ("won", "advanced"):
                condition = getattr(person, name)
                if condition is not None:
                    yield from _condition(condition, situation, path, name)
        for key, message in _bad_keys(person.effects, content):
            yield _problem(path, f"effects.{key}", message)


def _rubrics(content: Content, files: dict[str, Path]) -> Iterator[Problem]:
    for rubric in content.rubrics.values():
        path = files[rubric.ref]
        covered = {s for i in rubric.items for s in i.placements}
        for item in rubric.items:
            for situation_id in item.placements:
                situation = content.situations.get(situation_id)
                place = f"items.{item.id}.situations.{situation_id}"
                if situation is None:
                    hint = wording.suggest(situation_id, content.situations)
                    yield _problem(path, place, f"没有这个情境{hint}")
        for situation_id in sorted(covered & set(content.situations)):
            scored = {i.id for i in rubric.steps_of(situation_id)}
            missing = [s for s in content.situations[situation_id].steps if s not in scored]
            if missing:
                yield _problem(path, situation_id, f"缺少规定步骤：{'、'.join(missing)}")
        released = content.released.get(rubric.ref)
        if released is not None and released != rubric.hash:
            text = f"{rubric.ref} 已经发布，不能再改（LOCK 里是 {released}，现在是 {rubric.hash}）。请另立新版本。"
            yield _problem(path, "", text)


def _lines(content: Content, files: dict[str, Path]) -> Iterator[Problem]:
    scopes = set(content.situations) | {s.family.value for s in content.situations.values()}
    seen: dict[str, Line] = {}
    for line in content.lines:
        path = files.get(line.style) or next(iter(files.values()))
        place = f"{line.style}/{line.move}：{line.text[:20]}"
        if line.style not in content.styles:
            yield _problem(path, place, f"没有 {wording.show(line.style)} 这种风格")
        for scope in line.scopes:
            if scope not in scopes:
                yield _problem(path, place, f"没有 {scope} 这个情境或类别{wording.suggest(scope, scopes)}")
        bare = bare_text(line.text)
        twin = seen.setdefault(bare, line)
        if bare and twin is not line:
            yield _problem(path, place, f"去掉空位、标点和语气词后和另一句一样：{twin.text}")


def coverage(content: Content) -> Counter[tuple[str, str, Move, Mood]]:
    """How many lines each reachable cell (style, situation, move, mood) holds; cells with none count 0."""
    held: Counter[tuple[str, str, Move, Mood]] = Counter()
    for situation in content.situations.values():
        scopes = {situation.id, situation.family.value}
        reachable = {Move.OPEN, *situation.moves}
        for style in content.styles:
            for move in reachable:
                for mood in Mood:
                    held[style, situation.id, move, mood] += 0
            for line in content.lines:
                if line.style == style and line.move in reachable and scopes & set(line.scopes):
                    held[style, situation.id, line.move, line.mood] += 1
    return held
