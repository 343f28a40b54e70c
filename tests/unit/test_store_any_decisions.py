"""Any sequence of deeds of every kind, undos, redos and restarts: each step back gives what was there before it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from PIL import Image

from studio.core.classes import make_classes
from studio.core.deciding import AcceptRegion, Answer, Ask, ClearNote, Decide, Deed, GiveClass, PlacePoint, StepState
from studio.core.document import MaskDocument
from studio.core.items import LabelState, NewItem, Split
from studio.core.masks import write_mask
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import RunSpec, Stage
from studio.core.review import Decision, ItemScore, Note, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.store import Store

WIDTH, HEIGHT = 12, 8
RUN = "0001"
ITEMS = (1, 2)

WHOLE = st.sampled_from([Decide(d) for d in Decision if d is not Decision.EDITED])
NOTES = st.one_of(
    st.builds(Ask, st.sampled_from(["a van?", "whose is it?"])),
    st.builds(Answer, st.sampled_from(["yes", "ask Ann"])),
    st.just(ClearNote()),
)
CHOSEN = st.sampled_from([[1], [2], [1, 2]])
REGIONS = st.builds(AcceptRegion, x=st.integers(0, WIDTH - 1), y=st.integers(0, HEIGHT - 1))
CLASSES = st.builds(GiveClass, class_id=st.sampled_from([0, 1, 2]), has=st.booleans(), alone=st.booleans())
POINTS = st.builds(
    PlacePoint,
    st.builds(Keypoint, index=st.integers(0, 1), x=st.sampled_from([1.0, 2.5, 7.0]), y=st.sampled_from([3.0, 4.0])),
)


@dataclass(frozen=True)
class Seen:
    """All that a person can see of an item."""

    label: bytes
    decision: Decision
    left_out: bool
    note: Note | None


def label_of(item: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[4:] = 1
    mask[0, :3] = 2
    mask[7, 0] = 255
    return np.roll(mask, item, axis=1)


def predicted() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[5:] = 1
    mask[2:4, 5:9] = 1
    return mask


def make(folder: Path, task: Task) -> Store:
    """Two items, and a run that says something about them."""
    folder.joinpath("p").mkdir(parents=True)
    project = ProjectSettings(
        name="small",
        task=task,
        classes=tuple(make_classes(["sky", "road", "void"])),
        keypoints=tuple(KeypointName(name=n, color="#ff0000") for n in ("left eye", "right eye")),
    )
    store = Store.create(folder / "project", project)
    for item in ITEMS:
        Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "p" / f"{item}.png")
    store.add_items(
        NewItem(name=f"{i}.png", path=folder / "p" / f"{i}.png", split=Split.VALID if i == 2 else Split.TRAIN)
        for i in ITEMS
    )
    labels: dict[int, Any] = {
        Task.SEGMENTATION: {i: label_of(i) for i in ITEMS},
        Task.KEYPOINTS: {i: Points((Keypoint(index=0, x=1, y=i),)) for i in ITEMS},
        Task.MULTI_LABEL: {1: Tags((0,)), 2: Tags((1, 2))},
    }[task]
    store.import_annotations(labels.items())
    record = store.create_run(RunSpec(task=task, stages=(Stage(epochs=1, height=32, width=32),)))
    said: dict[str, Any] = {
        Task.SEGMENTATION: {"mask": "predictions/p.png"},
        Task.KEYPOINTS: {"points": Points((Keypoint(index=0, x=7, y=4), Keypoint(index=1, x=8, y=4)))},
        Task.MULTI_LABEL: {"tags": PredictedTags(tags=Tags((1,)), shares=((1, 0.9),))},
    }[task]
    write_mask(record.folder / "predictions" / "p.png", predicted(), project.classes)
    lines = [
        ItemScore(item=i, name=f"{i}.png", split=Split.VALID, revision=1, loss=float(i), error=0.5, **said)
        for i in ITEMS
    ]
    (record.folder / "scores.jsonl").write_bytes(b"".join(map(encode_score, lines)))
    store.review.load_scores(RUN)
    return store


class Deciding(RuleBasedStateMachine):
    task: Task

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = make(Path(self.folder.name), self.task)
        self.states = [self.seen()]
        self.sizes: list[int] = []
        """How many steps led from each state to the next."""
        self.place = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def seen(self) -> tuple[Seen, ...]:
        reviews = {review.score.item: review for review in self.store.review.items(RUN, ITEMS)}
        return tuple(
            Seen(
                self.label(item),
                reviews[item].decision,
                self.store.item(item).state is LabelState.LEFT_OUT,
                reviews[item].note,
            )
            for item in ITEMS
        )

    def label(self, item: int) -> bytes:
        if self.task is Task.SEGMENTATION:
            mask = self.store.read_mask(item)
            return b"" if mask is None else mask.tobytes()
        return repr(
            self.store.read_points(item) if self.task is Task.KEYPOINTS else self.store.read_tags(item)
        ).encode()

    def act(self, deed: Deed, items: list[int]) -> None:
        batch = self.store.review.new_batch()
        did = [self.store.review.act(RUN, item, deed, batch=batch) for item in items]
        if any(did):
            del self.states[self.place + 1 :], self.sizes[self.place :]
            self.states.append(self.seen())
            self.sizes.append(sum(did))
            self.place += 1
        else:
            assert self.seen() == self.states[self.place]

    @rule(deed=WHOLE, items=CHOSEN)
    def decide(self, deed: Deed, items: list[int]) -> None:
        self.act(deed, items)
        if deed == Decide(Decision.LABEL_RIGHT):
            self.what_was_changed_stays_a_correction(items)

    def what_was_changed_stays_a_correction(self, items: list[int]) -> None:
        changed = [item for item in items if self.label(item) != self.states[0][ITEMS.index(item)].label]
        decided = self.store.review.decisions_of(RUN, items)
        assert decided == {i: Decision.EDITED if i in changed else Decision.LABEL_RIGHT for i in items}
        assert sorted(c.item for c in self.store.review.corrections(RUN) if c.item in items) == sorted(changed)

    @rule(deed=NOTES, item=st.sampled_from(ITEMS))
    def note(self, deed: Deed, item: int) -> None:
        self.act(deed, [item])

    @precondition(lambda self: self.place > 0)
    @rule()
    def undo(self) -> None:
        self.place -= 1
        steps = self.sizes[self.place]
        assert self.store.review.together(RUN, StepState.DONE) == steps
        for _ in range(steps):
            assert self.store.review.undo(RUN) is not None

    @precondition(lambda self: self.place < len(self.sizes))
    @rule()
    def redo(self) -> None:
        steps = self.sizes[self.place]
        assert self.store.review.together(RUN, StepState.UNDONE) == steps
        for _ in range(steps):
            assert self.store.review.redo(RUN) is not None
        self.place += 1

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(self.store.root)

    @invariant()
    def everything_is_as_it_was_at_that_step(self) -> None:
        assert self.seen() == self.states[self.place]

    @invariant()
    def the_journal_has_every_step_that_stands(self) -> None:
        entries = self.store.review.journal(self.store.review.journal_ids(RUN))
        done = [entry for entry in entries if entry.state is StepState.DONE]
        assert len(done) == sum(self.sizes[: self.place])
        assert len([e for e in entries if e.state is StepState.UNDONE]) == sum(self.sizes[self.place :])
        last = {entry.item: entry.decision for entry in reversed(done)}
        assert all(last.get(i, Decision.UNDECIDED) is seen.decision for i, seen in zip(ITEMS, self.seen(), strict=True))


class DecidingMasks(Deciding):
    task = Task.SEGMENTATION

    @rule(deed=REGIONS, items=CHOSEN)
    def accept_a_region(self, deed: Deed, items: list[int]) -> None:
        self.act(deed, items)


class DecidingTags(Deciding):
    task = Task.MULTI_LABEL

    @rule(deed=CLASSES, items=CHOSEN)
    def give_a_class(self, deed: Deed, items: list[int]) -> None:
        self.act(deed, items)


class DecidingPoints(Deciding):
    task = Task.KEYPOINTS

    @rule(deed=POINTS, items=CHOSEN)
    def place_a_point(self, deed: Deed, items: list[int]) -> None:
        self.act(deed, items)


@pytest.mark.parametrize("machine", [DecidingMasks, DecidingTags, DecidingPoints])
def test_any_deeds_are_taken_back_in_turn(machine: type[Deciding]) -> None:
    case = machine.TestCase()
    case.settings = settings(max_examples=25, stateful_step_count=14, deadline=None)
    case.runTest()


def test_a_label_that_is_open_follows_every_step() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder), Task.SEGMENTATION)
        document = store.open_document(1)
        assert isinstance(document, MaskDocument)
        for deed in (AcceptRegion(x=6, y=2), Decide(Decision.ACCEPTED), Decide(Decision.LABEL_RIGHT)):
            assert store.review.act(RUN, 1, deed)
            assert np.array_equal(document.mask, store.read_mask(1))  # type: ignore[arg-type]
        for _ in range(3):
            store.review.undo(RUN)
            assert np.array_equal(document.mask, store.read_mask(1))  # type: ignore[arg-type]
        assert np.array_equal(document.mask, label_of(1))
        store.close()
