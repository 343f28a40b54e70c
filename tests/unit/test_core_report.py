"""The before/after report: verdicts, pairing, and totals that add up."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.items import Split
from studio.core.report import (
    Report,
    Verdict,
    before_after,
    error_in_words,
    verdict,
)
from studio.core.review import Correction, Decision, ItemScore
from studio.core.settings import Task


def score(item: int, error: float, *, split: Split = Split.VALID, revision: int = 1, **more: object) -> ItemScore:
    return ItemScore(item=item, name=f"item{item:03}", split=split, revision=revision, loss=error, error=error, **more)  # type: ignore[arg-type]


def correction(item: int, decision: Decision = Decision.ACCEPTED, *, time: float = 1.0) -> Correction:
    return Correction(run="0001", item=item, name=f"item{item:03}", decision=decision, before=1, after=2, time=time)


def report_of(
    before: Sequence[ItemScore],
    after: Sequence[ItemScore],
    corrections: Sequence[Correction] = (),
    *,
    task: Task = Task.SEGMENTATION,
) -> Report:
    return before_after(before, after, corrections, task=task)


@pytest.mark.parametrize(
    ("task", "before", "after", "expected"),
    [
        (Task.SEGMENTATION, 0.30, 0.10, Verdict.FIXED),
        (Task.SEGMENTATION, 0.10, 0.30, Verdict.BROKEN),
        (Task.SEGMENTATION, 0.030, 0.012, Verdict.UNCHANGED),  # 60 % better, yet only 1.8 points
        (Task.SEGMENTATION, 0.50, 0.45, Verdict.UNCHANGED),  # 5 points, yet only a tenth
        (Task.KEYPOINTS, 31.0, 4.0, Verdict.FIXED),
        (Task.KEYPOINTS, 4.0, 31.0, Verdict.BROKEN),
        (Task.KEYPOINTS, 3.0, 1.5, Verdict.UNCHANGED),
        (Task.KEYPOINTS, 60.0, 52.0, Verdict.UNCHANGED),
        (Task.KEYPOINTS, 10.0, None, Verdict.ONLY_BEFORE),
        (Task.KEYPOINTS, None, 10.0, Verdict.ONLY_AFTER),
    ],
)
def test_a_change_counts_only_beyond_both_margins(
    task: Task, before: float | None, after: float | None, expected: Verdict
) -> None:
    assert verdict(before, after, task) is expected


def test_the_frozen_validation_items_are_reported_apart_from_the_corrected_ones() -> None:
    before = [score(1, 0.40), score(2, 0.30), score(3, 0.05)]
    after = [
        score(1, 0.10, revision=2, corrected=True),
        score(1, 0.10, split=Split.TRAIN, revision=2, corrected=True),
        score(2, 0.10),
        score(3, 0.30),
    ]
    report = report_of(before, after, [correction(1)])

    assert (report.untouched.fixed, report.untouched.broken, report.untouched.items) == (1, 1, 2)
    assert report.untouched.error_before == pytest.approx(0.175)
    assert report.untouched.error_after == pytest.approx(0.20)
    assert (report.corrected.fixed, report.corrected.items) == (1, 1)
    assert [row.item for row in report.rows] == [1, 2, 3]
    assert report.rows[0].decision is Decision.ACCEPTED
    assert report.rows[0].label_changed
    assert report.summary == (
        (
            "On the 2 validation items whose labels stayed: 1 fixed, 1 broken, 0 unchanged; "
            "17.5 % → 20.0 % of pixels wrong on average."
        ),
        "2 items are too few to tell the change from chance.",
        "On the one corrected item: 1 fixed, 0 broken, 0 unchanged; 40.0 % → 10.0 % of pixels wrong.",
    )


def test_whether_it_could_be_chance_is_asked_of_untouched_validation_items_only() -> None:
    """Six validation items get better; what a corrected one and a training item do is another matter."""
    gains = [0.10, 0.11, 0.12, 0.13, 0.14, 0.15]
    before = [score(item, 0.4) for item in range(1, 9)]
    after = [score(item, 0.4 - gain) for item, gain in enumerate(gains, start=1)]
    apart = [score(7, 0.9, revision=2, corrected=True), score(8, 0.9, split=Split.TRAIN)]
    chance = report_of(before, [*after, *apart], [correction(7)]).chance
    assert chance is not None
    assert (chance.items, chance.better, chance.worse) == (6, 6, 0)
    assert chance.change == pytest.approx(-sum(gains) / 6)
    assert chance.could_be_chance is False


def test_an_item_scored_in_two_splits_is_compared_within_the_split_that_both_runs_have() -> None:
    before = [score(1, 0.4, split=Split.TRAIN)]
    after = [score(1, 0.1, split=Split.TRAIN), score(1, 0.39)]
    (row,) = report_of(before, after).rows
    assert (row.split, row.before, row.after) == (Split.TRAIN, 0.4, 0.1)


def test_an_item_that_changed_its_split_is_still_compared_with_itself() -> None:
    (row,) = report_of([score(1, 0.4)], [score(1, 0.1, split=Split.TRAIN)]).rows
    assert (row.before, row.after, row.verdict, row.split) == (0.4, 0.1, Verdict.FIXED, Split.TRAIN)


def test_a_changed_label_is_apart_even_when_no_correction_says_so() -> None:
    report = report_of([score(1, 0.4, revision=1)], [score(1, 0.1, revision=2)])
    assert report.untouched.items == 0
    assert report.corrected.fixed == 1


def test_items_of_only_one_run_are_listed_as_such_and_come_last() -> None:
    report = report_of([score(1, 0.4), score(2, 0.4)], [score(2, 0.4), score(3, 0.1)])
    assert [(row.item, row.verdict) for row in report.rows] == [
        (2, Verdict.UNCHANGED),
        (1, Verdict.ONLY_BEFORE),
        (3, Verdict.ONLY_AFTER),
    ]
    assert "1 item was scored only before." in report.summary


def test_runs_without_a_common_item_say_so() -> None:
    assert report_of([], []).summary == ("The two runs have no item in common.",)


def test_the_latest_decision_about_an_item_is_the_one_shown() -> None:
    decisions = [correction(1, Decision.EDITED, time=5), correction(1, Decision.ACCEPTED, time=2)]
    (row,) = report_of([score(1, 0.4)], [score(1, 0.1)], decisions).rows
    assert row.decision is Decision.EDITED


def test_wrong_pixels_are_counted_by_class_over_untouched_validation_items_only() -> None:
    before = [score(1, 0.4, confusion=((0, 1, 70), (2, 1, 5))), score(2, 0.4, confusion=((0, 1, 1000),))]
    after = [score(1, 0.1, confusion=((0, 2, 20),)), score(2, 0.1, revision=2, confusion=((0, 1, 10),))]
    changes = report_of(before, after).by_class
    assert [(c.class_id, c.wrong_before, c.wrong_after) for c in changes] == [(0, 70, 20), (2, 5, 0)]


def test_errors_are_told_in_words() -> None:
    assert error_in_words(0.1238, Task.SEGMENTATION) == "12.4 % of pixels wrong"
    assert error_in_words(31.4, Task.KEYPOINTS) == "31 px off"
    assert error_in_words(3.14, Task.KEYPOINTS) == "3.1 px off"


errors = st.floats(min_value=0, max_value=1, allow_nan=False)
scores = st.lists(
    st.builds(
        score,
        st.integers(1, 12),
        errors,
        split=st.sampled_from([Split.TRAIN, Split.VALID]),
        revision=st.integers(1, 3),
    ),
    max_size=30,
)
corrections = st.lists(st.builds(correction, st.integers(1, 12), time=st.floats(0, 100)), max_size=5)


@given(scores, scores, corrections)
def test_verdicts_add_up_and_every_item_is_in_one_row(
    before: list[ItemScore], after: list[ItemScore], changed: list[Correction]
) -> None:
    report = report_of(before, after, changed)
    everyone = {s.item for s in before} | {s.item for s in after}
    assert sorted(row.item for row in report.rows) == sorted(everyone)
    assert report.total.items == len(everyone)
    for name in ("fixed", "broken", "unchanged", "only_before", "only_after"):
        parts = (report.untouched, report.corrected, report.others)
        assert sum(getattr(part, name) for part in parts) == getattr(report.total, name)


@given(scores, scores, corrections, st.randoms())
def test_the_order_of_the_lines_does_not_matter(
    before: list[ItemScore], after: list[ItemScore], changed: list[Correction], shuffle: random.Random
) -> None:
    report = report_of(before, after, changed)
    for lines in (before, after, changed):
        shuffle.shuffle(lines)
    assert report_of(before, after, changed) == report


@given(scores, scores)
def test_swapping_the_runs_swaps_fixed_and_broken(before: list[ItemScore], after: list[ItemScore]) -> None:
    there, back = report_of(before, after).total, report_of(after, before).total
    assert (there.fixed, there.broken, there.unchanged) == (back.broken, back.fixed, back.unchanged)
    assert (there.only_before, there.only_after) == (back.only_after, back.only_before)
    assert there.error_before == back.error_after
