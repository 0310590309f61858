"""Facts about a reply that need no examples: figures, days, promises, address, stories, small talk.

The director reads them; they never change a verdict by themselves. Word lists are short on purpose:
what a list cannot say surely belongs to the grader's examples.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from simulator.domain.grade import Address, Features
from simulator.language.mentions import mentions
from simulator.language.text import clauses, han_share, level_marks, normalise

_DIGITS = "0-9零〇一二两三四五六七八九十百千万亿半"
_UNIT = (
    r"(?:块钱|块|元|毛|分钱|角|折|%|个百分点|万|千|g|gb|m|兆|号|个|人|条|次|天|月|年|小时|分钟|秒|公里|"
    r"米|页|份|家|项|成|倍|档|期|台|部|张|路|座)"
)
_A_MONTH = r"\s*(?:/|每|一个)月"  # a price keeps its period: 38元/月, 两千六百块一个月
FIGURE = re.compile(
    rf"(?:百分之[{_DIGITS}]+|(?:\d[\d,.]*|[{_DIGITS}]+)\s*(?:块钱|块|元){_A_MONTH}|"
    rf"\d[\d,.]*\s*{_UNIT}?|[{_DIGITS}]+(?:点[{_DIGITS}]+)?\s*{_UNIT})"
)
_GOES_ON = re.compile(rf"[{_DIGITS}]+(?:[百十][{_DIGITS}]*)?(?:\s*(?:块钱|块|元)(?:{_A_MONTH})?)?")
_VAGUE = re.compile(r"^(?:一|两|半|几)?(?:个|下|次|份|家|项|条|人|点|天|号|百分点)$|^一[个下次份家项条张块]$")
DAY = re.compile(
    r"(?:下?下?(?:周|礼拜|星期)[一二三四五六日天末1-7]|这(?:周|礼拜|星期)[一二三四五六日天]?|下(?:个)?(?:周|礼拜|星期|月)|"
    r"今[天晚早]|今儿|明[天晚早]|明儿|后天|大后天|当天|月底|月初|年底|年前|节后|"
    r"\d{1,2}月\d{1,2}[日号]?|[一二三四五六七八九十]+月(?:[一二三四五六七八九十]+[日号])?(?!租|\s*[\d一二两三四五六七八九十百千]+\s*(?:元|块|毛))|"
    r"(?<!\d)\d{1,2}[日号](?!码|段|卡|线|楼)|[一二三四五六七八九十]{1,3}号(?!码|段|卡|线|楼)|"
    r"[上下]午[一二两三四五六七八九十\d]+点(?:半|一刻|三刻|[二三四五]?十[一二三四五六七八九]?分?)?|\d{1,2}[:：点]\d{0,2}|"
    # 快一点 is no hour, 两点建议 neither
    r"(?:二?十[一二三四五六七八九]?|[二两三四五六七八九])点(?:钟|半|前|一刻|三刻|[二三四五]?十[一二三四五六七八九]?分?)?(?!建议|意见|原因|要求|想法|好处|不同|说明)|一点(?:钟|半)|"
    rf"[{_DIGITS}]+个?(?:小时|分钟|钟头|工作日|天)(?:内|之内|以内|后|之后)|下班前|天黑前|中午前)"
)
_PROMISE = re.compile(
    r"(?:我|我们|咱们?|这边)[^，,。！？!?]{0,8}?(?:会|来|去|就|马上|立刻|帮您|给您|替您|保证|一定|负责|安排|申请|跟进)"
)
_QUESTION = re.compile(
    r"[?？]|[吗么呢](?:$|[，,。！!~…])|(?:什么|哪|怎么|为什么|为啥|多少|几个|几号|如何|是否|是不是|要不要|能不能|行不行|好不好|可不可以|有没有|方不方便|对不对|谁)"
)
_OPEN_QUESTION = re.compile(r"什么|啥|哪|怎么|为何|多少|几|如何|谁|咋")
# Questions that only ask for consent: nobody answers them with a fact.
_CONSENT = re.compile(
    r"(?:行|成|中|可以|同意|愿意|妥当?|要得|巴适|安心|踏实)(?:吗|吧|不|么|嘛|呢)(?:$|[?？])|行不行|成不成|中不中|可不可以|要不要得|您看呢|您觉得呢|"
    r"(?:您看(?!看)|这样|这么|咱|我)[^?？]{0,12}(?:好|够|方便|合适)(?:吗|不|么|嘛|[不没](?:好|够|合适))"
)
# Open question words that ask nothing, or only how a plan is liked.
_LIKED = re.compile(
    r"(?:怎么?样|咋样|如何|怎么说|咋说)[?？]$|好几|多少(?:会|有)点?|[几哪谁][^?？]*(?:吗|吧|么|不)[?？]$|[说讲占等]几|哪怕|谁都|怎么可能|凭什么|说什么呢"
)
_YES_OR_NO = re.compile(r"是不是|有没有|能不能|是否|会不会|要不要|够不够|(?:吗|么)$")
# What makes a question word no question: 谁办的都有, 有什么情况打我电话.
_INDEFINITE = re.compile(r"都|也|要是|如果|不管|无论|有什么|有啥|有哪|随时|什么的")
_STORY = re.compile(
    r"(?:有(?:一)?[家位个]|上次|上个月|去年|前阵子|前两天|隔壁|您?同行|楼下|之前)[^。！？!?]{4,}"
    r"(?:后来|结果|当时|一开始|刚开始|现在|起初|说|用了|办了|换了|试了)"
)
_THIRD = re.compile(
    r"(?:(?:一|两|三|几|好几|很多|不少|其他|别的|好多|\d+)[家位个]|隔壁(?:的|那家)?|同行|旁边(?:的|那家)?|对面(?:的|那家)?)"
    r"[^，,。！？!?]{0,10}?(?:公司|单位|客户|老板|厂|店|医院|学校|酒店|超市|物流|诊所|企业|商户|同行|老总|主任)"
)
_SMALL_TALK = re.compile(
    r"天[气儿]|吃(?:饭|了)没|吃了吗|孩子|家里人|喝(?:杯)?茶|周末|辛苦了|路上|堵车|身体|过年|过节|老家|气色|下雨|降温|聊聊天"
)
_SPEC = re.compile(
    r"\d+\s*(?:g|gb|m|mb|mbps|兆|k|w|毫秒|ms|dbm|ghz)|带宽|上行|下行|时延|制式|协议|接口|端口|并发|apn|sla|qos|volte|mpls|ims|pbx|核心网|基站"
)
_FAMILIAR = re.compile(r"你(?!们)")
_TITLES = re.compile(
    r"[\u4e00-\u9fff](?:总|经理|主任|先生|女士|老师|厂长|院长|校长|老板|阿姨|大哥|大姐|师傅|局长|处长|科长|姐|哥|叔)"
)
# 冯厂长，… | 您好，王总： who is spoken to stands alone before a mark or before 您/你.
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
    "韦贾夏付方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔温阮章鲁葛柯樊阳兰蓝洪安童佟骆柳尤岳"
)
_TITLE = "总|经理|主任|先生|女士|小姐|老师|厂长|院长|校长|老板|阿姨|大哥|大姐|师傅|局长|处长|科长|店长|会长|队长|园长|部长|主管|助理|总监|叔|姐|哥"
_CALLED = re.compile(
    rf"(?:^|[。！!？?]|您好|你好)[，,。！!\s]*([{_SURNAMES}](?:{_TITLE}))(?=好?[，,。！!？?：:；;\s]+\S|好$|您|你)|"
    rf"(?:您好|你好)[，,\s]*([{_SURNAMES}](?:{_TITLE}))$"
)
_CLAUSE = re.compile(r"(?:[^，,。！!？?；;\n]|(?<=\d),(?=\d))+")
_MONTHLY = ("/月", "每月", "一个月")
# A price in such a clause is no offer of the trainee's own.
_NO_OFFER = re.compile(
    r"电信|联通|广电|那家|那边|别家|别人|人家|对方|同行|贵|便宜|省|差|多出|少付|原价|原来|以前|现在用|眼下用|档|另外?有|再往上|高配|"
    r"合计|一共|总共|加起来|账单|损失"
)
_ECHO = re.compile(r"[\u3400-\u9fffA-Za-z0-9]{2,}")


def figures(text: str) -> tuple[str, ...]:
    """Numbers with their unit, as typed; “一个” and the like are no figures."""
    found, place = [], 0
    while (match := FIGURE.search(text, place)) is not None:
        rest = _GOES_ON.match(text, match.end()) if match.group().endswith(("千", "万")) else None
        place = rest.end() if rest else match.end()
        found.append(text[match.start() : place].strip(" ,."))
    return tuple(f for f in found if not _VAGUE.match(f))


def _offers(text: str) -> tuple[str, ...]:
    """Prices a month that stand for the trainee's own offer."""
    own = (p for p in _CLAUSE.findall(text) if not _NO_OFFER.search(p))
    return tuple(f for part in own for f in figures(part) if f.endswith(_MONTHLY))


