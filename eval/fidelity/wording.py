"""The figures' names in plain Chinese. Knows nothing of terminals or of HTML."""

from __future__ import annotations

from eval.fidelity.breaches import Kind

KINDS = {
    Kind.UNEARNED_STATE: "没挣到就让步（状态）",
    Kind.UNEARNED_TEXT: "没挣到就让步（话里）",
    Kind.ROLE: "出戏",
    Kind.COACHING: "教对方怎么说",
    Kind.LEAK: "提前露出心事",
    Kind.CONTRADICTION: "和人物的事实不符",
    Kind.REPEAT: "一场里说两遍",
    Kind.ENDING: "结尾不得体",
}
TRAINEES = {
    "expert": "老手",
    "average": "普通",
    "rude": "粗鲁",
    "off_topic": "闲扯",
    "attack": "捣乱",
    "long_average": "普通，聊满 12 轮",
    "long_off_topic": "闲扯，聊满 12 轮",
}
OUTCOMES = {
    "won": "谈成",
    "advanced": "有进展",
    "stalled": "没进展",
    "lost": "谈崩",
    "escalated": "升级投诉",
    "broken": "出错中断",
}
MOODS = {"upset": "恼火", "neutral": "平常", "warm": "气顺"}
LEVELS = {"easy": "简单", "normal": "普通", "hard": "困难"}
ABOUT = (
    "学员是照脚本演的：老手、普通、粗鲁三种各有几轮话，每轮四种以上的说法，由种子挑；还有只管闲扯的和专门捣乱的。"
    "种子同时决定客户藏着哪件心事、接着提哪些异议、先后次序，以及客户自己怎么说。"
    "“聊满 12 轮”的两种，客户的耐心不会减少，别的都照常，专看话说久了会不会走样。"
)
STYLE_RULE = (
    "判断风格的分类器（字符 1–4 元 TF-IDF 加逻辑回归）从台词库学，但每个情境用另外一个："
    "凡是那个情境的对话里说过的句子，以及和它们近似的（去掉标点、语气词以后，字符五元组 Jaccard 0.6 以上），都不拿来学。"
    "一场对话的风格，取各句概率之积最大的那种。区间按情境重抽。"
)
UNEARNED = (
    "“没挣到就让步（状态）”：粗鲁、闲扯、捣乱的学员，给什么都算没挣到。对老手和普通学员，只是拿导演自己的条件核对导演，"
    "量的是它前后一致不一致，不是条件定得对不对。"
)


def share(value: float | None) -> str:
    """A share in percent; a dash for what is undefined."""
    return "—" if value is None else f"{value:.1%}"


def figure(value: float | None) -> str:
    """Three decimals; a dash for what is undefined."""
    return "—" if value is None else f"{value:.3f}".replace("-", "−")
