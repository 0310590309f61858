"""Sessions on disk: every reply is safe in SQLite before its answer is shown.

Knows nothing of Gradio, grading, directors or models: it keeps what it is given and gives it back equal.
"""

from simulator.store.store import Store

__all__ = ["Store"]
