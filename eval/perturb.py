"""Changes of a reply that must not change its grade: names, sex, product, marks, width, script, one typo.

Each returns the changed reply, or None where there is nothing to change. Knows nothing of graders.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache

import opencc
from pypinyin import Style, lazy_pinyin

_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_NAMES = re.compile(
    rf"(?:(?<=我姓)|(?<=[，,。 是叫找][小老])|(?<=^[小老]))[{_FAMILY}](?![说板上])"
    rf"|[{_FAMILY}](?=先生|女士|主任|老师|老板|阿姨|师傅)"
    rf"|(?:(?<=^)|(?<=[，,。！!？? 起给找跟]))[{_FAMILY}](?=总(?![价额共是数体])|经理|姐|哥)"
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭罗"
_SEX = {
    "先生": "女士", "女士": "先生", "大哥": "大姐", "大姐": "大哥", "叔叔": "阿姨", "阿姨": "叔叔",
    "他": "她", "她": "他", "帅哥": "美女", "美女": "帅哥", "大爷": "大妈", "大妈": "大爷", "哥": "姐", "姐": "哥",
}  # fmt: skip
_PRODUCTS = ("套餐", "宽带", "专线", "彩铃", "副卡", "固话", "流量包", "移动办公室", "企业之窗", "随心呼")
_MARKS = {
    "，": " ",
    ",": " ",
    "。": "！",
    "！": "。",
    "!": "。",
    "；": "，",
    "、": "，",
    "~": "",
    "～": "",
    "…": "。",
}


def names(reply: str, chance: random.Random) -> str | None:
    """Another surname."""
    return _changed(reply, _NAMES.sub(lambda m: chance.choice(_SURNAMES.replace(m.group(), "")), reply))


def sex(reply: str, chance: random.Random) -> str | None:
    """The other sex."""
    pattern = "|".join(sorted(_SEX, key=len, reverse=True))
    return _changed(
        reply, re.sub(rf"(?<![其吉])(?:{pattern})(?!们|人|的话)", lambda m: _SEX[m.group()], reply)
    )


def product(reply: str, chance: random.Random) -> str | None:
    """Another product."""
    pattern = "|".join(sorted(_PRODUCTS, key=len, reverse=True))
    swap = {p: chance.choice([q for q in _PRODUCTS if q != p]) for p in _PRODUCTS}
    return _changed(reply, re.sub(pattern, lambda m: swap[m.group()], reply))


def punctuation(reply: str, chance: random.Random) -> str | None:
    """Other marks, or blanks for marks; question marks stay, since they say something."""
    changed = (
        c if c == "," and reply[i - 1 : i].isdigit() and reply[i + 1 : i + 2].isdigit() else _MARKS.get(c, c)
        for i, c in enumerate(reply)
    )
    return _changed(reply, "".join(changed))


def width(reply: str, chance: random.Random) -> str | None:
    """Letters, figures and marks in full width."""
    return _changed(reply, "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in reply))


def script(reply: str, chance: random.Random) -> str | None:
    """Traditional characters."""
    return _changed(reply, _traditional().convert(reply))


def typo(reply: str, chance: random.Random) -> str | None:
    """One character as pinyin input gets it wrong: another of the same sound."""
    places = [i for i, c in enumerate(reply) if len(_alike().get(_sound(c), "")) > 1]
    if not places:
        return None
    place = chance.choice(places)
    others = [c for c in _alike()[_sound(reply[place])] if c != reply[place]]
    return reply[:place] + chance.choice(others) + reply[place + 1 :] if others else None


KINDS: dict[str, Callable[[str, random.Random], str | None]] = {
    "names": names, "sex": sex, "product": product, "punctuation": punctuation, "width": width,
    "script": script, "typo": typo,
}  # fmt: skip


def _changed(before: str, after: str) -> str | None:
    return after if after != before else None


@lru_cache(maxsize=1)
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


@lru_cache(maxsize=8192)
def _sound(char: str) -> str:
    return str(lazy_pinyin(char, style=Style.NORMAL)[0]) if "\u4e00" <= char <= "\u9fff" else ""


@lru_cache(maxsize=1)
def _alike() -> dict[str, str]:
    """Characters by sound: the common ones of GB 2312's first level, in its own order by sound."""
    found: dict[str, str] = defaultdict(str)
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                char = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            found[_sound(char)] += char
    return dict(found)
