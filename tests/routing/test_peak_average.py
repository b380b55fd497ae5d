import pytest

from llmgw.routing.peak_average import MEMORY_S, PeakAverage


def test_a_slow_one_is_believed_at_once() -> None:
    average = PeakAverage(0.1, 0.0)
    average.add(3.0, 0.1)

    assert average.value_s == 3.0


def test_a_fast_one_counts_the_more_the_longer_ago_the_last_was() -> None:
    soon, late = PeakAverage(1.0, 0.0), PeakAverage(1.0, 0.0)
    soon.add(0.0, 0.1)
    late.add(0.0, MEMORY_S)

    assert soon.value_s == pytest.approx(0.99, abs=0.001)
    assert late.value_s == pytest.approx(0.368, abs=0.001)


def test_a_clock_that_stands_still_breaks_nothing() -> None:
    average = PeakAverage(1.0, 5.0)
    average.add(0.5, 5.0)

    assert average.value_s == 1.0