def days(text: str) -> tuple[str, ...]:
    """Named days, dates and hours, as typed."""
    found: list[tuple[int, str]] = []
    for match in DAY.finditer(text):
        if found and found[-1][0] == match.start():  # 周四 + 上午十点 is one time
            found[-1] = (match.end(), found[-1][1] + match.group())
        else:
            found.append((match.end(), match.group()))
    return tuple(text for _, text in found)


def is_question(text: str) -> bool:
    """Whether `text` asks something."""
    return bool(_QUESTION.search(text))


def is_open_question(text: str) -> bool:
    """Whether `text` asks something that yes or no does not answer."""
    return is_question(text) and bool(_OPEN_QUESTION.search(text))


def asks_for_fact(question: str) -> bool:
    """Whether a fact would answer a clause that `is_question`: it asks neither for consent (您看行吗) nor of everybody
    or anything, and is more than a 呢 in passing (我听着呢)."""
    marked = question[-1:] in "?？"
    if is_open_question(question):
        return marked or question[-1:] in "吗呢么" or not _INDEFINITE.search(question)
    return (marked or bool(_YES_OR_NO.search(question))) and not _CONSENT.search(question)


def asks_openly(question: str) -> bool:
    """Whether a clause asks, beyond doubt, for more than a yes: with a question mark and an open question word, and
    not how a plan is liked (您看怎么样？)."""
    open_ = question[-1:] in "?？" and bool(_OPEN_QUESTION.search(question))
    return open_ and not _LIKED.search(question) and not _CONSENT.search(question)


