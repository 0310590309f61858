"""What the customer's next words may take for granted: of the trainee's last reply, and of the talk so far.

A line such as 你还没答 makes sense only where something was asked and passed over; the bank's lines say what they
need (`Line.needs`), this module says what holds. It rests on the grade where the grade tells, else on words.
Knows nothing of lines or of how one is chosen.
"""

from __future__ import annotations

import re

from simulator.director import ledger
from simulator.director.casting import Casting
from simulator.domain.grade import Grade
from simulator.domain.persona import ConcernStatus, Cue, Mood, Move
from simulator.domain.session import CustomerState
from simulator.language.features import asks_consent

# Anger at the start from which a customer may later say that he has cooled down.
_ANGRY = 0.5
# Replies after which much has been said.
_LATE = 4
# Items by which the trainee presents something, explains or reckons it.
_CLAIMING = frozenset(
    f"{kind}:{name}"
    for kind, names in {
        "step": ("reason", "recalculate", "found", "fabe", "why_listen", "explain", "reframe", "summarise"),
        "skill": ("evidence", "fabe", "overall_benefit"),
    }.items()
    for name in names
)
_OFFERING = frozenset(
    f"{kind}:{name}"
    for kind, names in {
        "step": ("leave_material", "solution", "agree_plan", "act_now"),
        "skill": ("allowed_concession",),
    }.items()
    for name in names
)
_TELLING = frozenset({"step:felt", "step:found", "step:normalise"})
_KIND = frozenset(
    {"skill:empathy"}
    | {
        f"step:{name}"
        for name in ("care", "rapport", "endorse", "serious", "understand", "acknowledge", "accept")
    }
)
_APOLOGY = frozenset({"step:apologise", "skill:apologise"})
_SORRY = re.compile(r"对不起|抱歉|对不住|不好意思|道(?:个)?歉|赔(?:个)?不是|过意不去|给您添麻烦")
_PRAISE = re.compile(
    r"稳定|便宜|划算|实惠|优惠|方便|质量|好用|齐全|全面|不错|省(?:钱|心|事|下)|快得?很|先进|靠谱|保证|肯定|没问题|功能|覆盖|性价比|合算|优势|反映(?:还|都|挺)?好"
)
_OFFERED = re.compile(
    r"试用|试试|体验|方案|套餐|办(?:一个|个|理)|开通|上门|演示|介绍|给您(?:发|送|留|做|算|申请|登记|办)|帮您(?:申请|登记|办|改|换|退)|优惠|打折|赠送|约个"
)
_MATERIAL = re.compile(
    r"资料|材料|书面|合同|协议|盖章|条款|清单|明细|单子|名单|证明|截图|案例|报告|方案书|手册|白纸黑字|写(?:明|清|进|下来|在)|表格|对照表|承诺书|短信"
)
_OTHERS = re.compile(
    r"(?:别的|其他|好多|很多|不少|好些|许多|大伙|同行|隔壁|邻近|有[一两几]?[家位])[^，。！？]{0,6}(?:单位|客户|公司|老板|商户|企业|人家|用户|医院|学校|厂|店)|大家都|人家都|都这么|谁都"
)
_PUT_OFF = re.compile(
    r"稍等|等(?:一下|一会|会儿|等|消息|通知|几天|着|我|系统)|耐心|改天|回头|以后|慢慢来|尽量|尽快|查(?:一?下|查|一查)|反映(?:一下|上去)|研究|再说|先回去|记下了|转(?:给|交|接)|联系相关|看情况|打(?:电话|10086)"
)


def cues_of(casting: Casting, state: CustomerState, grade: Grade, reply: str) -> frozenset[Cue]:
    """What holds once `reply`, judged as `grade`, has brought the customer to `state`."""
    held = _of_reply(casting, state, grade, reply) | _of_talk(casting, state)
    return frozenset(cue for cue, holds in held.items() if holds)


def _of_reply(casting: Casting, state: CustomerState, grade: Grade, reply: str) -> dict[Cue, bool]:
    f, met = grade.features, ledger.met_keys(grade)
    proposed = bool(met & set(casting.situation.proposals))
    promised = bool(f.promises) or (proposed and bool(f.days))
    others = bool(met & _TELLING or f.third_parties or _OTHERS.search(reply))
    claimed = bool(met & _CLAIMING or f.figures or _PRAISE.search(reply))
    return {
        Cue.ASKED: not all(map(asks_consent, f.questions)),
        Cue.OFFERED: promised or proposed or bool(met & _OFFERING or f.offers or _OFFERED.search(reply)),
        Cue.PROMISED: promised,
        Cue.CLAIMED: claimed or promised or others,  # whatever can be doubted
        Cue.OTHERS: others,
        Cue.FIGURE: bool(f.figures),
        Cue.MATERIAL: bool(_MATERIAL.search(reply)),
        Cue.APOLOGISED: bool(met & _APOLOGY or _SORRY.search(reply)),
        Cue.KIND: bool(met & _KIND),
        Cue.PUSHED: bool(grade.negatives or grade.banned),
        Cue.PUT_OFF: bool("step:act_now" not in met and _PUT_OFF.search(reply)),
        Cue.EVADED: state.waiting > 0 or not f.meaningful,
        Cue.LONG: f.length > casting.style.long_reply,
    }


def _of_talk(casting: Casting, state: CustomerState) -> dict[Cue, bool]:
    angry = casting.situation.start.get("anger", 0.0) >= _ANGRY or state.mood is Mood.UPSET
    told = {ledger.bare_key(key) for key, _ in state.met}
    named = any(claim.kind == "price" for claim in state.claims)
    return {
        Cue.ANGRY_BEFORE: angry or Move.THREATEN in state.moves,
        Cue.PRESENTED: casting.situation.presented or named or not told.isdisjoint(_CLAIMING),
        Cue.UNSOLVED: state.objection.status.rank < ConcernStatus.ANSWERED.rank,
        Cue.LATE: state.turn >= _LATE,
    }
