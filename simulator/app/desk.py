"""What the page does when something is pressed: each action yields frames, the last one at rest.

Knows nothing of Gradio: a frame says which parts of the page change, `page` carries it there. Keeps no
state of its own: every request names its session, so tabs cannot mix and a restart loses nothing.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.app import chat, sheets
from simulator.app.cards import choose_screen
from simulator.app.chat import ChatView
from simulator.app.markup import attrs, button, esc
from simulator.app.pages import Page
from simulator.app.report_view import report_file, report_screen
from simulator.app.words import Lang, say
from simulator.domain.persona import Difficulty
from simulator.domain.session import Session
from simulator.errors import DuilianError, StoreError, UsageError
from simulator.report import report
from simulator.session import PracticeRoom

_LEAST_TYPING = 0.6  # seconds the dots show, so that an instant answer does not startle
_PIECES, _PACE = 18, 0.045  # a line appears in so many pieces, one each so many seconds
_RECENT = 8


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request of the browser. Nothing in it is trusted: unfit values become empty. `tab`, `serial`: the
    browser tab and the number of its request."""

    lang: Lang = "zh"
    trainee: str = ""
    session: str = ""
    screen: str = ""
    persona: str = ""
    scene: str = ""
    level: str = ""
    text: str = ""
    turn: int = -1
    seconds: float | None = None
    tab: str = ""
    serial: int = 0

    @classmethod
    def of(cls, data: Mapping[str, object]) -> Ask:
        """From what the browser sent."""

        def word(key: str) -> str:
            value = data.get(key)
            return value if isinstance(value, str) else ""

        def number(key: str, otherwise: int) -> int:
            value = data.get(key)
            return value if isinstance(value, int) else otherwise

        seconds = data.get("seconds")
        sane = isinstance(seconds, int | float) and math.isfinite(seconds) and 0 <= seconds < 86400
        return cls(
            lang="en" if data.get("lang") == "en" else "zh",
            trainee=word("trainee")[:64],
            session=word("session")[:64],
            screen=word("screen"),
            persona=word("persona"),
            scene=word("scene"),
            level=word("level"),
            text=word("text"),
            turn=number("turn", -1),
            seconds=float(seconds) if sane and isinstance(seconds, int | float) else None,
            tab=word("tab")[:64],
            serial=number("serial", 0),
        )


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Parts of the page that change; None leaves a part as it is."""

    bar: str | None = None
    stage: str | None = None
    head: str | None = None
    log: str | None = None
    live: str | None = None
    composer: str | None = None
    side: str | None = None


class Desk:
    """The actions of the page over one practice room. Thread safe, as the room is."""

    def __init__(self, room: PracticeRoom, pages: Sequence[Page] = ()) -> None:
        """Over `room`; the choosing screen leads to `pages`."""
        self.room = room
        self.pages = pages

    def open(self, ask: Ask) -> Iterator[Frame]:
        """The screen the address names: a running session goes on, an ended one shows its report."""
        if not ask.session:
            yield self.home(ask)
            return
        try:
            view = self._view(ask)
        except (StoreError, UsageError):
            yield self.home(ask)
            raise
        if view.session.outcome is not None and ask.screen != "chat":
            yield self._report(view)
            return
        if view.session.pending is None:
            yield self._resting(view)
        else:
            yield from self._answer(ask, view)

    def home(self, ask: Ask) -> Frame:
        """The choosing screen."""
        recent = self.room.store.recent(_RECENT, ask.trainee) if ask.trainee else ()
        content = self.room.content
        stage = choose_screen(content, content.rubric(self.room.rubric_name), recent, ask.lang)
        return staged(ask.lang, "choose", "", stage, self.pages)

    def start(self, ask: Ask) -> Iterator[Frame]:
        """A new session with a person, in one of his or her scenes, at the person's own level unless another
        was chosen."""
        level = Difficulty(ask.level) if ask.level in set(Difficulty) else None
        session = self.room.start(
            ask.persona, situation_id=ask.scene or None, difficulty=level, trainee=ask.trainee
        )
        yield self._resting(self._view_of(session, ask.lang))

    def say(self, ask: Ask) -> Iterator[Frame]:
        """A reply: stored, shown, answered."""
        self.room.submit(ask.session, ask.text, ask.seconds)
        yield from self._answer(ask, self._view(ask))

    def _answer(self, ask: Ask, waiting: ChatView) -> Iterator[Frame]:
        """The pending reply's answer, appearing piece by piece after it has been stored."""
        began = time.monotonic()
        yield Frame(
            bar=bar(ask.lang, "chat", waiting.session.id),
            head=chat.head(waiting, typing=True),
            log=chat.log(waiting),
            live=chat.typing(waiting),
            composer=chat.composer(waiting, busy=True),
            side=chat.side(waiting),
        )
        try:
            session = self.room.answer(ask.session)
        except DuilianError:
            still = chat.composer(waiting, busy=True)
            yield Frame(head=chat.head(waiting), live=chat.unanswered(waiting), composer=still)
            raise
        time.sleep(max(0.0, _LEAST_TYPING - (time.monotonic() - began)))
        view = self._view_of(session, ask.lang)
        line = session.turns[-1].line if session.turns else None
        for text in pieces(line.text) if line else ():
            yield Frame(live=chat.them(view, text, more=True))
            time.sleep(_PACE)
        yield self._resting(view)

    def hint(self, ask: Ask) -> Iterator[Frame]:
        """The next step that is missing, above the reply box."""
        view = self._view(ask)
        tray = chat.hint_tray(self.room.hint(view.session), ask.lang)
        yield Frame(composer=chat.composer(view, busy=view.session.pending is not None, tray=tray))

    def finish(self, ask: Ask) -> Iterator[Frame]:
        """Ends the session at the trainee's wish and shows the report."""
        yield self._report(self._view_of(self.room.end(ask.session), ask.lang))

    def report(self, ask: Ask) -> Iterator[Frame]:
        """The report of a session."""
        yield self._report(self._view(ask))

    def redo(self, ask: Ask) -> Iterator[Frame]:
        """A new session that goes on from before one reply of an old one."""
        if ask.turn < 0:
            raise UsageError("没说清从哪一句重来。")
        yield self._resting(self._view_of(self.room.redo(ask.session, ask.turn), ask.lang))

    def file(self, ask: Ask) -> str:
        """The report as a file."""
        view = self._view(ask)
        return report_file(view, report(view.session, view.casting), sheets.style_sheet(sheets.REPORT_SHEETS))

    def _view(self, ask: Ask) -> ChatView:
        return self._view_of(self.room.store.load(ask.session), ask.lang)

    def _view_of(self, session: Session, lang: Lang) -> ChatView:
        parent = None
        if session.setup.parent is not None:
            try:
                parent = self.room.store.load(session.setup.parent)
            except StoreError:  # the original was deleted: nothing to compare with
                parent = None
        content, setup = self.room.content, session.setup
        again = setup.situation in content.rubric(self.room.rubric_name).situations
        casting = self.room.casting(session)
        return ChatView(session=session, casting=casting, lang=lang, parent=parent, again=again)

    def _resting(self, view: ChatView) -> Frame:
        """The chat with nothing under way."""
        return Frame(
            bar=bar(view.lang, "chat", view.session.id),
            head=chat.head(view),
            log=chat.log(view),
            live="",
            composer=chat.composer(view),
            side=chat.side(view),
        )

    def _report(self, view: ChatView) -> Frame:
        stage = report_screen(view, report(view.session, view.casting))
        return staged(view.lang, "report", view.session.id, stage)


