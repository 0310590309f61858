"""Listens to a model while it speaks, so that an answer which cannot become a line is broken off at once.

Nothing is shown to anybody here: a line is guarded whole, stored and only then shown (docs/architecture.md,
section 1). What is saved is time: a line that is too long, not Chinese, out of its role and so on is not heard to
its end, and neither is what a model adds after its line. The law that everything here keeps: listening and then
judging what was heard accepts exactly the answers that judging the whole answer accepts, and the same line of
them. So only what no further words can change counts as settled, and only what they cannot mend is looked for.

Knows nothing of models, threads or time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.actor import guard
from simulator.actor.wording import bare

OTHER_SIDE = "开头就替对方说话"
# The longest word that a colon after it would turn into another speaker's label (Staff, Agent, 客户经理) or that
# is cut out as a token (assistant): so many characters at the end may still go.
_MARGIN = 9
_LONGEST_LABEL = 9  # of those the guard knows; names are added
_LABEL_OPEN = re.compile(rf"\s*{guard._ROLE}\s*(?:[（(][^）)]*(?:[）)]\s*)?)?", re.IGNORECASE)
_PART_OF_TOKEN = re.compile(
    r"(?:[【\[](?:思考?)?|\[(?:/|/?I(?:N(?:ST?)?)?)?|a|as|ass|assi|assis|assist|assista|assistan)\Z"
)
_CLOSED_STAGE = re.compile(r"[（(][^（()）]*[）)]|[【\[][^】\]]*[】\]]")
_UNSAFE = re.compile(
    r"[<>\[\]【】()（）*_`~#|｜•{}/-]"
)  # what markup, stage directions and tokens are made of
_QUOTED_LABEL = re.compile(rf"[{''.join(guard._QUOTES)}].*[:：]", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What is sure of an answer that is still being given. `beginning`: words that the line will hold, whatever
    follows; `complete`: the line is what `guard.clean` makes of the answer so far; `other_side`: the answer
    opens with the words of somebody else, so that there will be no line."""

    beginning: str = ""
    complete: bool = False
    other_side: bool = False


_NOTHING = Settled()
_COMPLETE = Settled(complete=True)


def closes_unmarked_thought(answer: str) -> bool:
    """Whether `answer` ends a thought that it never opened, as models do whose prompt opens it for them."""
    return guard._CLOSER.search(guard._THINK.sub("", answer)) is not None


def opens_with_mark(answer: str) -> bool:
    """Whether `answer` begins with a thought that it opens itself."""
    return guard._OPENER.match(answer.lstrip()) is not None


def settled(so_far: str, labels: Sequence[str] = (), *, marked: bool = False) -> Settled:
    """What is sure of the answer that begins with `so_far`. Other arguments as `guard.clean` takes them: where
    thoughts may be unmarked, nothing is sure before one was closed."""
    spoken = guard._THINK.sub("", so_far)
    if not marked:
        _, closed, spoken = _partition(spoken)
        if not closed:
            return _NOTHING
    *ended, last = guard._SPECIAL.split(spoken)
    for piece in ended:
        if "<" in piece:  # a token that began there may yet swallow what follows
            return _of_piece(piece, labels)
        if _says_something(piece):
            return _COMPLETE
    return _of_piece(last, labels)


def _partition(spoken: str) -> tuple[str, bool, str]:
    found = guard._CLOSER.search(spoken)
    return (spoken[: found.start()], True, spoken[found.end() :]) if found else (spoken, False, "")


def _says_something(piece: str) -> bool:
    """Whether `guard.clean` would take its line from `piece`."""
    return bool(bare(guard._LABEL.sub("", piece.replace("assistant", ""))))


def _of_piece(piece: str, labels: Sequence[str]) -> Settled:
    """The same for the part of the answer after its last special token."""
    piece = piece.partition("<")[0]
    body = guard._LABEL.sub("", piece)
    may_be_label = any(_LABEL_OPEN.fullmatch(text) for text in (piece, body))
    if may_be_label or "assistant" in body or not _says_something(_PART_OF_TOKEN.sub("", piece)):
        return _NOTHING
    *ended, last = body.splitlines(keepends=True) or [""]
    if last != last.rstrip("\r\n"):
        ended, last = [*ended, last], ""
    for paragraph in ended:
        line = guard._peeled(paragraph.rstrip("\r\n"), labels)
        if line:
            return _of_peeled(line)
    return _of_paragraph(last, labels)


def _of_peeled(line: str) -> Settled:
    other = not guard._OTHERS.sub("", line).strip()
    return Settled(complete=True, other_side=other)


def _of_paragraph(paragraph: str, labels: Sequence[str]) -> Settled:
    """The same for a paragraph that goes on: the words up to the first that may be part of something else."""
    plain = _CLOSED_STAGE.sub("", paragraph)
    unsafe = _UNSAFE.search(plain)
    plain = plain[: unsafe.start()] if unsafe else plain
    if _QUOTED_LABEL.search(plain):  # whether the quote goes is known at the end only, and the label with it
        return _NOTHING
    line = guard._peeled(plain, labels)
    if guard._OTHERS.search(line):
        return _of_peeled(line)
    beginning = " ".join(line.split())[:-_MARGIN].rstrip()
    longest = max([_LONGEST_LABEL, *map(len, labels)])
    if len("".join(beginning.split())) <= longest or not bare(beginning):
        return _NOTHING
    return Settled(beginning=beginning)


class Listener:
    """Hears one answer. `refused`: why it was broken off, None when it was not."""

    def __init__(
        self, unmendable: Callable[[str], str | None], labels: Sequence[str] = (), *, marked: bool = False
    ) -> None:
        """`unmendable`: why a line that holds these words must not be said; the rest as `settled` takes it."""
        self._unmendable = unmendable
        self._labels = labels
        self._marked = marked
        self.refused: str | None = None

    def enough(self, so_far: str) -> bool:
        """Whether no more need be heard of the answer that begins with `so_far`."""
        known = settled(so_far, self._labels, marked=self._marked)
        if known.other_side:
            self.refused = OTHER_SIDE
        elif known.beginning:
            self.refused = self._unmendable(known.beginning)
        return known.complete or self.refused is not None

    def line(self, answer: str) -> str:
        """The line of an answer that was heard as far as need be."""
        return guard.clean(answer, self._labels, marked=self._marked)
