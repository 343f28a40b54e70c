"""What changes a label right there in review, questions about items, and the journal that says who did what."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from studio.core.deciding import (
    AcceptRegion,
    Act,
    Answer,
    Ask,
    ClearNote,
    Decide,
    GiveClass,
    PlacePoint,
    StepState,
    in_words,
)
from studio.core.difference_regions import largest_regions, nearest_difference, region_at
from studio.core.document import MaskDocument
from studio.core.errors import BadMask
from studio.core.points import Keypoint
from studio.core.raster import Rect
from studio.core.review import Decision
from studio.core.settings import Task
from studio.core.tags import Tags
from studio.store import ReviewFilter, Store
from studio.store.database import DATABASE_FILE, Database
from tests.unit.test_store_any_decisions import RUN, label_of, make, predicted


@pytest.fixture
def store(tmp_path: Path):
    with make(tmp_path, Task.SEGMENTATION) as store:
        yield store


def entries(store: Store, run: str | None = RUN):
    return store.review.journal(store.review.journal_ids(run))


# --- regions ---


def test_a_region_goes_as_far_as_one_class_is_taken_for_another() -> None:
    label = np.zeros((6, 9), np.uint8)
    said = label.copy()
    said[1:3, 1:4] = 1
    said[2, 4] = 2  # beside it, but taken for another class
    said[3, 4] = 1  # touches it at a corner only
    label[1, 1], label[1, 2] = 2, 255
    region = region_at(label, said, {2}, x=3, y=2)
    assert region is not None
    assert (region.rect, region.pixels, region.label, region.predicted) == (Rect(1, 1, 3, 2), 4, 0, 1)
    assert region.region.tolist() == [[False, False, True], [True, True, True]]
    for x, y in ((1, 1), (2, 1), (8, 5)):
        assert region_at(label, said, {2}, x=x, y=y) is None
    with pytest.raises(IndexError):
        region_at(label, said, {2}, x=9, y=0)


def test_the_nearest_difference_is_looked_for_within_reach() -> None:
    label = np.zeros((20, 30), np.uint8)
    said = label.copy()
    said[10, 10] = said[12, 20] = 1
    assert nearest_difference(label, said, (), x=13.5, y=10.5, reach=4) == (10, 10)
    assert nearest_difference(label, said, (), x=15.4, y=11, reach=6) == (10, 10)
    assert nearest_difference(label, said, (), x=15.7, y=12, reach=6) == (20, 12)
    assert nearest_difference(label, said, (), x=13.5, y=10.5, reach=1) is None
    assert nearest_difference(label, said, (), x=-50, y=3, reach=1) is None


def test_the_largest_regions_come_first_each_by_a_pixel_of_its_own() -> None:
    label = np.zeros((12, 20), np.uint8)
    said = label.copy()
    said[1:4, 1:4] = 1
    said[6:11, 8:13] = 2
    said[6, 8] = 0
    said[0, 19] = 1
    spots = largest_regions(label, said, (), most=10)
    found = [region_at(label, said, (), x=x, y=y) for x, y in spots]
    assert [(r.pixels, r.predicted) for r in found if r is not None] == [(24, 2), (9, 1), (1, 1)]
    assert len(largest_regions(label, said, (), most=2)) == 2
    assert largest_regions(label, label, (), most=2) == []
    assert largest_regions(label, said, {0}, most=2) == []


def test_accepting_a_region_changes_its_pixels_and_no_others(store: Store) -> None:
    label, said = label_of(1), predicted()
    assert store.review.act(RUN, 1, AcceptRegion(x=6, y=2))
    expected = label.copy()
    expected[2:4, 5:9] = 1
    assert np.array_equal(store.read_mask(1), expected)  # type: ignore[arg-type]
    assert (label != said).sum() > (expected != said).sum() > 0
    (entry,) = entries(store)
    assert (entry.act, entry.decision, entry.previous) == (Act.REGION, Decision.EDITED, Decision.UNDECIDED)
    assert in_words(entry) == "accepted a region: sky → road, 8 pixels"
    assert (entry.before, entry.after, store.item(1).revision) == (1, 2, 2)
    (correction,) = store.review.corrections(RUN)
    assert (correction.decision, correction.before, correction.after) == (Decision.EDITED, 1, 2)


def test_a_region_that_is_none_changes_nothing(store: Store) -> None:
    for deed in (AcceptRegion(x=6, y=0), AcceptRegion(x=99, y=0), AcceptRegion(x=-1, y=2)):
        assert not store.review.act(RUN, 1, deed)
    assert entries(store) == []


def test_a_region_that_was_worked_out_on_another_thread_is_the_same_and_is_dropped_when_stale(store: Store) -> None:
    deed = AcceptRegion(x=6, y=2)
    with Store.open(store.root) as other:
        found = other.review.acceptance(RUN, 1, deed)
    assert found is not None and found.what == "sky → road, 8 pixels"
    store.review.act(RUN, 1, AcceptRegion(x=6, y=4))
    assert store.review.act(RUN, 1, deed, found)
    expected = label_of(1)
    expected[2:4, 5:9] = 1
    expected[4] = 0
    assert np.array_equal(store.read_mask(1), expected)  # type: ignore[arg-type]


def test_a_region_that_was_accepted_and_the_strokes_on_it_are_taken_back_one_after_the_other(store: Store) -> None:
    store.review.act(RUN, 1, AcceptRegion(x=6, y=2))
    accepted = store.read_mask(1)
    document = store.open_document(1)
    document.brush((10.5, 1.5), (10.5, 1.5), 1, 1)  # type: ignore[union-attr]
    store.review.note_edited(RUN, 1)
    assert [e.act for e in entries(store)] == [Act.DECIDED, Act.REGION]
    store.review.undo(RUN)
    assert np.array_equal(store.read_mask(1), accepted)  # type: ignore[arg-type]
    store.review.undo(RUN)
    assert np.array_equal(store.read_mask(1), label_of(1))  # type: ignore[arg-type]
    assert store.review.items(RUN, [1])[0].decision is Decision.UNDECIDED


# --- classes and points ---


def test_a_class_is_given_alone_added_and_taken_away(tmp_path: Path) -> None:
    with make(tmp_path, Task.MULTI_LABEL) as store:
        assert store.review.act(RUN, 2, GiveClass(class_id=0))
        assert store.read_tags(2) == Tags((0, 1, 2))
        assert store.review.act(RUN, 2, GiveClass(class_id=1, has=False))
        assert store.read_tags(2) == Tags((0, 2))
        assert store.review.act(RUN, 2, GiveClass(class_id=1, alone=True))
        assert not store.review.act(RUN, 2, GiveClass(class_id=1, alone=True))
        assert store.read_tags(2) == Tags((1,))
        assert [e.what for e in entries(store)] == [
            "sky, void → road",
            "sky, road, void → sky, void",
            "road, void → sky, road, void",
        ]
        assert store.review.undo(RUN) == 2
        assert store.read_tags(2) == Tags((0, 2))


def test_a_point_is_put_where_it_belongs(tmp_path: Path) -> None:
    with make(tmp_path, Task.KEYPOINTS) as store:
        assert store.review.act(RUN, 1, PlacePoint(Keypoint(index=0, x=4, y=5)))
        points = store.read_points(1)
        assert points is not None and points.get(0) == Keypoint(index=0, x=4, y=5)
        assert in_words(entries(store)[0]) == "placed a point: left eye by 5.0 pixels"


# --- questions ---


def test_a_question_is_put_answered_and_taken_away_each_undoable(store: Store) -> None:
    store.review.who = "Ann"
    assert store.review.act(RUN, 2, Ask("a van or a car?"))
    assert not store.review.act(RUN, 2, Ask("a van or a car?"))
    assert store.review.ids(RUN, ReviewFilter(asked=True)) == [2]
    store.review.who = "Ben"
    assert store.review.act(RUN, 2, Answer("a van"))
    note = store.review.items(RUN, [2])[0].note
    assert note is not None and (note.who, note.answered_by, note.answer) == ("Ann", "Ben", "a van")
    assert store.review.ids(RUN, ReviewFilter(asked=True)) == []
    assert store.review.act(RUN, 2, ClearNote())
    assert store.review.note_of(2) is None
    store.review.undo(RUN)
    assert store.review.note_of(2) == note
    store.review.undo(RUN)
    assert store.review.open_notes() == 1
    assert [(e.who, in_words(e), e.state) for e in entries(store)] == [
        ("Ben", "question taken away", StepState.UNDONE),
        ("Ben", "answered: a van", StepState.UNDONE),
        ("Ann", "asked: a van or a car?", StepState.DONE),
    ]
    assert not store.review.act(RUN, 1, Answer("nobody asked"))


def test_a_question_is_no_correction_and_no_decision(store: Store) -> None:
    store.review.act(RUN, 1, Ask("why?"))
    assert store.review.corrections(RUN) == []
    store.review.act(RUN, 1, Decide(Decision.ACCEPTED))
    store.review.act(RUN, 1, Answer("because"))
    assert [c.decision for c in store.review.corrections(RUN)] == [Decision.ACCEPTED]
    assert store.review.items(RUN, [1])[0].decision is Decision.ACCEPTED


# --- the journal ---


def test_the_journal_says_who_when_what_and_which_run(store: Store) -> None:
    store.review.who = "Ann"
    store.review.decide(RUN, 2, Decision.ACCEPTED)
    store.review.decide(RUN, 1, Decision.LABEL_RIGHT)
    store.review.undo(RUN)
    store.review.decide(RUN, 1, Decision.LEFT_OUT)
    told = [(e.run, e.name, e.who, in_words(e), e.before, e.after, e.state) for e in entries(store, None)]
    assert told == [
        (RUN, "1.png", "Ann", "left out", 1, 1, StepState.DONE),
        (RUN, "1.png", "Ann", "label was right", 1, 1, StepState.DROPPED),
        (RUN, "2.png", "Ann", "accepted the prediction", 1, 2, StepState.DONE),
    ]
    assert all(entry.time > 1e9 for entry in entries(store))
    assert entries(store, "0002") == []


def test_deeds_of_one_batch_are_counted_together_also_after_a_restart(store: Store) -> None:
    store.review.decide(RUN, 2, Decision.LABEL_RIGHT)
    batch = store.review.new_batch()
    for item in (1, 2):
        store.review.act(RUN, item, Decide(Decision.ACCEPTED), batch=batch)
    root = store.root
    store.close()
    with Store.open(root) as again:
        assert again.review.together(RUN, StepState.DONE) == 2
        again.review.undo(RUN)
        assert (again.review.together(RUN, StepState.DONE), again.review.together(RUN, StepState.UNDONE)) == (1, 1)
        again.review.undo(RUN)
        assert (again.review.together(RUN, StepState.DONE), again.review.together(RUN, StepState.UNDONE)) == (1, 2)
        again.review.undo(RUN)
        assert again.review.together(RUN, StepState.DONE) == 0


def test_in_one_go_a_step_that_fails_is_undone_alone_and_open_labels_follow_at_the_end(store: Store) -> None:
    document = store.open_document(1)
    assert isinstance(document, MaskDocument)
    good = store.run(RUN).folder / "predictions" / "p.png"
    with store.review.in_one_go():
        store.review.decide(RUN, 1, Decision.ACCEPTED)
        good.rename(good.with_name("gone.png"))
        with pytest.raises(BadMask):
            store.review.decide(RUN, 2, Decision.ACCEPTED)
        store.review.decide(RUN, 2, Decision.LEFT_OUT)
        assert np.array_equal(document.mask, label_of(1))
    assert np.array_equal(document.mask, store.read_mask(1))  # type: ignore[arg-type]
    assert not np.array_equal(document.mask, label_of(1))
    assert store.review.decisions_of(RUN, [1, 2]) == {1: Decision.ACCEPTED, 2: Decision.LEFT_OUT}
    tally = store.review.tally(RUN)
    assert (tally[Decision.ACCEPTED], tally[Decision.LEFT_OUT], tally[Decision.EDITED]) == (1, 1, 0)
    with pytest.raises(RuntimeError), store.review.in_one_go():
        store.review.decide(RUN, 1, Decision.LABEL_RIGHT)
        raise RuntimeError
    assert np.array_equal(document.mask, store.read_mask(1))  # type: ignore[arg-type]
    assert store.review.decisions_of(RUN, [1]) == {1: Decision.ACCEPTED}
    document.undo()
    assert np.array_equal(document.mask, label_of(1))


def test_a_project_whose_review_had_no_journal_opens_with_its_decisions(store: Store) -> None:
    store.review.decide(RUN, 2, Decision.ACCEPTED)
    root, accepted = store.root, store.read_mask(2)
    store.close()
    database = Database(root / DATABASE_FILE)
    database.execute("DROP INDEX decisions_of_item")
    for column in ("act", "edit", "what", "who", "batch", "note_before", "note"):
        database.execute(f"ALTER TABLE decisions DROP COLUMN {column}")
    database.execute("DROP TABLE notes")
    database.execute("PRAGMA user_version = 7")
    database.close()
    with Store.open(root) as older:
        (entry,) = entries(older)
        assert (entry.act, entry.decision, entry.who) == (Act.DECIDED, Decision.ACCEPTED, "")
        assert older.review.act(RUN, 1, Ask("why?"))
        assert older.review.undo(RUN) == 1
        assert older.review.undo(RUN) == 2
        assert not np.array_equal(older.read_mask(2), accepted)  # type: ignore[arg-type]


# --- killing ---

DECIDER = """
import random, sys, zlib
from pathlib import Path
from studio.core.deciding import AcceptRegion, Answer, Ask, ClearNote, Decide
from studio.core.review import Decision
from studio.store import Store

