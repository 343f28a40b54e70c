"""The running mean of a whole curve is what adding one value after the other gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.running_mean import running_mean


def one_by_one(values: list[float], beta: float) -> list[float]:
    mean, found = 0.0, []
    for count, value in enumerate(values, start=1):
        mean = beta * mean + (1 - beta) * value
        found.append(mean / (1 - beta**count))
    return found


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=300),
    st.sampled_from([0.1, 0.5, 0.9, 0.98, 0.999]),
)
def test_it_is_the_mean_that_is_added_to_value_by_value(values: list[float], beta: float) -> None:
    assert running_mean(np.array(values), beta) == pytest.approx(one_by_one(values, beta), abs=1e-7)


def test_without_smoothing_the_values_stay_and_a_gap_counts_as_the_value_before() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert running_mean(values, 0.0).tolist() == [3.0, 1.0, 2.0]
    assert running_mean(np.array([3.0, np.nan, 2.0]), 0.5) == pytest.approx(one_by_one([3.0, 3.0, 2.0], 0.5))
    assert len(running_mean(np.empty(0), 0.9)) == 0
