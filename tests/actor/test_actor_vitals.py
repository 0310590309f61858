"""Running figures of the last lines."""

from __future__ import annotations

from simulator.actor.vitals import Answer, Vitals


def test_nothing_yet() -> None:
    figures = Vitals().figures()
    assert (figures.lines, figures.first, figures.rate, figures.failure) == (0, None, None, None)


def test_shares_medians_and_reasons() -> None:
    vitals = Vitals()
    good = Answer(first=0.5, seconds=1.5, characters=20)
    vitals.note("model", 1.5, answers=[good])
    vitals.note(
        "bank",
        3.0,
        answers=[good, Answer(first=1.5, seconds=2.5, characters=40)],
        refused=["编了数字：三成", "太长，不超过30个字"],
    )
    vitals.note("bank", 0.1, refused=["编了数字：八百"], failure="模型出错")
    figures = vitals.figures()
    assert (figures.lines, figures.from_model, figures.from_bank, figures.answers) == (3, 1, 2, 3)
    assert (figures.first, figures.seconds, figures.rate) == (0.5, 1.5, 20.0)
    assert dict(figures.refused) == {"编了数字": 2, "太长": 1}
    assert figures.failed == 1
    assert figures.failure is not None
    assert figures.failure.text == "模型出错"


def test_being_left_alone_counts_and_hides_no_failure() -> None:
    vitals = Vitals()
    vitals.note("bank", 1.0, failure="模型出错：ConnectError")
    vitals.note("bank", 0.0, left_alone=True)
    figures = vitals.figures()
    assert figures.failed == 2
    assert figures.failure is not None
    assert figures.failure.text == "模型出错：ConnectError"


def test_only_the_last_lines_count_but_the_last_failure_stays() -> None:
    vitals = Vitals(last=50)
    vitals.note("bank", 1.0, failure="模型出错")
    for _ in range(50):
        vitals.note("model", 1.0)
    figures = vitals.figures()
    assert (figures.lines, figures.from_model, figures.failed) == (50, 50, 0)
    assert figures.failure is not None