def _address(text: str) -> Address:
    polite = "您" in text or bool(_TITLES.search(text))
    familiar = bool(_FAMILIAR.search(text))
    if polite:
        return Address.MIXED if familiar else Address.POLITE
    return Address.FAMILIAR if familiar else Address.NONE


def _shared_words(question: str, reply: str) -> int:
    """Longest run of characters that question and reply share."""
    match = SequenceMatcher(None, question, reply, autojunk=False).find_longest_match()
    return match.size


def question_answered(question: str, reply: str) -> bool | None:
    """Whether `reply` takes up what `question` asks; None when nothing is asked. A figure answers 多少,
    a day answers 什么时候; else the reply must share two characters with the question and say more."""
    if not is_question(question):
        return None
    if re.search(r"多少|几|怎么算|多贵|什么价", question) and figures(reply):
        return True
    if re.search(r"什么时候|哪天|几天|多久|何时|几点", question) and (days(reply) or figures(reply)):
        return True
    content = "".join(_ECHO.findall(re.sub(r"[您你我他吗呢啊吧的了是什么怎么为多少几]", "", question)))
    return len(reply) >= 8 and _shared_words(content, reply) >= 2


def features(reply: str, customer: str = "") -> Features:
    """The features of `reply`, given the customer's line before it."""
    text = level_marks(normalise(reply))
    parts = [text[c.start : c.end] for c in clauses(text)]
    letters = [c for c in text if c.isalnum()]
    meaningful = len(letters) >= 2 and han_share(text) >= 0.3 and len(set(letters)) >= 2
    return Features(
        length=sum(1 for c in reply if not c.isspace()),
        figures=figures(text),
        days=days(text),
        promises=tuple(p for p in parts if _PROMISE.search(p)),
        address=_address(text),
        question_answered=question_answered(normalise(customer), text) if customer else None,
        questions=tuple(q for q in re.findall(r"[^，,。！!；;\n?？]+[?？]?", text) if is_question(q)),
        story=bool(_STORY.search(text)),
        third_parties=tuple(m.group() for m in _THIRD.finditer(text)),
        small_talk=bool(_SMALL_TALK.search(text)),
        spec_list=len(_SPEC.findall(text)) >= 3,
        meaningful=meaningful,
        called=tuple(m.group(1) or m.group(2) for m in _CALLED.finditer(text)),
        offers=_offers(text),
        mentions=mentions(text),
    )
