"""The customer's mind: how a grade changes the mood, what the customer does next, how the talk ends.

Pure functions of grade, state, persona and seed. Knows nothing of models, wording, storage or pages, and
never reads the trainee's text: what a trainee claims moves nothing unless the grade saw it done.
"""

from simulator.director.direct import Casting, cast, close, direct, opening_state
from simulator.director.progress import path, steps_done
from simulator.director.score import score_of, session_score

__all__ = [
    "Casting",
    "cast",
    "close",
    "direct",
    "opening_state",
    "path",
    "score_of",
    "session_score",
    "steps_done",
]
