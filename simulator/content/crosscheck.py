"""What single files cannot show: whether styles, situations, people, rubrics and lines fit together.

Looks at the plain data of the files, so that a file with a mistake of its own is checked here too and
all its problems are told at once. Knows nothing of YAML. Every function returns problems; none raises.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.content import wording
from simulator.content.consistency import entries, mapping
from simulator.content.contents import Content
from simulator.content.readers import Reading
from simulator.content.yamlfile import Location
from simulator.domain.persona import Family, Line, Mood, Move, Standing
from simulator.domain.rubric import Kind
from simulator.errors import Problem

FEATURES = frozenset(
    [
        "figures",
        "story",
        "third_parties",
        "small_talk",
        "spec_list",
        "long_reply",
        "short_reply",
        "day_named",
        "promise",
        "familiar_address",
        "unanswered",
        "answered",
        "off_topic",
        "cold",
        "repeated",
        "empty",
        "contradiction",
        "misnamed",
    ]
)
_PARTICLES = "啊呀呢吧嘛哦哈啦呗哎唉嗯喂的了吗诶噢么哟"
_LEAVINGS = re.compile(rf"\{{[a-z]+\}}|[\W_]|[{_PARTICLES}]", re.UNICODE)


def bare_text(text: str) -> str:
    """`text` without slots, punctuation and particles: what makes two lines the same."""
    return _LEAVINGS.sub("", text)


Readings = dict[str, dict[str, Reading]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What files may refer to. `steps`: by situation, None when that file cannot be read; `keys`: of
    `effects` and the like, None when a rubric cannot be read; `objections`: ids by situation that can be read;
    `speakers`: whose mouth a line may be for."""

    styles: frozenset[str]
    steps: dict[str, tuple[str, ...] | None]
    families: frozenset[str]
    keys: frozenset[str] | None
    objections: dict[str, frozenset[str]]
    speakers: frozenset[str]


def check(readings: Readings, released: dict[str, str]) -> list[Problem]:
    """Every problem between files, in a fixed order. `readings`: by kind and stem; `released`: hashes of
    released rubrics by ref."""
    known = _known(readings)
    return [
        *_effects(readings["style"], known),
        *_situations(readings["situation"], known),
        *_people(readings["persona"], known),
        *_effects(readings["persona"], known),
        *_rubrics(readings["rubric"], known, released),
        *_lines(readings["lines"], known),
    ]


def _known(readings: Readings) -> Known:
    steps = {stem: _steps(_data(r)) if r.file else None for stem, r in readings["situation"].items()}
    return Known(
        styles=frozenset(readings["style"]),
        steps=steps,
        families=frozenset(f.value for f in Family),
        keys=_keys(readings["rubric"]),
        objections={
            stem: frozenset(o.id for o in r.value.objections)
            for stem, r in readings["situation"].items()
            if r.value is not None
        },
        speakers=frozenset(readings["persona"]) | {standing.value for standing in Standing},
    )


def _data(reading: Reading) -> dict[Any, Any]:
    return mapping(reading.file.data) if reading.file else {}


def _steps(situation: dict[Any, Any]) -> tuple[str, ...]:
    return tuple(s for s in entries(situation.get("steps")) if isinstance(s, str))


def _keys(rubrics: dict[str, Reading]) -> frozenset[str] | None:
    if any(r.file is None for r in rubrics.values()):
        return None
    keys = {f"{kind.value}:*" for kind in Kind} | {"banned:*"} | {f"feature:{f}" for f in FEATURES}
    for reading in rubrics.values():
        keys |= {f"{_get(i, 'kind')}:{_get(i, 'id')}" for i in entries(_data(reading).get("items"))}
        keys |= {f"banned:{_get(b, 'category')}" for b in entries(_data(reading).get("banned"))}
    return frozenset(keys)


def _get(entry: Any, name: str) -> Any:
    return mapping(entry).get(name)


