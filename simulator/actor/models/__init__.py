"""The customer's models: line bank, local transformers, OpenAI-compatible servers, what LangChain knows.

Foreign errors are translated to `ModelError` and `UsageError` here. Knows nothing of directors or guards.
"""

from simulator.actor.models.registry import CustomerModel, make_model

__all__ = ["CustomerModel", "make_model"]
