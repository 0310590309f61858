"""Draws the customers: four characters by style, their hair by gender and age, their face by mood.

Knows nothing of sessions. Pictures are SVG text of 96 by 96 units, with no ids, scripts or references, so
that any number of them can stand on one page and in a saved report.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.domain.persona import Mood, Persona

_SKIN, _SHADE, _LINE, _CHEEK = "#f3d3b8", "#e6bd9d", "#4a3a32", "#eaa58d"
_GREY = "#a7a29c"
_OLD = 58


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """A character: background, clothes (one is chosen by the person), hair colour, hair by gender (names
    in `_FRONTS`; `behind` is a woman's hair behind the head), what is worn, and what lies over the face."""

    ground: str
    clothes: tuple[str, str, str]
    hair: str
    male: str
    female: str
    behind: str
    dress: str
    extra: str = ""


# Hair lies over a head whose ellipse is (48, 43) with radii 18 and 20. {h} is the hair's colour.
_BACK_BOB = '<path d="M27 44c0-18 8-27 21-27s21 9 21 27v17H27z" fill="{h}"/>'
_BACK_LONG = '<path d="M26 44c0-18 9-28 22-28s22 10 22 28c0 10 3 14 4 24H22c1-10 4-14 4-24z" fill="{h}"/>'
_BACK_CURLS = (
    '<g fill="{h}"><circle cx="30" cy="34" r="10"/><circle cx="27" cy="48" r="10"/>'
    '<circle cx="29" cy="61" r="9"/><circle cx="66" cy="34" r="10"/><circle cx="69" cy="48" r="10"/>'
    '<circle cx="67" cy="61" r="9"/><circle cx="40" cy="25" r="11"/><circle cx="56" cy="25" r="11"/></g>'
)
_BACK_PERM = (
    '<g fill="{h}"><circle cx="33" cy="31" r="9"/><circle cx="28" cy="42" r="8"/><circle cx="63" cy="31" r="9"/>'
    '<circle cx="68" cy="42" r="8"/><circle cx="48" cy="25" r="12"/><circle cx="30" cy="51" r="6"/>'
    '<circle cx="66" cy="51" r="6"/></g>'
)
_BACK_BUN = '<circle cx="48" cy="17" r="9" fill="{h}"/>'
_FRONTS = {
    "flat": "M29 42c-1-13 1-21 5-23 8-3 20-3 28 0 4 2 6 10 5 23-2-6-3-9-6-11-8 2-18 2-26 0-3 2-4 5-6 11z",
    "parted": "M29 42c-2-15 6-24 19-24s21 9 19 24c-2-5-3-9-6-12-8 0-16-2-20-6-2 5-8 8-12 18z",
    "round": "M30 40c-2-13 6-20 18-20s20 7 18 20c-2-6-5-9-8-10-6 1-14 1-20 0-3 1-6 4-8 10z",
    "tousled": (
        "M29 41c-4-8-1-13 2-15-1-4 4-8 8-6 2-4 9-5 12-2 4-3 10-1 11 3 5 1 7 6 5 10 2 4 1 7 0 10-2-4-4-7-7-8"
        "-5 3-9-1-12-1s-8 3-12 1c-4 2-5 4-7 8z"
    ),
    "bob": "M29 45c-2-18 6-27 19-27s21 9 19 27c-3-7-6-11-7-14-8 3-20 3-26-1-2 5-4 8-5 15z",
    "wave": "M29 44c-2-17 6-26 19-26s21 9 19 26c-2-6-4-8-7-9-7 0-13-3-15-7-3 6-13 7-16 16z",
    "fringe": "M29 43c-2-17 6-25 19-25s21 8 19 25c-1-4-2-6-4-8H33c-2 2-3 4-4 8z",
    "curls": (
        "M30 40c-3-6 0-11 4-12 1-5 8-7 12-4 4-4 12-2 13 3 5 1 8 6 7 13-2-3-4-5-7-5-4 1-7-1-9-3-5 4-9 3-12 2"
        "-4 1-6 3-8 6z"
    ),
}
_SUIT = (
    '<path d="M40 69l8 9 8-9 4 3-12 24-12-24z" fill="#f7f4ee"/>'
    '<path d="M45.5 77h5l2 6-4.5 13-4.5-13z" fill="#9d4b3f"/>'
)
_COLLAR = '<path d="M39 69l9 8 9-8 3 4-9 12-3-5-3 5-9-12z" fill="#f7f4ee"/>'
_CARDIGAN = (
    '<path d="M38 70c2 7 5 12 10 26h0c5-14 8-19 10-26-6-2-14-2-20 0z" fill="#f6ead6"/>'
    '<g fill="#fff" opacity=".8"><circle cx="42" cy="86" r="1.5"/><circle cx="45" cy="93" r="1.5"/></g>'
)
_SCARF = (
    '<path d="M36 68c7 6 17 6 24 0l3 6c-9 7-21 7-30 0z" fill="#f4c95d"/>'
    '<path d="M56 75l8 2-3 15-8-3z" fill="#f4c95d"/>'
)
_GLASSES = (
    '<g fill="none" stroke="#4f5f68" stroke-width="1.8">'
    '<rect x="32.5" y="39" width="12.5" height="9.5" rx="3.5"/>'
    '<rect x="51" y="39" width="12.5" height="9.5" rx="3.5"/><path d="M45 42.5c2-1.3 4-1.3 6 0"/></g>'
)
_LOOKS = {
    "driver": _Look(
        ground="#c9d2dc", clothes=("#3d4c63", "#4a4a55", "#2f5560"), hair="#2f2b2a",
        male="flat", female="bob", behind=_BACK_BOB, dress=_SUIT,
    ),
    "analytical": _Look(
        ground="#c6ddd9", clothes=("#5b8a86", "#6f7f94", "#7d8a6b"), hair="#3b3230",
        male="parted", female="parted", behind=_BACK_BUN, dress=_COLLAR, extra=_GLASSES,
    ),
    "amiable": _Look(
        ground="#f0dfc0", clothes=("#c79a5b", "#b98a76", "#9aa27a"), hair="#4a3a30",
        male="round", female="wave", behind=_BACK_LONG, dress=_CARDIGAN,
    ),
    "expressive": _Look(
        ground="#f3cfc6", clothes=("#d0705f", "#a8658c", "#d98a4e"), hair="#5a3526",
        male="tousled", female="curls", behind=_BACK_CURLS, dress=_SCARF,
    ),
}  # fmt: skip
_OTHER = _Look(
    ground="#dcd8d0", clothes=("#7b8794", "#8d8478", "#6f8a7a"), hair="#3d3531",
    male="parted", female="fringe", behind=_BACK_LONG, dress=_COLLAR,
)  # fmt: skip
_BROWS = {
    Mood.WARM: "M35 35.5c3-2 6-2 8-.8M53 34.7c2-1.2 5-1.2 8 .8",
    Mood.NEUTRAL: "M35 36c3-1.4 6-1.4 8-.6M53 35.4c2-.8 5-.8 8 .6",
    Mood.UPSET: "M35 33.5l8.5 3.6M61 33.5l-8.5 3.6",
}
_MOUTHS = {
    Mood.WARM: "M41 53c3.5 5 10.5 5 14 0",
    Mood.NEUTRAL: "M43 54c3 1.8 7 1.8 10 0",
    Mood.UPSET: "M42 56.5c3.5-4 8.5-4 12 0",
}


def portrait(persona: Persona, style: str, mood: Mood = Mood.NEUTRAL) -> str:
    """The person as `style` plays him or her, in `mood`."""
    look = _LOOKS.get(style, _OTHER)
    old = persona.age >= _OLD
    hair = _GREY if old else look.hair
    man = persona.gender == "male"
    back = "" if man else _BACK_PERM if old and look.behind is _BACK_LONG else look.behind
    cloth = look.clothes[sum(map(ord, persona.id)) % len(look.clothes)]
    layers = (
        f'<rect width="96" height="96" fill="{look.ground}"/>',
        back.format(h=hair),
        f'<path d="M12 96c0-19 14-26 36-26s36 7 36 26z" fill="{cloth}"/>',
        f'<path d="M41 56h14v14c-3 5-11 5-14 0z" fill="{_SHADE}"/>',
        look.dress,
        f'<circle cx="30" cy="45" r="4" fill="{_SHADE}"/><circle cx="66" cy="45" r="4" fill="{_SHADE}"/>',
        f'<ellipse cx="48" cy="43" rx="18" ry="20" fill="{_SKIN}"/>',
        _front(look.male if man else look.female, hair),
        _face(mood, "#8d8780" if old else hair, heavy=style == "driver"),
        look.extra,
    )
    return f'<svg viewBox="0 0 96 96" class="face" aria-hidden="true">{"".join(layers)}</svg>'


def _front(name: str, colour: str) -> str:
    return f'<path d="{_FRONTS[name]}" fill="{colour}"/>'


def _face(mood: Mood, brows: str, *, heavy: bool) -> str:
    """Brows, eyes, nose, cheeks and mouth."""
    smiling = "M36 44c1.5-2.5 4.5-2.5 6 0M54 44c1.5-2.5 4.5-2.5 6 0"
    eyes = (
        f'<path d="{smiling}" stroke="{_LINE}" stroke-width="1.8"/>'
        if mood is Mood.WARM
        else f'<g fill="{_LINE}"><circle cx="39" cy="43.5" r="2"/><circle cx="57" cy="43.5" r="2"/></g>'
    )
    cheeks = f'<g fill="{_CHEEK}" opacity="{0.55 if mood is not Mood.NEUTRAL else 0.3}">'
    cheeks += '<circle cx="36" cy="51" r="3.4"/><circle cx="60" cy="51" r="3.4"/></g>'
    mouth = "M43 55h10" if heavy and mood is Mood.NEUTRAL else _MOUTHS[mood]
    return (
        f'{cheeks}<g fill="none" stroke-linecap="round">'
        f'<path d="{_BROWS[mood]}" stroke="{brows}" stroke-width="{2.6 if heavy else 1.8}"/>{eyes}'
        f'<path d="M48 45.5l-1.6 4.5h2.6" stroke="{_SHADE}" stroke-width="1.5"/>'
        f'<path d="{mouth}" stroke="{_LINE}" stroke-width="2"/></g>'
    )


def trainee() -> str:
    """The trainee: a plain figure on green."""
    return (
        '<svg viewBox="0 0 96 96" class="face" aria-hidden="true">'
        '<rect width="96" height="96" fill="#5aa27a"/><circle cx="48" cy="40" r="17" fill="#eef5ef"/>'
        '<path d="M16 96c0-22 14-31 32-31s32 9 32 31z" fill="#eef5ef"/></svg>'
    )


def crew(style: str) -> str:
    """The small face that stands for a style in a list of filters."""
    look = _LOOKS.get(style, _OTHER)
    front = _front(look.male, look.hair)
    head = f'<ellipse cx="48" cy="43" rx="18" ry="20" fill="{_SKIN}"/>'
    face = _face(Mood.NEUTRAL, look.hair, heavy=style == "driver")
    return (
        f'<svg viewBox="20 12 56 56" class="face" aria-hidden="true">'
        f'<rect x="20" y="12" width="56" height="56" fill="{look.ground}"/>{head}{front}{face}{look.extra}</svg>'
    )
