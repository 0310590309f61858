"""What a reply speaks of, by its words alone: an apology, an advantage, an offer, papers, other customers, a delay.

Word lists for what the customer may take up, where no item of a rubric judges it; they never change a verdict.
Short on purpose: what is missed costs a livelier line, what is wrongly heard an answer to nothing. Knows nothing of
grades or customers.
"""

from __future__ import annotations

import re

from simulator.language.text import clauses

_ASKS = re.compile(r"[吗么]$|什么|哪|几号|怎么|多少|是不是|有没有|能不能|是否")
_NOT_SO = re.compile(r"没|不能|不会|不给|不太|办不了|过了$")  # undoes what is stated beside it
_APOLOGY = re.compile(r"对不起|抱歉|对不住|道(?:个)?歉|赔(?:个)?不是|过意不去")
_ADVANTAGE = re.compile(
    r"(?<![不没])(?:稳定|便宜|划算|实惠|优惠|合算|好用|齐全|全面|先进|靠谱|方便得?很|方便多)|(?<!质量)不错|省(?:钱|心|事|下)|快得?很|性价比|"
    r"优势|功能(?:很|多|全|强)|覆盖(?:好|广|全)|质量(?:一般)?(?:都|很|是)?(?:好|过硬|稳)|反映(?:还|都|挺)好"
)
_OFFER = re.compile(
    r"试用|试试|体验一|上门|演示|(?:我|给您|帮您|为您|替您)[^，。！？]{0,6}(?:发|送|留|做|算|申请|登记|办|介绍|开通|改|换|退|约|推荐)"
)
_MATERIAL = re.compile(
    r"资料|材料|书面|合同|协议|盖章|条款|清单|明细|单子|名单|证明|截图|案例|报告|方案书|手册|册子|白纸黑字|写(?:明|清|进|下来)|表格|对照表|承诺书|短信"
)
_OTHERS = re.compile(
    r"(?:别的|其他|好多|很多|不少|好些|许多|同行|隔壁|邻近|有[一两几]?[家位])[^，。！？]{0,6}(?:单位|客户|公司|老板|商户|企业|人家|用户|医院|学校|厂|店)|大家都|人家都|谁都"
)
_DELAY = re.compile(
    r"稍等|(?:请|您)(?:再|先)?耐心等|等(?:一下|一会|会儿|消息|通知|几天|系统)|改天|回头(?:再|给|帮|我)|以后(?:再|慢慢)|慢慢来|尽量|尽快|"
    r"反映(?:一下|上去)|研究(?:一下|研究)|再说(?:吧|$)|先回去|联系相关|看情况|您(?:自己|再)?打(?:电话|10086)"
)
# What is only asked about is neither offered nor claimed; papers and delays are spoken of either way.
_STATED = {"advantage": _ADVANTAGE, "offer": _OFFER, "others": _OTHERS}
_ANYHOW = {"apology": _APOLOGY, "material": _MATERIAL, "delay": _DELAY}


def mentions(text: str) -> tuple[str, ...]:
    """Which of `advantage`, `offer`, `others`, `apology`, `material`, `delay` the levelled `text` speaks of."""
    stated = [text[c.start : c.end] for c in clauses(text) if text[c.end : c.end + 1] not in ("?", "？")]
    stated = [part for part in stated if not _ASKS.search(part) and not _NOT_SO.search(part)]
    said = [name for name, words in _STATED.items() if any(map(words.search, stated))]
    return (*said, *(name for name, words in _ANYHOW.items() if words.search(text)))