def staged(lang: Lang, screen: str, session: str, stage: str, pages: Sequence[Page] = ()) -> Frame:
    """A screen of its own. Bar and stage carry the same stamp: the page shows the screen once both have
    come, never an old one under a new bar."""
    stamp = hashlib.blake2b(stage.encode(), digest_size=8).hexdigest()
    return Frame(
        bar=bar(lang, screen, session, stamp, pages),
        stage=f"<div{attrs(data_stamp=stamp)}>{stage}</div>",
        live="",
    )


def bar(
    lang: Lang, screen: str, session: str = "", stamp: str | None = None, pages: Sequence[Page] = ()
) -> str:
    """The top bar, with links to `pages`; its attributes tell `assets/app.js` which screen is shown."""
    where = attrs(data_screen=screen, data_session=session, data_lang=lang, data_stamp=stamp)
    switch = button(esc(say(lang, "switch")), "lang", "btn small quiet", title=say(lang, "switch_title"))
    brand = button(f"{_LOGO}<b>{esc(say(lang, 'brand'))}</b>", "home", "brand", aria_label=say(lang, "home"))
    links = "".join(
        f'<a class="way" href="{esc(p.path)}">{esc(p.title_en if lang == "en" else p.title)}</a>'
        for p in pages
    )
    return f'<div class="bar"{where}>{brand}<span class="bar-tools">{links}{switch}</span></div>'


_LOGO = (
    '<svg viewBox="0 0 32 32" aria-hidden="true">'
    '<path d="M4 6h15a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-8l-5 4v-4H4a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3z" fill="#b9b2a6"/>'
    '<path d="M14 13h14a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-1v4l-5-4h-8a3 3 0 0 1-3-3v-6a3 3 0 0 1 3-3z" '
    'fill="#2f8f5b"/></svg>'
)


def pieces(text: str) -> Iterator[str]:
    """Growing beginnings of `text`, the whole of it last; no character is ever cut in two."""
    size = max(1, -(-len(text) // _PIECES))
    for end in range(size, len(text) + size, size):
        yield text[:end]
