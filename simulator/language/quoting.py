"""Another's text as data: one line that cannot pass for an order, a speaker's label or a special token.

Knows nothing of the prompts that such text stands in.
"""

from __future__ import annotations

import re

_LONGEST = 1500  # characters of one text that a model reads
_ROLE_LABEL = re.compile(
    r"(系统|助手|客户经理|客户|顾客|导演|旁白|用户|system|assistant|developer|user|human|ai|customer|"
    r"instruction|response|tool)\s*[:：]",
    re.IGNORECASE,
)
_BRACKETS = str.maketrans(
    {"【": "〔", "】": "〕", "<": "＜", ">": "＞", "[": "［", "]": "］", "#": "＃", "`": "'"}
)
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def neutralise(text: str) -> str:
    """The trainee's text as data: one line, without anything that could pass for the director's note, a
    speaker's label or a special token of a chat template."""
    plain = " ".join(_INVISIBLE.sub("", text).split()).translate(_BRACKETS)
    plain = re.sub(r"导\s*演\s*提\s*示", "提示", plain)
    plain = _ROLE_LABEL.sub(r"\1 ", plain)
    if len(plain) > _LONGEST:
        plain = f"{plain[: _LONGEST // 2]}……{plain[-_LONGEST // 2 :]}"
    return plain