store = Store.open(Path(sys.argv[1]))
rng = random.Random(int(sys.argv[2]))
whole = [Decision.UNDECIDED, Decision.ACCEPTED, Decision.LABEL_RIGHT, Decision.LEFT_OUT]
while True:
    item = rng.choice([1, 2])
    deed = rng.choice([
        Decide(rng.choice(whole)), Decide(rng.choice(whole)), AcceptRegion(x=rng.randrange(12), y=rng.randrange(8)),
        Ask(f"question {rng.random()}"), Answer(f"answer {rng.random()}"), ClearNote(), "undo", "redo",
    ])
    if deed == "undo":
        item = store.review.undo("0001")
        did = item is not None
    elif deed == "redo":
        item = store.review.redo("0001")
        did = item is not None
    else:
        did = store.review.act("0001", item, deed)
    if did:
        review, = store.review.items("0001", [item])
        mask = store.read_mask(item)
        note = zlib.crc32(repr(review.note).encode())
        print(item, zlib.crc32(mask.tobytes()), review.decision.name, note, flush=True)
"""


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_killed_reviewer_finds_every_decision_again(store: Store, seed: int) -> None:
    """At most the one deed that was under way is there beyond what was said; label, verdict, note and journal agree."""
    root = store.root
    store.close()
    decider = subprocess.Popen([sys.executable, "-c", DECIDER, str(root), str(seed)], stdout=subprocess.PIPE, text=True)
    assert decider.stdout is not None
    said: list[tuple[str, ...]] = []
    chance = random.Random(seed)
    until = chance.randrange(40, 160)
    for line in decider.stdout:
        said.append(tuple(line.split()))
        if len(said) == until:
            time.sleep(chance.random() * 0.02)  # at any moment of the deed after
            decider.kill()
    decider.wait()
    decider.stdout.close()

    def found(again: Store, item: int) -> tuple[str, ...]:
        (review,) = again.review.items(RUN, [item])
        mask = again.read_mask(item)
        assert mask is not None
        note = zlib.crc32(repr(review.note).encode())
        return str(item), str(zlib.crc32(mask.tobytes())), review.decision.name, str(note)

    expected = {int(words[0]): words for words in said}
    with Store.open(root) as again:
        now = {item: found(again, item) for item in expected}
        strangers = [item for item in expected if now[item] != expected[item]]
        assert len(strangers) <= 1, "one deed may be done that could not be said any more"
        done = [e for e in entries(again) if e.state is StepState.DONE]
        for item, words in now.items():
            decided = [e.decision.name for e in done if e.item == item]
            assert (decided or ["UNDECIDED"])[0] == words[2]
        while again.review.undo(RUN) is not None:
            pass
        for item in expected:
            assert np.array_equal(again.read_mask(item), label_of(item))  # type: ignore[arg-type]
            assert again.review.note_of(item) is None
        again.flush()
    with Store.open(root) as once_more:
        for item in expected:
            assert np.array_equal(once_more.read_mask(item), label_of(item))  # type: ignore[arg-type]
