"""Items judged by form alone: address, plainness, fit to the customer's style.

No examples and no encoder; thresholds follow the labelling guide and the style table of the reference.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.domain.grade import Address, Features, ItemResult, Verdict

PLAIN_LENGTH = 60
_DRIVER_LENGTH = 75


def _polite(features: Features, style: str | None, helpful: bool) -> bool:
    return features.address is Address.POLITE


def _plain(features: Features, style: str | None, helpful: bool) -> bool:
    return features.meaningful and helpful and features.length <= PLAIN_LENGTH and not features.spec_list


def _fits(features: Features, style: str | None, helpful: bool) -> bool:
    if not helpful:
        return False
    if style == "driver":
        return features.length <= _DRIVER_LENGTH and not features.small_talk
    if style == "analytical":
        return len(features.figures) >= 2
    if style == "expressive":
        return bool(features.story or features.third_parties or features.small_talk)
    if style == "amiable":
        return features.small_talk or features.length >= 30
    return False


DETECTORS: dict[str, Callable[[Features, str | None, bool], bool]] = {
    "polite_address": _polite,
    "plain_words": _plain,
    "match_style": _fits,
}


def judge(key: str, detector: str, features: Features, style: str | None, helpful: bool) -> ItemResult:
    """The result of an item judged by form. `helpful`: the reply met something and said nothing banned."""
    holds = DETECTORS[detector](features, style, helpful)
    verdict = Verdict.MET if holds else Verdict.NOT_MET
    return ItemResult(key=key, verdict=verdict, score=float(holds))
