"""Review items sorted, filtered and grouped by the database, beside plain Python on the same scores."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from studio.core.items import NewItem, Split
from studio.core.recipe import RunSpec, Stage
from studio.core.review import NO_CLASS, ClassScore, Decision, ItemScore, encode_score
from studio.core.review_order import GroupBy, ReviewOrder, SortBy, order_in_words, sorts_of
from studio.core.settings import Task
from studio.core.suspicions import Method, Suspicion, encode_suspicion
from studio.core.tags import Tags
from studio.store import ReviewFilter, Store
from studio.store.review_queries import SUSPECTED, TRUSTED, UNASKED
from tests.unit.conftest import MakeStore

RUN = "0001"
COUNT = 60
STAGE = Stage(epochs=1, height=64, width=64)


@dataclass
class Scored:
    """A project with a run, its scores, and what the run holds of some labels."""

    store: Store
    scores: dict[int, ItemScore]
    qualities: dict[int, float]

    def ids(self, order: ReviewOrder | None = None, **wanted: object) -> list[int]:
        return self.store.review.ids(RUN, ReviewFilter(**wanted), order)  # type: ignore[arg-type]

    def those(self, passes: Callable[[ItemScore], bool]) -> set[int]:
        return {item for item, score in self.scores.items() if passes(score)}


@pytest.fixture
def scored(make_store: MakeStore) -> Scored:
    """Values with many ties; a third of the items has no class 1, every fifth no suspicion."""
    store = make_store(2)
    store.import_annotations((item, np.zeros((150, 200), np.uint8)) for item in store.item_ids())
    draw = random.Random(5)
    names = [f"seq{n % 4 + 8}/frame{n}.png" if n % 5 else f"loose{n}.png" for n in range(COUNT)]
    path = store.item(store.item_ids()[0]).path
    ids = store.add_items(
        NewItem(name=name, path=path, split=Split.VALID, group="walk" if n % 7 == 1 else "")
        for n, name in enumerate(names)
    )
    scores = {
        item: ItemScore(
            item=item,
            name=name,
            split=draw.choice([Split.VALID, Split.TRAIN]),
            revision=1,
            loss=draw.randrange(6) / 4,
            error=draw.randrange(3) / 4,
            confidence=draw.randrange(5) / 4,
            margin=draw.randrange(5) / 4,
            entropy=draw.randrange(5) / 4,
            classes=tuple(ClassScore(c, draw.randrange(4) / 3) for c in (0, 1) if c == 0 or n % 3),
            confusion=draw.choice([(), ((1, 0, 9), (0, 1, 2)), ((0, 1, 4),)]),
            corrected=n % 11 == 0,
        )
        for n, (item, name) in enumerate(zip(ids, names, strict=True))
    }
    folder = store.create_run(RunSpec(task=Task.SEGMENTATION, stages=(STAGE,))).folder
    lines = [encode_score(score) for score in scores.values()]
    draw.shuffle(lines)
    (folder / "scores.jsonl").write_bytes(b"".join(lines))
    qualities = {item: draw.randrange(4) / 4 for n, item in enumerate(ids) if n % 5}
    (folder / "suspicions.jsonl").write_bytes(
        b"".join(
            encode_suspicion(
                Suspicion(
                    item=item,
                    name=scores[item].name,
                    split=Split.VALID,
                    revision=1,
                    quality=quality,
                    is_issue=quality < 0.5,
                    method=Method.CLEANLAB,
                )
            )
            for item, quality in qualities.items()
        )
    )
    assert store.review.load_scores(RUN) == COUNT
    return Scored(store, scores, qualities)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("by", [SortBy.LOSS, SortBy.ERROR, SortBy.CONFIDENCE, SortBy.MARGIN, SortBy.ENTROPY])
def test_items_are_sorted_by_each_figure_either_way(scored: Scored, by: SortBy, reverse: bool) -> None:
    falls = (by in (SortBy.LOSS, SortBy.ERROR, SortBy.ENTROPY)) is not reverse
    expected = sorted(scored.scores, key=lambda i: (getattr(scored.scores[i], by.value) * (-1 if falls else 1), i))
    assert scored.ids(ReviewOrder(by=by, reverse=reverse)) == expected


def test_items_are_sorted_by_the_overlap_of_one_class_and_those_without_it_come_last(scored: Scored) -> None:
    overlaps = {item: {c.class_id: c.overlap for c in s.classes} for item, s in scored.scores.items()}
    having = [item for item in scored.scores if 1 in overlaps[item]]
    rest = sorted(set(scored.scores) - set(having), key=lambda i: (-scored.scores[i].loss, i))
    worst = sorted(having, key=lambda i: (overlaps[i][1], i))
    assert scored.ids(ReviewOrder(by=SortBy.OVERLAP, class_id=1)) == worst + rest
    best = sorted(having, key=lambda i: (-overlaps[i][1], i))
    assert scored.ids(ReviewOrder(by=SortBy.OVERLAP, class_id=1, reverse=True)) == best + rest
    everything_by_loss = sorted(scored.scores, key=lambda i: (-scored.scores[i].loss, i))
    assert scored.ids(ReviewOrder(by=SortBy.OVERLAP, class_id=77)) == everything_by_loss


@pytest.mark.parametrize("reverse", [False, True])
def test_probably_wrong_labels_are_a_group_of_their_own_and_those_that_nobody_judged_come_last(
    scored: Scored, reverse: bool
) -> None:
    judged = sorted(scored.qualities, key=lambda i: (-scored.qualities[i] if reverse else scored.qualities[i], i))
    order = ReviewOrder(by=SortBy.SUSPICION, reverse=reverse)
    arranged = scored.store.review.arranged(RUN, ReviewFilter(), order)
    issues = set(scored.store.review.suspects(RUN, issues_only=True))
    assert 0 < len(issues) < len(judged)
    groups = {g.key: arranged.ids[g.start : g.start + g.count] for g in arranged.groups}
    assert groups[SUSPECTED] == [item for item in judged if item in issues]
    assert groups[TRUSTED] == [item for item in judged if item not in issues]
    assert set(groups[UNASKED]) == set(scored.scores) - set(judged)
    assert list(groups) == ([TRUSTED, SUSPECTED, UNASKED] if reverse else [SUSPECTED, TRUSTED, UNASKED])
    some = scored.store.review.arranged(RUN, ReviewFilter(splits=(Split.VALID,)), order)
    valid = scored.those(lambda s: s.split is Split.VALID)
    assert some.ids == [item for item in arranged.ids if item in valid]
    assert [group.key for group in some.groups] == list(groups)


def test_names_are_sorted_as_people_expect(scored: Scored) -> None:
    names = [scored.scores[item].name for item in scored.ids(ReviewOrder(by=SortBy.NAME))]
    assert names.index("seq8/frame4.png") < names.index("seq8/frame12.png") < names.index("seq10/frame2.png")
    assert names == [scored.store.item(i).name for i in scored.store.item_ids() if i in scored.scores]


def test_filters_let_through_what_they_say_and_combine(scored: Scored) -> None:
    review = scored.store.review
    a, b, c = scored.ids()[:3]
    for item, decision in ((a, Decision.LABEL_RIGHT), (b, Decision.LEFT_OUT), (c, Decision.EDITED)):
        review.decide(RUN, item, decision)
    assert set(scored.ids(only_wrong=True)) == scored.those(lambda s: s.error > 0)
    corrected = scored.those(lambda s: s.corrected) | {c}
    assert set(scored.ids(only_corrected=True)) == corrected
    assert set(scored.ids(text="SEQ8/")) == scored.those(lambda s: "seq8/" in s.name)
    assert scored.ids(text="seq%") == []
    half = ((SortBy.LOSS, (0.5, 1.0)),)
    assert set(scored.ids(spans=half)) == scored.those(lambda s: 0.5 <= s.loss <= 1)
    both = (*half, (SortBy.CONFIDENCE, (None, 0.25)))
    expected = scored.those(lambda s: 0.5 <= s.loss <= 1 and (s.confidence or 0) <= 0.25 and s.split is Split.VALID)
    for by in (SortBy.CONFIDENCE, SortBy.NAME, SortBy.OVERLAP, SortBy.SUSPICION):
        order = ReviewOrder(by=by, class_id=0)
        assert set(scored.ids(order, spans=both, splits=[Split.VALID])) == expected
        found = scored.ids(order, decisions=[Decision.LABEL_RIGHT, Decision.EDITED], text="png")
        assert sorted(found) == sorted((a, c))
    assert set(scored.ids(class_id=1, only_wrong=True)) == scored.those(lambda s: s.confusion != () and s.error > 0)


def test_groups_of_sequences_are_in_natural_order_and_folders_stand_in(scored: Scored) -> None:
    found = scored.store.review.arranged(RUN, ReviewFilter(), ReviewOrder(group=GroupBy.SEQUENCE))
    assert [group.key for group in found.groups] == ["seq8", "seq9", "seq10", "seq11", "walk", ""]
    assert [group.start for group in found.groups] == [
        sum(g.count for g in found.groups[:n]) for n in range(len(found.groups))
    ]
    assert sorted(found.ids) == sorted(scored.scores)
    for group in found.groups:
        inside = found.ids[group.start : group.start + group.count]
        assert inside == sorted(inside, key=lambda i: (-scored.scores[i].loss, i))
        for item in inside:
            known = scored.store.item(item)
            assert (known.group or known.name.rpartition("/")[0]) == group.key


def test_groups_of_classes_go_by_the_largest_mistake_and_end_with_what_has_none(scored: Scored) -> None:
    order = ReviewOrder(by=SortBy.CONFIDENCE, group=GroupBy.CLASS)
    found = scored.store.review.arranged(RUN, ReviewFilter(), order)
    assert [group.key for group in found.groups] == [0, 1, None]
    for group in found.groups:
        inside = found.ids[group.start : group.start + group.count]
        assert {s.confusion[0][0] if (s := scored.scores[i]).confusion else None for i in inside} == {group.key}
        assert inside == sorted(inside, key=lambda i: (scored.scores[i].confidence, i))
    assert scored.store.review.arranged(RUN, ReviewFilter(), ReviewOrder()).groups == ()


def test_items_of_one_class_are_grouped_by_the_label(make_store: MakeStore) -> None:
    store = make_store(3, task=Task.SINGLE_LABEL)
    store.tags.replace(dict.fromkeys(store.item_ids(), Tags((0,))), "by hand")
    folder = store.create_run(RunSpec(task=Task.SINGLE_LABEL, stages=(STAGE,))).folder
    labels = {1: Tags((1,)), 2: Tags((0,)), 3: None}
    (folder / "scores.jsonl").write_bytes(
        b"".join(
            encode_score(
                ItemScore(
                    item=i, name=f"f{i - 1}.png", split=Split.VALID, revision=1, loss=float(i), error=0, label=label
                )
            )
            for i, label in labels.items()
        )
    )
    store.review.load_scores(RUN)
    found = store.review.arranged(RUN, ReviewFilter(), ReviewOrder(group=GroupBy.CLASS))
    assert (found.ids, [group.key for group in found.groups]) == ([2, 1, 3], [0, 1, None])


def test_items_with_tags_are_grouped_by_the_tag_that_is_mistaken_whatever_else_they_have(
    make_store: MakeStore,
) -> None:
    store = make_store(3, task=Task.MULTI_LABEL)
    store.tags.replace(dict.fromkeys(store.item_ids(), Tags((0,))), "by hand")
    folder = store.create_run(RunSpec(task=Task.MULTI_LABEL, stages=(STAGE,))).folder
    mistakes = {1: ((NO_CLASS, 1, 1),), 2: (), 3: ((0, NO_CLASS, 1),)}
    (folder / "scores.jsonl").write_bytes(
        b"".join(
            encode_score(
                ItemScore(
                    item=i,
                    name=f"f{i - 1}.png",
                    split=Split.VALID,
                    revision=1,
                    loss=1.0,
                    error=len(confusion),
                    label=Tags((0,)),
                    confusion=confusion,
                )
            )
            for i, confusion in mistakes.items()
        )
    )
    store.review.load_scores(RUN)
    found = store.review.arranged(RUN, ReviewFilter(), ReviewOrder(group=GroupBy.CLASS))
    assert (found.ids, [group.key for group in found.groups]) == ([3, 1, 2], [0, 1, None])


def test_a_run_can_be_sorted_by_what_it_has_values_of(scored: Scored) -> None:
    assert scored.store.review.sortable(RUN) == set(SortBy)
    score = ItemScore(item=5, name=scored.scores[5].name, split=Split.VALID, revision=1, loss=1.0, error=0.5)
    folder = scored.store.run(RUN).folder
    (folder / "scores.jsonl").write_bytes(encode_score(score))
    (folder / "suspicions.jsonl").unlink()
    scored.store.review.load_scores(RUN)
    assert scored.store.review.sortable(RUN) == {SortBy.LOSS, SortBy.ERROR, SortBy.NAME}
    for by in SortBy:
        assert scored.ids(ReviewOrder(by=by)) == [5]


def test_an_order_is_told_in_words() -> None:
    assert order_in_words(ReviewOrder()) == "worst first"
    assert order_in_words(ReviewOrder(by=SortBy.OVERLAP, class_id=3), "car") == "worst IoU of car first"
    order = ReviewOrder(by=SortBy.CONFIDENCE, reverse=True, group=GroupBy.SEQUENCE)
    assert order_in_words(order) == "surest first, by sequence"


def test_points_are_not_sorted_by_probabilities_and_only_masks_by_overlap() -> None:
    assert not {SortBy.MARGIN, SortBy.ENTROPY} & set(sorts_of(Task.KEYPOINTS))
    assert [task for task in Task if SortBy.OVERLAP in sorts_of(task)] == [Task.SEGMENTATION]


@pytest.mark.parametrize("by", [SortBy.LOSS, SortBy.ERROR])
@pytest.mark.parametrize("reverse", [False, True])
def test_items_without_a_label_to_judge_by_stand_apart_at_the_end(scored: Scored, by: SortBy, reverse: bool) -> None:
    bare = sorted(scored.scores)[1::9]
    path = scored.store.run(RUN).folder / "scores.jsonl"
    changed = [
        msgspec.structs.replace(score, loss=0.0, error=0.0, labelled=False) if item in bare else score
        for item, score in scored.scores.items()
    ]
    path.write_bytes(b"".join(map(encode_score, changed)))
    scored.store.review.load_scores(RUN)
    order = ReviewOrder(by=by, reverse=reverse)
    arranged = scored.store.review.arranged(RUN, ReviewFilter(), order)
    assert arranged.ids[-len(bare) :] == bare
    judged, unjudged = arranged.groups
    assert (judged.start, unjudged.key, unjudged.start) == (0, None, len(scored.scores) - len(bare))
    assert not set(scored.ids(order, spans=((by, (0.0, None)),))) & set(bare)
    assert not set(scored.store.review.errors(RUN)) & set(bare)
    only_labelled = scored.store.review.arranged(RUN, ReviewFilter(spans=((by, (0.0, None)),)), order)
    assert only_labelled.groups == ()
