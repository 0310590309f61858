"""A second opinion: verdicts that the encoder left unsure may be settled by a language model.

What the encoder is sure of is neither asked nor changed, nor are scores, banned things and quality. Knows
nothing of how a model is asked: the caller gives a function from question to answer. A model's answer is
not promised to be the same twice, so this is off unless someone asks for it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from string import Template

from simulator.domain.grade import BANNED_KEY, Grade, GradeRequest, ItemResult, Verdict
from simulator.domain.rubric import Rubric, RubricItem
from simulator.grading.encoder import Encoder
from simulator.grading.interface import ReplyGrader
from simulator.grading.quality import Reason
from simulator.language.quoting import neutralise

MOST_ASKED = 8  # items in one question
_SHOWN = 2  # examples of an item in a question, and near misses
_VERDICTS = {"是": Verdict.MET, "否": Verdict.NOT_MET}
_LINE = re.compile(r"[ \t]*([1-9][0-9]?)[ \t]*[:：][ \t]*(是|否)[ \t]*", re.ASCII)
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_QUOTES = str.maketrans({"「": "“", "」": "”", "『": "“", "』": "”"})
_GIVEN_ANSWER = re.compile(r"(\d)\s*[:：]\s*(?=[是否])")
_LOG = logging.getLogger(__name__)


class SecondOpinion:
    """One rubric and one model that is asked about it. Thread safe if `ask` is."""

    def __init__(
        self,
        rubric: Rubric,
        ask: Callable[[str], str],
        name: str,
        template: Callable[[], str],
        *,
        met_at: Mapping[str, float] | None = None,
    ) -> None:
        """`ask`: a question's answer; it may raise and keeps its own time. `name`: of the model, as grades
        will carry it. `template`: the newest prompts/second_opinion.txt. `met_at`: by kind, the score from
        which the encoder says met (1 where it is not known)."""
        self.rubric = rubric
        self.name = name
        self._ask = ask
        self._template = template
        self._met_at = dict(met_at or {})
        self._telling = threading.Lock()
        self._told = False

    def settle(self, request: GradeRequest, grade: Grade) -> Grade:
        """`grade` with those unsure verdicts settled that the model gave a clear answer on. Never raises
        for what the model does; the first failure is logged."""
        asked = self._asked(grade)
        if not asked:
            return grade
        items = [item for _, item in asked]
        answers = read_answers(self._answer(self.question(request, items)), len(asked))
        settled = {asked[number - 1][0].key: verdict for number, verdict in answers.items()}
        return replace(grade, items=tuple(self._settled(i, settled) for i in grade.items))

    def question(self, request: GradeRequest, items: Sequence[RubricItem]) -> str:
        """The prompt that asks about `items`, numbered from 1."""
        return Template(self._template()).substitute(
            customer=quoted(request.customer) or "（没有记下）",
            reply=quoted(request.reply),
            items="\n".join(_described(n, item) for n, item in enumerate(items, 1)),
        )

    def _asked(self, grade: Grade) -> list[tuple[ItemResult, RubricItem]]:
        """The unsure items to ask about, the closest to being met first. None of a reply that could not be
        graded at all, and never the banned phrases: what is banned stays with the encoder."""
        if not grade.features.meaningful:
            return []
        open_ones = [i for i in grade.items if i.verdict is Verdict.UNSURE and i.key != BANNED_KEY]
        known = [(i, item) for i in open_ones if (item := self.rubric.item(i.key)) is not None]
        return sorted(known, key=lambda pair: self._short_of_met(pair[0]))[:MOST_ASKED]

    def _short_of_met(self, item: ItemResult) -> float:
        return abs(self._met_at.get(item.key.partition(":")[0], 1.0) - item.score)

    def _answer(self, question: str) -> str:
        """What the model says; empty when it failed."""
        try:
            answer = self._ask(question)
        except Exception as error:  # noqa: BLE001  (border: `ask` may be any library; a grade must not fail)
            self._tell(str(error) or type(error).__name__)
            return ""
        if not answer.strip():
            self._tell("模型什么也没答。")
        return answer

    def _tell(self, why: str) -> None:
        with self._telling:
            if self._told:
                return
            self._told = True
        _LOG.warning("没问到 %s 的第二意见，判不准的照旧留着（只提醒这一次）：%s", self.name, why)

    def _settled(self, item: ItemResult, verdicts: Mapping[str, Verdict]) -> ItemResult:
        if item.verdict is not Verdict.UNSURE or item.key not in verdicts:
            return item
        return replace(item, verdict=verdicts[item.key], settled_by=self.name)


class OpinionGrader:
    """A grader whose unsure verdicts get a second opinion; to its users a grader like any other."""

    def __init__(self, grader: ReplyGrader, opinion: SecondOpinion) -> None:
        """`opinion`: about the rubric of `grader`."""
        self._grader = grader
        self._opinion = opinion

    @property
    def rubric(self) -> Rubric:
        """What is graded by."""
        return self._grader.rubric

    @property
    def encoder(self) -> Encoder:
        """What the scores come from."""
        return self._grader.encoder

    @property
    def calibrated(self) -> bool:
        """Whether the calibration was made for this very rubric."""
        return self._grader.calibrated

    def grade(self, request: GradeRequest) -> Grade:
        """The grade of one reply."""
        return self._opinion.settle(request, self._grader.grade(request))

    def reasons(self, request: GradeRequest, grade: Grade) -> list[Reason]:
        """What each item did to the quality, which is the encoder's."""
        return self._grader.reasons(request, grade)

    def grade_many(self, requests: Sequence[GradeRequest]) -> list[Grade]:
        """The grades of `requests`, in order. Raises GradingError for a situation the rubric has not."""
        grades = self._grader.grade_many(requests)
        return [self._opinion.settle(r, g) for r, g in zip(requests, grades, strict=True)]


def quoted(text: str) -> str:
    """`text` as data between 「」: one line that can neither close the quote nor be an answer line."""
    return _GIVEN_ANSWER.sub(r"\1 ", neutralise(text).translate(_QUOTES))


def read_answers(answer: str, count: int) -> dict[int, Verdict]:
    """Verdicts by number (1 to `count`), from lines that are just `编号: 是` or `编号: 否`. Other lines and
    numbers say nothing; a number answered both ways is not answered. A thought at the head is skipped."""
    found: dict[int, set[Verdict]] = {}
    for line in _THOUGHT.sub("", answer).splitlines():
        match = _LINE.fullmatch(line)
        if match and int(match[1]) <= count:
            found.setdefault(int(match[1]), set()).add(_VERDICTS[match[2]])
    return {number: said.pop() for number, said in found.items() if len(said) == 1}


def _described(number: int, item: RubricItem) -> str:
    shown = [("算", item.examples[:_SHOWN]), ("不算", item.contrast[:_SHOWN])]
    lines = [f"{number}. {item.name}", f"   意思：{item.meaning}"]
    lines += [f"   {label}：{'；'.join(f'“{t}”' for t in texts)}" for label, texts in shown if texts]
    return "\n".join(lines)
