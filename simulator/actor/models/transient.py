"""Tells from an exception of a model library what kind of trouble it is.

Looks at what such exceptions have in common (HTTP status, connection errors), so that one rule serves every
provider. Knows nothing of retries or of who asks.
"""

from __future__ import annotations

from simulator.actor.models.decode import TooLong

_BUSY = 429
_PROMPT = frozenset({400, 413, 422})  # bad request, too large, cannot be processed: of this prompt
_CONNECTION = ("APIConnectionError", "ConnectError", "RemoteProtocolError", "ReadError", "WriteError")


def status_of(error: BaseException) -> int | None:
    """The HTTP status that `error` carries, as the libraries of openai, anthropic, httpx and requests name
    it."""
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def may_pass(error: BaseException) -> bool:
    """Whether asking again soon may help: no connection, too many requests (429), server trouble (5xx). Not a
    timeout: the time is gone."""
    status = status_of(error)
    if status is not None:
        return status == _BUSY or status >= 500
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return False
    return isinstance(error, ConnectionError) or not names.isdisjoint(_CONNECTION)


def blames_prompt(error: BaseException) -> bool:
    """Whether the model is well and only this prompt was too much for it."""
    return isinstance(error, TooLong) or status_of(error) in _PROMPT


def asked_to_wait(error: BaseException) -> float:
    """The seconds of the answer's `Retry-After`, 0 without one or when it is a date."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    told = str(headers.get("retry-after", ""))
    return float(told) if told.replace(".", "", 1).isdecimal() else 0.0
