"""What a reply speaks of, by its words alone: an apology, an advantage, an offer, papers, other customers, a delay.

Word lists for what the customer may take up, where no item of a rubric judges it; they never change a verdict.
Knows nothing of grades or customers.
"""

from __future__ import annotations

import re

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
_MENTIONS = {
    "apology": _SORRY,
    "advantage": _PRAISE,
    "offer": _OFFERED,
    "material": _MATERIAL,
    "others": _OTHERS,
    "delay": _PUT_OFF,
}


def mentions(text: str) -> tuple[str, ...]:
    """Which of `apology`, `advantage`, `offer`, `material`, `others`, `delay` the levelled `text` speaks of."""
    return tuple(name for name, words in _MENTIONS.items() if words.search(text))
