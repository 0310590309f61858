"""What a sentence does, without whom and what it is about: typos, names, sex, products, figures, marks levelled.

A reply must get the same grade whether it is said to 王女士 or 张先生, about broadband or about a SIM card, with
a full stop or without. So likeness to examples and the character n-grams that the item models read are
taken from this form, not from the reply as typed. Knows nothing of rubrics or models.
"""

from __future__ import annotations

import re
from functools import lru_cache

from simulator.language.spelling import correct
from simulator.language.text import normalise

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文付欧"
)
_TITLES = "先生|女士|小姐|太太|大哥|大姐|大叔|阿姨|大爷|大妈|叔叔|老师|老板|师傅|总监|总|经理|主任|厂长|院长|校长|局长|处长|科长|哥|姐|叔"
_TITLES_OF_PEOPLE = (
    "先生|女士|小姐|太太|大哥|大姐|大叔|阿姨|老师|老板|师傅|经理|主任|厂长|院长|校长|局长|处长|科长"
)
_PEOPLE = (  # of either sex, and of any rank: one form; the longer words first
    "先生|女士|小姐姐|小哥哥|小姐|太太|大哥|大姐|大叔|阿姨|大爷|大妈|叔叔|帅哥|美女|小哥|姐姐|哥哥|姐|哥|叔"
)
_PRODUCTS = (
    "集团彩铃|视频彩铃|彩铃|移动办公室|企业之窗|随心呼|专线接入|专线|宽带|固话|流量包|流量卡|副卡|手机卡|电话卡|套餐|云盘|企业邮箱|"
    "短信包|语音包|亲情网|虚拟网|集团网|网络电视|机顶盒|云桌面|固定ip"
)
# A surname is one where a title that only people bear follows; 总 and 哥 also end other words (最高总价).
_LEVEL = re.compile(
    rf"(?P<named>(?<![关终对由属])[{_SURNAMES}](?=(?:{_TITLES_OF_PEOPLE}))"
    rf"|(?:(?<![\u4e00-\u9fff])|(?<=[的是叫姓跟找给让和请起没问])|(?<=您好)|(?<=你好))[{_SURNAMES}](?=(?:{_TITLES})))"
    rf"|(?P<young>(?<![最大很太不较从短])[小老阿][{_SURNAMES}](?=[让到来给在马这就帮先跟为您你他说今明现的]|[^\u4e00-\u9fff]|$))"
    rf"|(?P<person>{_PEOPLE})"
    rf"|(?P<product>{_PRODUCTS})"
    r"|(?P<they>[她它])"
    r"|(?P<number>\d+(?:[.:]\d+|,\d{3}(?!\d))*)"
)
_FORMS = {"named": "王", "young": "小王", "person": "先生", "product": "套餐", "they": "他", "number": "0"}


BREAK, ASKED = ",", "?"  # what marks are levelled to


@lru_cache(maxsize=1024)
def canonical(text: str) -> tuple[str, tuple[int, ...]]:
    """The levelled form of `text`, letters and figures only, and for each of its characters the place in
    `text` it stands for."""
    marked, places = with_marks(text)
    kept = [(c, p) for c, p in zip(marked, places, strict=True) if c not in (BREAK, ASKED)]
    return "".join(c for c, _ in kept), tuple(p for _, p in kept)


@lru_cache(maxsize=1024)
def with_marks(text: str) -> tuple[str, tuple[int, ...]]:
    """`canonical` with the marks between letters, levelled to two: a question, or a break of any kind (a
    comma, a full stop, a blank). A break at either end says nothing and is left out."""
    plain = normalise(text)
    out: list[str] = []
    places: list[int] = []

    def keep(start: int, end: int) -> None:
        for place in range(start, end):
            char = plain[place]
            if not char.isalnum():
                char = ASKED if char == ASKED else BREAK
                if out and out[-1] in (BREAK, ASKED):
                    out[-1] = ASKED if ASKED in (out[-1], char) else BREAK
                    continue
            out.append(char)
            places.append(place)

    done = 0
    for match in _LEVEL.finditer(plain):
        keep(done, match.start())
        form = _FORMS[match.lastgroup or ""]
        last = match.end() - 1
        out.extend(form)
        places.extend(min(match.start() + i, last) for i in range(len(form)))
        done = match.end()
    keep(done, len(plain))
    first = 1 if out[:1] == [BREAK] else 0
    final = len(out) - (1 if len(out) > first and out[-1] == BREAK else 0)
    # last, so that a typo is judged by the same neighbours whoever is spoken to about whatever product
    return correct("".join(out[first:final])), tuple(places[first:final])
