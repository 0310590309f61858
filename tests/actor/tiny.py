"""The random language model of the tests, made by the code that measures hostile models."""

from eval.chatml import TEMPLATE
from eval.tiny_model import make_tiny

__all__ = ["TEMPLATE", "make_tiny"]
