"""The customer's voice: puts the director's move into words, by a language model or from the line bank.

Knows nothing of grading, rubrics, the store or the page. It is told what to do (`Direction`) and decides
nothing: what a model says beyond its move is refused by `guard`, and the bank speaks instead.
"""

from simulator.actor.actor import Actor

__all__ = ["Actor"]
