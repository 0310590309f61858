"""Every label of the page in Chinese and English.

Knows nothing of HTML. What trainers wrote (rubrics, customers' lines, reasons) is not translated; styles
and situations that ship with the product have English names in `names.py`.
"""

from __future__ import annotations

from typing import Literal

Lang = Literal["zh", "en"]

# key: (Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    "brand": ("对练", "Duilian"),
    "tagline": ("和难缠的客户，先练一遍", "Practise difficult customers before meeting them"),
    "lead": (
        "挑一位客户开聊。每句话都有反馈，说砸了可以从那一句重来。",
        "Pick a customer and talk. Every reply gets feedback; redo any line that went wrong.",
    ),
    "switch": ("EN", "中文"),
    "switch_title": ("Switch to English", "切换到中文"),
    "home": ("换个客户", "Other customers"),
    "back": ("返回", "Back"),
    # choosing
    "filter_style": ("性格", "Style"),
    "choose_level": ("难度", "Level"),
    "own_level": ("按人物", "As cast"),
    "filter_situation": ("情境", "Situation"),
    "all": ("全部", "All"),
    "drills": ("礼仪练习", "Etiquette drills"),
    "family_sales": ("谈业务", "Sales talks"),
    "family_complaint": ("处理投诉", "Complaints"),
    "family_drill": ("礼仪练习", "Etiquette drills"),
    "drill_lead": ("几句话就练完，挑一个场景：", "A few lines each. Pick a scene:"),
    "none_found": ("没有这样的客户，换个条件试试。", "No such customer. Try other filters."),
    "easy": ("好说话", "Easy"),
    "normal": ("一般", "Normal"),
    "hard": ("难缠", "Hard"),
    "difficulty": ("难度：{level}", "Difficulty: {level}"),
    "private_person": ("个人客户", "Private customer"),
    "recent": ("最近的对练", "Recent sessions"),
    "resume": ("接着练", "Resume"),
    "see_report": ("看复盘", "Review"),
    "turns_done": ("说了 {n} 句", "Replies: {n}"),
    # chat
    "typing": ("对方正在输入…", "Typing…"),
    "situation": ("情境", "Situation"),
    "you_know": ("见面前你知道的", "What you know beforehand"),
    "product": ("在谈的业务", "Product"),
    "price": ("报价", "Quote"),
    "plan": ("现在用的", "Current plan"),
    "bill": ("现在的花费", "Current bill"),
    "placeholder": ("回一句…", "Reply…"),
    "send": ("发送", "Send"),
    "send_keys": ("Enter 发送，Shift+Enter 换行", "Enter sends, Shift+Enter breaks the line"),
    "length": ("{n} 字", "{n} chars"),
    "waiting": ("对方等了 {time}", "waiting {time}"),
    "timer_title": ("从对方上一句到现在", "Since the customer's last line"),
    "hint": ("提示", "Hint"),
    "hint_next": ("下一步可以：{name}", "Next you could: {name}"),
    "hint_example": ("比如：", "For example:"),
    "agreed": ("对方答应了，道个别就收尾。", "Agreed. Say goodbye to close."),
    "hint_none": ("该做的都做到了，可以收尾了。", "All steps are done. You can close now."),
    "close": ("收起", "Close"),
    "coach": ("教练", "Coach"),
    "coach_title": ("显示或收起教练的点评", "Show or hide the coach's notes"),
    "finish": ("结束", "End"),
    "finish_sure": ("确定结束？", "End now?"),
    "spent": ("用时 {time}", "took {time}"),
    "ended": ("对练结束：{outcome}", "Session ended: {outcome}"),
    "branch": (
        "从第 {n} 句重来。原来那次还在，说完这句就能比一比。",
        "Redone from reply {n}. The original is kept; send this reply to compare.",
    ),
    "see_original": ("看原来那次", "See the original"),
    "no_answer": ("对方没能答上来。", "The customer could not answer."),
    "retry": ("再试一次", "Try again"),
    # mood
    "mood": ("对方的心情", "Customer's mood"),
    "mood_upset": ("正在气头上", "Upset"),
    "mood_neutral": ("还算平静", "Calm"),
    "mood_warm": ("聊得不错", "Warming up"),
    "anger": ("怒气", "Anger"),
    "trust": ("信任", "Trust"),
    "interest": ("兴趣", "Interest"),
    "patience": ("耐心", "Patience"),
    "why": ("为什么变", "Why it changed"),
    "why_none": ("说出第一句，看看对方怎么想。", "Say your first line and see."),
    "more_reasons": ("还有 {n} 条", "{n} more"),
    # coach
    "quality_of": ("{n} 分（满分 5）", "{n} of 5"),
    "quality_none": ("没法评分", "Could not be graded"),
    "met_none": ("没碰到要点。", "No point was met."),
    "better": ("换成：", "Say instead: "),
    "advice": ("建议：", "Advice: "),
    "step": ("步骤", "Step"),
    "skill": ("技巧", "Skill"),
    "negative": ("失误", "Fault"),
    "banned": ("禁语", "Banned"),
    "settled": ("（由 {name} 裁定）", " (settled by {name})"),
    # comparing a redone reply
    "compare": ("和上次比", "Against the original"),
    "compare_same": ("和上次差不多。", "About the same as before."),
    "then": ("上次：", "Before: "),
    "gained": ("多做到", "Gained"),
    "lost": ("没做到", "Lost"),
    "fixed": ("改掉了", "Fixed"),
    "new_fault": ("新的失误", "New fault"),
    # report
    "report": ("复盘", "Review"),
    "score": ("得分", "Score"),
    "steps_done": ("步骤做到 {done} / {all}", "{done} of {all} steps done"),
    "replies": ("共 {n} 句", "Replies: {n}"),
    "next": ("接下来练什么", "What to work on"),
    "curve": ("心情曲线", "Mood curve"),
    "curve_start": ("开场", "Start"),
    "curve_turn": ("第 {n} 句", "Reply {n}"),
    "curve_none": ("没说上话，画不出曲线。", "Nothing was said, so there is no curve."),
    "turn_by_turn": ("逐句点评", "Reply by reply"),
    "turn_n": ("第 {n} 句", "Reply {n}"),
    "redo": ("从这一句重来", "Redo from here"),
    "missed": ("漏掉的步骤", "Missed steps"),
    "missed_example": ("可以说：", "You could say: "),
    "again": ("再练一遍", "Practise again"),
    "download": ("下载复盘", "Download"),
    "won": ("谈成了", "Won"),
    "advanced": ("往前走了一步", "A step forward"),
    "stalled": ("没谈出结果", "No result"),
    "lost_outcome": ("客户走了", "Customer left"),
    "escalated": ("客户去投诉了", "Customer complained"),
    "open_outcome": ("还没结束", "Not finished"),
    # failures
    "toast_title": ("没办成", "That did not work"),
    "toast_unknown": (
        "程序出了点问题，你写的字还在。再试一次，不行就刷新页面。",
        "Something went wrong. Your text is kept: try again, or reload the page.",
    ),
    "seconds": ("{n} 秒", "{n}s"),
    "minutes": ("{m} 分 {s} 秒", "{m}m {s}s"),
}


def say(lang: Lang, key: str, **values: object) -> str:
    """The label `key` in `lang`, its `{slots}` filled. Raises KeyError for an unknown key."""
    return WORDS[key][lang == "en"].format(**values)


def duration(lang: Lang, seconds: float) -> str:
    """Seconds as people say them."""
    whole = round(seconds)
    if whole < 60:
        return say(lang, "seconds", n=whole)
    return say(lang, "minutes", m=whole // 60, s=whole % 60)
