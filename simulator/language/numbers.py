"""The value of a number as people write it: 两千六 = 2600, 1.5万 = 15000, 2,600 = 2600, 百分之八 = 8.

Knows nothing of units or of who says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALE = {"十": 10, "百": 100, "千": 1000}
_ARABIC = dict(zip("123456789", "一二三四五六七八九", strict=True)) | {"0": "零"}
NUMBER = re.compile(
    r"\d[\d,]*(?:\.\d+)?(?:[百千万](?=[\d零〇一二两三四五六七八九])[\d零〇一二两三四五六七八九十百千万]+)?|"
    r"[零〇一二两三四五六七八九十半][零〇一二两三四五六七八九十百千万亿半]*(?:点[零一二三四五六七八九]+)?"
)


def value(text: str) -> float | None:
    """The number that `text` holds first, or None."""
    found = NUMBER.search(text)
    if found is None:
        return None
    raw = found.group().replace(",", "")
    if _mixed(raw):
        return _chinese("".join(_ARABIC.get(c, c) for c in raw))
    scale = {"万": 10000, "千": 1000}.get(text[found.end() :].lstrip()[:1], 1)
    if raw[0].isdigit():
        return float(raw) * scale
    whole, _, decimals = raw.partition("点")
    fraction = "".join(str(_DIGIT[c]) for c in decimals)
    return (_chinese(whole) + float(f"0.{fraction}")) * scale if fraction else _chinese(whole)


def values(texts: Iterable[str]) -> frozenset[float]:
    """Every number in `texts`, with or without a unit."""
    found = set()
    for text in texts:
        for match in NUMBER.finditer(text):
            known = value(text[match.start() : match.end() + 1])
            if known is not None:
                found.add(known)
    return frozenset(found)


def _mixed(raw: str) -> bool:
    """Whether digits stand beside 千 or 万 (2千6, 1万2); several digits in a row are a number of their own."""
    return raw[0].isdigit() and any(c in "百千万" for c in raw)


def _chinese(text: str) -> float:
    """The value of a whole Chinese number; the shorthand 两千六 is 2600."""
    if not any(c in _SCALE or c in "万亿" for c in text):
        digits = "".join(str(_DIGIT[c]) for c in text if c in _DIGIT)
        return float(digits or 0) + (0.5 if "半" in text else 0.0)
    total = section = digit = 0
    scale, zero = 1, False
    for char in text:
        if char in _DIGIT:
            digit, zero = _DIGIT[char], zero or char in "零〇"
        elif char in _SCALE:
            scale = _SCALE[char]
            section += (digit or 1) * scale
            digit, zero = 0, False
        elif char in "万亿":
            scale = 10000 if char == "万" else 100000000
            total = (total + section + digit) * scale
            section = digit = 0
            zero = False
    return float(total + section + digit * (1 if zero or scale == 10 else max(scale // 10, 1)))