def _at(reading: Reading, location: Location, message: str) -> Iterator[Problem]:
    if reading.file is not None:
        yield wording.problem_at(reading.file, location, message)


def _key(reading: Reading, location: Location, key: Any, known: Known) -> Iterator[Problem]:
    """A key that can never come true."""
    if isinstance(key, str) and known.keys is not None and key not in known.keys:
        hint = (
            wording.suggest(key, known.keys)
            or "。写法是 step:、skill:、negative:、banned: 或 feature: 加编号"
        )
        yield from _at(reading, location, f"没有 {wording.show(key)} 这一项{hint}")


def _effects(readings: dict[str, Reading], known: Known) -> Iterator[Problem]:
    for reading in readings.values():
        for key in mapping(_data(reading).get("effects")):
            yield from _key(reading, ("effects", key), key, known)


def _situations(readings: dict[str, Reading], known: Known) -> Iterator[Problem]:
    for stem, reading in readings.items():
        for field in ("acknowledges", "probes", "answers", "proposals"):
            for index, key in enumerate(entries(_data(reading).get(field))):
                yield from _key(reading, (field, index), key, known)
        yield from _conditions(reading, stem, known)
        if entries(_data(reading).get("objections")) and Move.OBJECT not in entries(
            _data(reading).get("moves")
        ):
            text = "moves 里没有 object，这些异议客户永远不会提"
            yield from _at(reading, ("objections",), text)


def _conditions(reading: Reading, situation: str, known: Known) -> Iterator[Problem]:
    steps = known.steps.get(situation)
    if steps is None:
        return
    for name in ("won", "advanced"):
        for index, step in enumerate(entries(_get(_data(reading).get(name), "steps"))):
            if isinstance(step, str) and step not in steps:
                text = f"情境 {situation} 没有步骤 {wording.show(step)}{wording.meant(step, steps)}"
                yield from _at(reading, (name, "steps", index), text)


def _people(readings: dict[str, Reading], known: Known) -> Iterator[Problem]:
    for reading in readings.values():
        style = _data(reading).get("style")
        if isinstance(style, str) and style not in known.styles:
            text = f"没有 {wording.show(style)} 这种风格{wording.meant(style, known.styles)}"
            yield from _at(reading, ("style",), text)
        for index, situation in enumerate(entries(_data(reading).get("situations"))):
            yield from _situation(reading, ("situations", index), situation, known)
            if isinstance(situation, str):
                yield from _conditions(reading, situation, known)


def _situation(reading: Reading, location: Location, situation: Any, known: Known) -> Iterator[Problem]:
    if isinstance(situation, str) and situation not in known.steps:
        text = f"没有 {wording.show(situation)} 这个情境{wording.meant(situation, known.steps)}"
        yield from _at(reading, location, text)


def _rubrics(readings: dict[str, Reading], known: Known, released: dict[str, str]) -> Iterator[Problem]:
    for stem, reading in readings.items():
        scored: dict[str, set[Any]] = {}
        for index, item in enumerate(entries(_data(reading).get("items"))):
            for situation in mapping(_get(item, "situations")):
                yield from _situation(reading, ("items", index, "situations", situation), situation, known)
                scored.setdefault(situation, set()).add(_get(item, "id"))
        for taken in reading.taken or ():
            for situation in taken.placements:
                scored.setdefault(situation, set()).add(taken.id)
        yield from _prescribed(reading, known, scored)
        if reading.taken is not None:
            yield from _half_scored(reading, known, scored)
        yield from _nothing_scored(reading)
        rubric = reading.value
        if rubric is not None and released.get(stem, rubric.hash) != rubric.hash:
            text = f"{stem} 已经发布，不能再改。请另存为新版本，version 加 1。"
            detail = f"（LOCK 里记的是 {released[stem]}，现在是 {rubric.hash}）"
            yield from _at(reading, ("version",), text + detail)


