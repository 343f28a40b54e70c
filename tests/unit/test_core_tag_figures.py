"""Each tag at every threshold, against counting item by item."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.core.items import Split
from studio.core.review import ItemScore
from studio.core.tag_figures import TagFigures, summed, tag_counts
from studio.core.tags import PredictedTags, Tags
from studio.core.thresholds import score_at

TAGS = 3
# Hundredths fall together with thresholds, which is where a mistake by one would be.
_share = st.one_of(st.integers(0, 100).map(lambda i: i / 100), st.floats(0, 1))
_item = st.tuples(
    st.lists(_share, min_size=TAGS, max_size=TAGS), st.one_of(st.none(), st.sets(st.integers(0, TAGS), max_size=3))
)


def score(shares: list[float], label: set[int] | None) -> ItemScore:
    said = PredictedTags(tags=Tags(), shares=tuple(enumerate(shares)))
    return ItemScore(
        item=1,
        name="x",
        split=Split.VALID,
        revision=1,
        loss=0.0,
        error=0.0,
        tags=said,
        label=None if label is None else Tags.of(label),
    )


@given(st.lists(_item, max_size=12), st.integers(1, 99))
def test_the_counts_of_a_threshold_are_those_of_its_predictions(
    items: list[tuple[list[float], set[int] | None]], percent: int
) -> None:
    scores = [score_at(score(*item), percent / 100) for item in items]
    labelled = [s for s in scores if s.label is not None]
    figures = {f.class_id: f for f in tag_counts(scores).at(percent / 100)}
    for tag in range(TAGS if labelled else 0):
        pairs = [(tag in s.label.ids, tag in s.tags.tags.ids) for s in labelled if s.label and s.tags]
        found = figures[tag]
        assert (found.found, found.missing, found.too_many) == (
            pairs.count((True, True)),
            pairs.count((True, False)),
            pairs.count((False, True)),
        )


@given(st.lists(_item, max_size=10), st.integers(0, 10))
def test_splits_add_up(items: list[tuple[list[float], set[int] | None]], cut: int) -> None:
    scores = [score(*item) for item in items]
    parts = summed([tag_counts(scores[:cut]), tag_counts(scores[cut:])])
    whole = tag_counts(scores)
    assert parts.items == whole.items
    assert parts.at(0.2) == whole.at(0.2)
    assert parts.at(0.87) == whole.at(0.87)


def test_precision_and_recall_are_shares_of_predictions_and_of_labels() -> None:
    figures = TagFigures(class_id=0, found=3, missing=1, too_many=2)
    assert (figures.precision, figures.recall) == (0.6, 0.75)
    nothing = TagFigures(class_id=0, found=0, missing=0, too_many=0)
    assert (nothing.precision, nothing.recall) == (None, None)
