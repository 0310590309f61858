"""Trainers' files: where they lie, how they are read, checked and overlaid.

Knows nothing of grading, of models or of the page. YAML and pydantic stay inside this package; what
comes out are the frozen types of `simulator.domain`.
"""

from simulator.content.catalog import Catalog
from simulator.content.source import ContentSource

__all__ = ["Catalog", "ContentSource"]
