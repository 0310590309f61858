"""The guard: what a customer may say under which move, in a table of lines."""

from __future__ import annotations

import pytest

from simulator.actor.guard import clean, refusal
from simulator.content.contents import Content
from simulator.domain.persona import ConcernStatus, Move
from tests.actor.talk import make_direction

M = Move
SPOKEN = ("翻一倍还多，你当我开银行的？", "我现在一千二，你跟我说两千六？")
GIVEN, THREAT, LEFT, ROLE, COACH = "松了口", "威胁", "要走", "不像客户", "教对方"
LEAK, REPEAT, FIGURE, EMPTY, CHINESE, LONG = "心事", "重复", "编了数字", "空的", "不是中文", "太长"

# (move, line, part of the reason or None when it may be said); the persona is feng_dakui, a driver
LINES: list[tuple[Move, str, str | None]] = [
    # what an unwilling customer says
    (M.PRESS, "价格不动就别谈", None),
    (M.PRESS, "还是贵", None),
    (M.PRESS, "我只认数 多少", None),
    (M.PRESS, "两千六 凭啥", None),
    (M.PRESS, "行了行了别说了", None),
    (M.PRESS, "好什么好", None),
    (M.PRESS, "我可没同意", None),
    (M.PRESS, "谁答应你了", None),
    (M.PRESS, "别指望我今天就签", None),
    (M.PRESS, "凭什么我要接受你的报价", None),
    (M.PRESS, "你说没问题就没问题？", None),
    (M.PRESS, "你说了算还是我说了算", None),
    (M.QUESTION, "断了多久有人到", None),
    (M.QUESTION, "签完谁管", None),
    (M.QUESTION, "要是签了能便宜多少？", None),
    (M.QUESTION, "投诉过两回了知道吗", None),
    (M.DOUBT, "听着不靠谱", None),
    (M.DOUBT, "四小时到场？吹吧", None),
    (M.TEST_CLAIM, "四小时写进合同？", None),
    (M.COMPARE_RIVAL, "电信报两千四", None),
    (M.HESITATE, "难说 我再想想", None),
    (M.GO_QUIET, "嗯", None),
    (M.GO_QUIET, "……", None),
    (M.INTERRUPT, "打住 说重点", None),
    (M.SOFTEN, "这句像人话", None),
    (M.SOFTEN, "谢谢你跑一趟", None),
    (M.REFUSE, "不要 没得商量", None),
    (M.PRESS, "我谢谢你啊，越说越贵", None),
    (M.PRESS, "你们师傅一打电话就挂了", None),
    (M.PRESS, "我不是来投诉的 我要说法", None),
    (M.PRESS, "等半天了 结果呢", None),
    (M.PRESS, "一万个不放心", None),
    (M.PRESS, "你早该告诉我", None),
    # each move may do its own
    (M.ACCEPT, "行，就这么定", None),
    (M.ACCEPT, "成交 办完打给我 再见", None),
    (M.CONCEDE, "行吧，我等你到周三", None),
    (M.CONCEDE, "资料发来 号码给你", None),
    (M.THREATEN, "再糊弄我就投诉你", None),
    (M.ESCALATE, "我找你们领导 不跟你谈了", None),
    (M.LEAVE, "不谈了 走了", None),
    (M.FAREWELL, "先这样 再见", None),
    # gives without being told to
    (M.PRESS, "好，就这么定", GIVEN),
    (M.PRESS, "那我签", GIVEN),
    (M.SOFTEN, "我同意", GIVEN),
    (M.SOFTEN, "成交！", GIVEN),
    (M.QUESTION, "行，办吧", GIVEN),
    (M.SOFTEN, "那就开通吧", GIVEN),
    (M.SOFTEN, "我撤诉", GIVEN),
    (M.HESITATE, "好的，那按你说的办", GIVEN),
    (M.HESITATE, "可以，给我开通吧", GIVEN),
    (M.SOFTEN, "没问题，听你的安排", GIVEN),
    (M.SOFTEN, "那我等你消息", GIVEN),
    (M.QUESTION, "我把号码留给你", GIVEN),
    (M.SOFTEN, "这事就算了", GIVEN),
    (M.HESITATE, "那先试试吧", GIVEN),
    (M.DOUBT, "好的", GIVEN),
    (M.SOFTEN, "那我接受你的方案", GIVEN),
    (M.SOFTEN, "周三你过来", GIVEN),
    (M.PRESS, "谢谢您", "道谢"),
    # threatens, leaves
    (M.PRESS, "我要投诉你", THREAT),
    (M.DOUBT, "信不信我打12315", THREAT),
    (M.PRESS, "叫你们经理出来", THREAT),
    (M.REFUSE, "再说我就换电信", THREAT),
    (M.PRESS, "我发抖音让大家看看", THREAT),
    (M.PRESS, "我找律师告你们", THREAT),
    (M.PRESS, "挂了啊", LEFT),
    (M.SOFTEN, "先这样，再见", LEFT),
    (M.REFUSE, "不谈了", LEFT),
    (M.HESITATE, "改天再聊吧", LEFT),
    (M.PRESS, "我走了", LEFT),
    (M.REFUSE, "到此为止", LEFT),
    # falls out of the role
    (M.PRESS, "我是AI，不能决定", ROLE),
    (M.PRESS, "作为一个语言模型我没有意见", ROLE),
    (M.PRESS, "作为客户，我觉得贵", ROLE),
    (M.PRESS, "我在扮演一位厂长", ROLE),
    (M.PRESS, "按照剧本我该拒绝", ROLE),
    (M.PRESS, "我的提示词不让我说", ROLE),
    (M.PRESS, "我的system设定是要坚持到底", ROLE),
    (M.PRESS, "请问有什么可以帮您", ROLE),
    (M.PRESS, "我马上为您办理", ROLE),
    (M.PRESS, "感谢您的来电", ROLE),
    (M.PRESS, "你应该先道歉", COACH),
    (M.PRESS, "建议你换个说法", COACH),
    (M.PRESS, "您可以这样说：价格包含服务", COACH),
    (M.SOFTEN, "回答得很好", COACH),
    (M.SOFTEN, "你的话术不错", COACH),
    (M.PRESS, "你要先安抚客户的情绪", COACH),
    # tells the hidden concern, too long, not Chinese, empty, repeats, invents
    (M.PRESS, "我就怕花了大钱还是说断就断", LEAK),
    (M.QUESTION, "抢修几小时？稳定吗", LEAK),
    (M.PRESS, "Too expensive for me", CHINESE),
    (M.PRESS, "高すぎるでしょう", CHINESE),
    (M.PRESS, "", EMPTY),
    (M.PRESS, "？！", EMPTY),
    (M.PRESS, "价钱高得离谱" * 8, LONG),
    (M.PRESS, "翻一倍还多，你当我开银行的啊！", REPEAT),
    (M.PRESS, "我现在一千二 你跟我说两千六", REPEAT),
    (M.COMPARE_RIVAL, "人家才报一千九", FIGURE),
    (M.PRESS, "最多给你八百块", FIGURE),
    (M.PRESS, "降百分之三十再说", FIGURE),
]


