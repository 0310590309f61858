"""Judges one reply under one rubric: verdicts with evidence, banned things, quality.

Knows nothing of directors, sessions, stores or pages. One grader everywhere: chat, command line and
evaluation call `Grader.grade`.
"""

from simulator.grading.encoder import Encoder, load_encoder
from simulator.grading.grader import Grader

__all__ = ["Encoder", "Grader", "load_encoder"]
