"""A metric before and after a fine-tuning: whether the two are a comparison, and of what."""

from __future__ import annotations

import pytest

from studio.core.metric_change import MetricChange

SCOPE = "valid, 17 items, 2 classes"
ALONE = "answering the commonest class alone"


def change(before: str, after: str) -> MetricChange:
    return MetricChange(name="accuracy", before=0.471, after=0.706, better=1, detail=after, detail_before=before)


@pytest.mark.parametrize(
    ("before", "after", "comparable", "difference", "of_what"),
    [
        (SCOPE, SCOPE, True, "", SCOPE),
        (
            f"{SCOPE}; {ALONE}: 0.647",
            f"{SCOPE}; {ALONE}: 0.706",
            True,
            f"{ALONE}: 0.647 → 0.706",
            f"{SCOPE}; {ALONE}: 0.647 → 0.706",
        ),
        (
            f"valid, 18 items; {ALONE}: 0.647",
            f"{SCOPE}; {ALONE}: 0.706",
            False,
            f"of {SCOPE}; {ALONE}: 0.706; before: valid, 18 items; {ALONE}: 0.647",
            f"of {SCOPE}; {ALONE}: 0.706; before: valid, 18 items; {ALONE}: 0.647",
        ),
        (
            f"{SCOPE}; mean over the 3 classes that occur",
            f"{SCOPE}; mean over the 4 classes that occur",
            False,
            *[f"of {SCOPE}; mean over the 4 classes that occur; before: {SCOPE}; mean over the 3 classes that occur"]
            * 2,
        ),
        (SCOPE, f"{SCOPE}; {ALONE}: 0.706", True, *[f"of {SCOPE}; {ALONE}: 0.706; before: {SCOPE}"] * 2),
    ],
)
def test_what_is_not_the_same_is_told_of_both(
    before: str, after: str, comparable: bool, difference: str, of_what: str
) -> None:
    told = change(before, after)
    assert (told.comparable, told.difference, told.of_what) == (comparable, difference, of_what)