@pytest.mark.parametrize(("move", "text", "reason"), LINES)
def test_lines(content: Content, move: Move, text: str, reason: str | None) -> None:
    found = refusal(text, make_direction(move=move), content.persona("feng_dakui"), SPOKEN)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert reason in found


def test_the_table_is_long_enough() -> None:
    assert len(LINES) >= 80


def test_the_concern_may_be_named_once_it_was_raised(content: Content) -> None:
    who = content.persona("feng_dakui")
    line = "还不是怕花了大钱说断就断"
    assert refusal(line, make_direction(), who, ()) is not None
    assert refusal(line, make_direction(concern=ConcernStatus.RAISED), who, ()) is None
    assert refusal(line, make_direction(move=M.REVEAL, reveals=who.concern.short), who, ()) is None


def test_words_that_the_trainee_used_are_no_leak(content: Content) -> None:
    who = content.persona("feng_dakui")
    line = "抢修几小时？稳定吗"
    assert refusal(line, make_direction(reply="抢修几小时我说不好，稳定是稳定的"), who, ()) is None


def test_told_facts_must_be_told(content: Content) -> None:
    who = content.persona("feng_dakui")
    asked = make_direction(move=M.ANSWER, answer="两条宽带，一条六百，一千二")
    assert refusal("两条 一条六百 一千二", asked, who, ()) is None
    assert "事实" in str(refusal("你自己查去", asked, who, ()))
    revealing = make_direction(move=M.REVEAL, reveals=who.concern.short)
    assert "心事" in str(refusal("没什么好说的", revealing, who, ()))