def _nothing_scored(reading: Reading) -> Iterator[Problem]:
    """A rubric without steps can be practised nowhere. Of one with mistakes of its own nothing is said: they
    may be why."""
    if reading.value is not None and not reading.value.situations:
        text = "一个情境也不打分：没有步骤。写一个步骤（kind: step），或者用 include 取几个"
        yield from _at(reading, ("items" if "items" in _data(reading) else "include",), text)


def _half_scored(reading: Reading, known: Known, scored: dict[str, set[Any]]) -> Iterator[Problem]:
    """A situation is scored by all of its prescribed steps, or by none of them: then by steps of the
    rubric's own."""
    place = "items" if "items" in _data(reading) else "include"
    for situation in sorted(set(known.steps) & set(scored)):
        prescribed = known.steps[situation] or ()
        missing = [s for s in prescribed if s not in scored[situation]]
        if missing and len(missing) < len(prescribed):
            text = f"情境 {situation} 缺少规定步骤：{'、'.join(missing)}"
            rule = "（它的步骤要么都有；要么一个也不用，全是这份标准自己的步骤）"
            yield from _at(reading, (place,), text + rule)


def _prescribed(reading: Reading, known: Known, scored: dict[str, set[Any]]) -> Iterator[Problem]:
    """Prescribed wordings name situations there are, and steps that this rubric scores there."""
    for index, line in enumerate(entries(_data(reading).get("prescribed"))):
        situation = _get(line, "situation")
        yield from _situation(reading, ("prescribed", index, "situation"), situation, known)
        if not isinstance(situation, str) or situation not in known.steps or reading.taken is None:
            continue
        steps = {s for s in scored.get(situation, ()) if isinstance(s, str)}
        for place, step in enumerate(entries(_get(line, "steps"))):
            if isinstance(step, str) and step not in steps:
                text = f"这份评分标准里情境 {situation} 没有步骤 {wording.show(step)}{wording.meant(step, steps)}"
                yield from _at(reading, ("prescribed", index, "steps", place), text)


def _lines(readings: dict[str, Reading], known: Known) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for reading in readings.values():
        for number, line in (reading.value or {}).items():
            where = {"file": str(reading.path), "line": number}
            yield from (Problem(**where, place=place, message=text) for place, text in _unknown(line, known))
            bare = bare_text(line.text)
            if bare in seen:
                text = f"和另一句只差空位、标点或语气词：{seen[bare]}"
                yield Problem(**where, place="text", message=text)
            elif bare:
                seen[bare] = f"{wording.show(line.text)}（{reading.path.name} 第 {number} 行）"


def _unknown(line: Line, known: Known) -> Iterator[tuple[str, str]]:
    """(place, message) of what a line names that there is not."""
    if line.style not in known.styles:
        yield "style", f"没有 {wording.show(line.style)} 这种风格{wording.meant(line.style, known.styles)}"
    scopes = set(known.steps) | known.families
    for scope in line.scopes:
        if scope not in scopes:
            yield "scopes", f"没有 {wording.show(scope)} 这个情境或类别{wording.meant(scope, scopes)}"
    for speaker in line.speakers:
        if speaker not in known.speakers:
            told = wording.meant(speaker, known.speakers)
            yield "speakers", f"没有 {wording.show(speaker)} 这个人物或身份{told}"
    yield from _unknown_objection(line, known)


def _unknown_objection(line: Line, known: Known) -> Iterator[tuple[str, str]]:
    for scope in line.scopes if line.objection is not None else ():
        ids = known.objections.get(scope, frozenset())
        if scope in known.objections and line.objection not in ids:
            told = f"{wording.show(line.objection)} 这条异议{wording.meant(str(line.objection), ids)}"
            yield "objection", f"情境 {scope} 没有 {told}"
        elif scope in known.families:
            yield "objection", f"异议是情境的，scopes 要写情境，写的是 {wording.show(scope)}"


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
