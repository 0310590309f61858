"""Who the customer is: style, situation, person, and the lines of the bank.

Knows nothing of YAML, of grading or of the director's arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Family(StrEnum):
    """Kinds of situation that share moves and ends."""

    SALES = "sales"
    COMPLAINT = "complaint"
    DRILL = "drill"


class Mood(StrEnum):
    """How the customer feels right now, as the line bank knows it."""

    UPSET = "upset"
    NEUTRAL = "neutral"
    WARM = "warm"


class Difficulty(StrEnum):
    """How much must be earned."""

    EASY = "easy"
    NORMAL = "normal"
    HARD = "hard"


class Move(StrEnum):
    """What the customer does in a turn. `CONCEDE` and `ACCEPT` are the only ones that give something."""

    OPEN = "open"
    PRESS = "press"
    ANSWER = "answer"
    QUESTION = "question"
    ASK_AGAIN = "ask_again"
    DOUBT = "doubt"
    TEST_CLAIM = "test_claim"
    COMPARE_RIVAL = "compare_rival"
    RAISE_CONCERN = "raise_concern"
    REVEAL = "reveal"
    HESITATE = "hesitate"
    DIGRESS = "digress"
    INTERRUPT = "interrupt"
    GO_QUIET = "go_quiet"
    SOFTEN = "soften"
    CONCEDE = "concede"
    ACCEPT = "accept"
    REFUSE = "refuse"
    THREATEN = "threaten"
    ESCALATE = "escalate"
    LEAVE = "leave"
    FAREWELL = "farewell"
    OBJECT = "object"
    CATCH_OUT = "catch_out"
    CORRECT = "correct"
    RESIST_HURRY = "resist_hurry"
    COME_BACK = "come_back"


class Cue(StrEnum):
    """What a line of the customer takes for granted. Of the trainee's last reply, up to `LONG`; then of the talk
    so far: the customer was angry before, the matter was presented, it is not solved yet, much has been said."""

    ASKED = "asked"
    OFFERED = "offered"
    PROMISED = "promised"
    CLAIMED = "claimed"
    OTHERS = "others"
    FIGURE = "figure"
    MATERIAL = "material"
    APOLOGISED = "apologised"
    KIND = "kind"
    PUSHED = "pushed"
    PUT_OFF = "put_off"
    EVADED = "evaded"
    LONG = "long"
    ANGRY_BEFORE = "angry_before"
    PRESENTED = "presented"
    UNSOLVED = "unsolved"
    LATE = "late"


# Those of the last reply.
JUST_SAID = frozenset(Cue) - {Cue.ANGRY_BEFORE, Cue.PRESENTED, Cue.UNSOLVED, Cue.LATE}


class Standing(StrEnum):
    """From where a person speaks: as head of a firm or shop, as one employed there, for a public body with
    superiors above, or as a private person."""

    OWNER = "owner"
    STAFF = "staff"
    PUBLIC = "public"
    HOME = "home"


class ConcernStatus(StrEnum):
    """How far one objection or worry has come; later is further."""

    HIDDEN = "hidden"
    RAISED = "raised"
    HEARD = "heard"
    ANSWERED = "answered"
    SETTLED = "settled"

    @property
    def rank(self) -> int:
        """0 (hidden) to 4 (settled)."""
        return list(ConcernStatus).index(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """A change of the four state values, each in [-1, 1]."""

    anger: float = 0.0
    trust: float = 0.0
    interest: float = 0.0
    patience: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """One of the four customer styles. `effects` maps a key to a `Delta`. Keys: `step:<id>`, `step:*`,
    `skill:<id>`, `negative:<id>`, `negative:*`, `banned:<category>`, `banned:*`, `feature:<name>`; a
    named key wins over its `*`. `moves`: how readily each move is chosen. `long_reply`: characters after
    which a reply is too long for this style. `drift`: what every turn costs."""

    id: str
    name: str
    summary: str
    wins: str
    loses: str
    voice: str
    start: Delta
    drift: Delta
    effects: dict[str, Delta]
    moves: dict[Move, float]
    long_reply: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """When an outcome may be given. All that is stated must hold.

    `coverage`: weighted share of the prescribed steps met so far, 0-1; `steps`: ids that must be met;
    `trust`, `interest`: at least; `anger`: at most; `concern`: how far the hidden concern must have come.
    """

    coverage: float = 0.0
    steps: tuple[str, ...] = ()
    trust: float = 0.0
    interest: float = 0.0
    anger: float = 1.0
    concern: ConcernStatus | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Objection:
    """Something else that customers in a situation hold against the matter, once the first is dealt with.
    `text`: what it is, as a trainer would note it (嫌合同绑得太久)."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """A customer's opening problem or an etiquette drill.

    `steps`: prescribed step ids in order; `ordered`: whether the order counts; `probes`: item keys that
    draw out the hidden concern; `answers`: item keys that answer an objection or worry; `moves`: what the
    customer may do besides `open` and the moves that end or give; `max_turns`: the talk ends after it;
    `objections`: what else may be brought up when the first objection is answered; `presented`: whether the
    customer knows product and price before the talk begins.
    """

    id: str
    family: Family
    name: str
    summary: str
    customer_says: str
    steps: tuple[str, ...]
    ordered: bool
    start: dict[str, float]
    moves: tuple[Move, ...]
    acknowledges: tuple[str, ...]
    probes: tuple[str, ...]
    answers: tuple[str, ...]
    proposals: tuple[str, ...]
    won: Condition
    advanced: Condition
    max_turns: int
    source: str = ""
    objections: tuple[Objection, ...] = ()
    presented: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """An amount with its unit as people say it (`元/月`)."""

    amount: float
    unit: str

    def __str__(self) -> str:
        amount = f"{self.amount:g}"
        per, _, period = self.unit.partition("/")
        return f"每{period}{amount}{per}" if period else f"{amount}{self.unit}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Concern:
    """The hidden real worry. `short`: a clause that fits after 我就怕; `cues`: words that a good answer to
    it would contain."""

    short: str
    detail: str
    cues: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A fact the customer gives when asked about one of `about`."""

    about: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """A person of the cast. `effects` overrides the style's, `won` and `advanced` the situation's;
    `concern`, `other_concerns`: the worries of which each session hides one."""

    id: str
    name: str
    gender: str
    age: int
    title: str
    company: str | None
    buying_role: str | None
    style: str
    situations: tuple[str, ...]
    difficulty: Difficulty
    product: str | None
    plan: str
    bill: Money
    price: Money | None
    facts: tuple[str, ...]
    cause: str
    concern: Concern
    opening: tuple[str, ...]
    answers: tuple[Answer, ...]
    background: str
    goal: str
    effects: dict[str, Delta] = field(default_factory=dict)
    won: Condition | None = None
    advanced: Condition | None = None
    other_concerns: tuple[Concern, ...] = ()
    standing: Standing | None = None

    @property
    def speaks_as(self) -> Standing:
        """`standing`, or what company and title tell of it."""
        if self.standing is not None:
            return self.standing
        if self.company is None:
            return Standing.HOME
        if self.title.endswith(_PUBLIC):
            return Standing.PUBLIC
        heads = self.title.endswith(_HEADS) and not self.title.startswith("副")
        return Standing.OWNER if heads else Standing.STAFF

    @property
    def surname(self) -> str:
        """The family name: one character, or two of the known double ones."""
        return self.name[:2] if self.name[:2] in _DOUBLE_SURNAMES else self.name[:1]

    @property
    def honorific(self) -> str:
        """How staff address this person: surname and title."""
        return self.surname + self.title


# Titles of those who own or head a firm or shop, and of those who work for a public body.
_HEADS = ("总", "总经理", "老板", "老板娘", "店长", "厂长", "董事长", "合伙人", "创始人", "店主", "掌柜")
_PUBLIC = ("校长", "院长", "园长", "局长", "处长", "科长", "书记", "所长", "镇长", "村长")
_DOUBLE_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "司徒",
        "夏侯",
        "端木",
        "独孤",
        "南宫",
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of the bank. `scopes`: family names or situation ids it fits; `text` may hold `{slots}`;
    `objection`: id of the situation's objection that it brings up, of `object` lines only; `needs`: what must be
    so for it to make sense; `speakers`: standings or persona ids whose mouth it fits, empty for anybody's."""

    id: str
    style: str
    move: Move
    mood: Mood
    scopes: tuple[str, ...]
    text: str
    objection: str | None = None
    needs: tuple[Cue, ...] = ()
    speakers: tuple[str, ...] = ()

    def fits(self, persona: Persona, cues: frozenset[Cue]) -> bool:
        """Whether `persona` may say it where `cues` hold."""
        said_by = {persona.id, persona.speaks_as.value}
        return cues.issuperset(self.needs) and (not self.speakers or not said_by.isdisjoint(self.speakers))