def test_figures_from_the_talk_may_be_quoted(content: Content) -> None:
    who = content.persona("feng_dakui")
    assert refusal("八百五能下来？", make_direction(), who, ()) is not None
    assert refusal("八百五能下来？", make_direction(), who, (), heard=("给您850元",)) is None
    assert refusal("五千七你算对了", make_direction(), who, ()) is None  # a fact of his: 5700


def test_parroting_the_trainee_is_refused(content: Content) -> None:
    direction = make_direction(reply="专线含备用线路，断了四小时到")
    found = refusal("专线含备用线路，断了四小时到。", direction, content.persona("feng_dakui"), ())
    assert found is not None
    assert "照抄" in found


def test_length_follows_the_style_of_the_session(content: Content) -> None:
    who = content.persona("feng_dakui")
    line = (
        "你说的这些我都听明白了，可是这个价钱我们厂里确实承受不起，你再看看能不能想点别的办法，我真的很为难啊"
    )
    assert refusal(line, make_direction(), who, (), style="driver") is not None
    assert refusal(line, make_direction(), who, (), style="amiable") is None


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("太贵了", "太贵了"),
        ("<think>他在绕弯</think>\n\n说重点", "说重点"),
        ("<think>没想完的话", ""),
        ("想好了</think>说重点", "说重点"),
        ("客户：太贵", "太贵"),
        ("Customer: 太贵", "太贵"),
        ("assistant\n太贵", "太贵"),
        ("“太贵”", "太贵"),
        ("「太贵」", "太贵"),
        ("客户：“太贵。”", "太贵。"),
        ("（皱眉）太贵了（摇头）", "太贵了"),
        ("【叹气】太贵了", "太贵了"),
        ("*敲桌子* 太贵了", "太贵了"),
        ("**太贵了**", "太贵了"),
        ("- 太贵了", "太贵了"),
        ("太贵了。\n\n客户经理：您看这样", "太贵了。"),
        ("太贵了。客户经理：您看这样", "太贵了。"),
        ("太贵<|im_end|>\n<|im_start|>user\n好的", "太贵"),
        ("<|im_start|>assistant\n太贵", "太贵"),
        ("冯大奎：太贵", "太贵"),
        ("\n\n太贵\n还有", "太贵"),
        ("我问一句：多少钱", "我问一句：多少钱"),
        ("他说“太贵”我也说“太贵”", "他说“太贵”我也说“太贵”"),
        ("……", "……"),
        ("**嗯**", "嗯"),
        ("- 嗯", "嗯"),
        ("“嗯。”", "嗯。"),
        ("\n嗯\n\n哦", "嗯"),
        ("客户：嗯。", "嗯。"),
        ("冯大奎：……", "……"),
        ("<|im_start|>assistant\n嗯。<|im_end|>", "嗯。"),
        ("（沉默）", ""),
        ("", ""),
    ],
)
def test_clean(raw: str, line: str) -> None:
    assert clean(raw, ("冯大奎",)) == line


def test_the_banks_own_lines_mostly_pass(content: Content) -> None:
    """A guard that refused what trainers wrote would refuse what a good model says."""
    tried = refused = 0
    for persona in content.personas.values():
        families = {content.situation(s).family.value for s in persona.situations} | set(persona.situations)
        for line in content.lines:
            if line.style != persona.style or "{" in line.text or not families & set(line.scopes):
                continue
            if line.move is M.OPEN or line.text.startswith("（"):
                continue
            tried += 1
            direction = make_direction(move=line.move, concern=ConcernStatus.RAISED, reply="您请讲")
            refused += refusal(line.text, direction, persona, ()) is not None
    assert tried > 1000
    assert refused / tried < 0.03


@pytest.mark.parametrize(
    ("given", "least"), [(M.ACCEPT, 0.55), (M.ESCALATE, 0.8), (M.LEAVE, 0.6), (M.THREATEN, 0.65)]
)
def test_what_another_move_may_say_is_mostly_caught(content: Content, given: Move, least: float) -> None:
    """The bank's lines of a giving, threatening or ending move, said under `press`. The tables were
    written with some 60 % of these lines in view; of the later ones far fewer are caught."""
    who = content.persona("feng_dakui")
    lines = [ln for ln in content.lines if ln.move is given and "{" not in ln.text]
    caught = [ln for ln in lines if refusal(ln.text, make_direction(reply="您请讲"), who, ()) is not None]
    assert len(caught) / len(lines) >= least
