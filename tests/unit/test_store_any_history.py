"""Any sequence of edits of every kind, undos, redos, jumps, item switches and restarts equals a list of arrays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from PIL import Image

from studio.core.classes import UNLABELLED, make_classes
from studio.core.document import MaskDocument
from studio.core.items import NewItem
from studio.core.protection import NOTHING_PROTECTED, Protection
from studio.core.raster import Rect, flood_region, polygon_pixels
from studio.core.region_wishes import RegionOperation, RegionWish
from studio.core.settings import ProjectSettings, Task
from studio.core.sweep import Sweep
from studio.core.taking_over import copy_of
from studio.store import Store

WIDTH, HEIGHT = 150, 140
PLACES = st.tuples(st.floats(-20, WIDTH + 20), st.floats(-20, HEIGHT + 20))
PIXELS = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
VALUES = st.sampled_from([0, 1, 2, UNLABELLED])
LOCKS = st.builds(Protection, st.frozensets(st.sampled_from([0, 1, 2])), st.booleans())


class Plain:
    """The model: a whole mask for each edit ever made, what came before it, and what redo would bring."""

    def __init__(self) -> None:
        self.masks = {0: np.full((HEIGHT, WIDTH), UNLABELLED, np.uint8)}
        self.parents: dict[int, int] = {}
        self.redo: dict[int, int] = {}
        self.head = 0

    @property
    def mask(self) -> np.ndarray:
        return self.masks[self.head]

    def commit(self, mask: np.ndarray, head: int) -> None:
        """What the document calls its new state; it must be a new one exactly where something changed."""
        if np.array_equal(mask, self.mask):
            assert head == self.head
            return
        assert head not in self.masks
        self.masks[head] = mask
        self.parents[head] = self.head
        self.head = head

    def undo(self) -> None:
        if self.head:
            self.redo[self.parents[self.head]] = self.head
            self.head = self.parents[self.head]

    def go_to(self, target: int) -> None:
        line = {0}
        at = target
        while at:
            line.add(at)
            at = self.parents[at]
        while self.head not in line:
            self.undo()
        if self.head != target:  # undo to the fork, and from there forward
            self.head = target


class AnyHistory(RuleBasedStateMachine):
    """Two items; a plain array is painted beside each document, honouring the same locks."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        Image.new("RGB", (WIDTH, HEIGHT)).save(root / "f.png")
        classes = tuple(make_classes(["sky", "road", "void"]))
        self.store = Store.create(root / "p", ProjectSettings(name="p", task=Task.SEGMENTATION, classes=classes))
        self.store.add_items(NewItem(name=f"{n}.png", path=root / "f.png") for n in "ab")
        self.plain = {1: Plain(), 2: Plain()}
        self.current = 1
        self.locks = NOTHING_PROTECTED

    @property
    def model(self) -> Plain:
        return self.plain[self.current]

    @property
    def document(self) -> MaskDocument:
        document = self.store.open_document(self.current)
        assert isinstance(document, MaskDocument)
        document.protection = self.locks
        return document

    def expect(self, document: MaskDocument, wanted: np.ndarray) -> None:
        """`wanted` is what would be painted if nothing were locked."""
        now = self.model.mask
        locked = np.isin(now, list(self.locks.locked))
        if self.locks.only_unlabelled:
            locked |= (now != UNLABELLED) & (wanted != UNLABELLED)
        self.model.commit(np.where(locked, now, wanted), document.head)

    @rule(locks=LOCKS)
    def lock(self, locks: Protection) -> None:
        self.locks = locks

    @rule(a=PLACES, b=PLACES, diameter=st.floats(1, 70), value=VALUES)
    def stroke(self, a: tuple[float, float], b: tuple[float, float], diameter: float, value: int) -> None:
        wanted = self.model.mask.copy()
        Sweep.even(a, b, diameter).paint(wanted, value)
        document = self.document
        document.brush(a, b, diameter, value)
        self.expect(document, wanted)

    @rule(corners=st.lists(PLACES, min_size=3, max_size=6), value=VALUES)
    def polygon(self, corners: list[tuple[float, float]], value: int) -> None:
        wanted = self.model.mask.copy()
        height, width = wanted.shape
        wanted[polygon_pixels(Rect(0, 0, width, height), corners)] = value
        document = self.document
        document.polygon(corners, value)
        self.expect(document, wanted)

    @rule(pixel=PIXELS, value=VALUES)
    def fill(self, pixel: tuple[int, int], value: int) -> None:
        region, _ = flood_region(self.model.mask, *pixel)
        document = self.document
        document.fill(*pixel, value)
        self.expect(document, np.where(region, np.uint8(value), self.model.mask))

    @rule(seed=st.integers(0, 99))
    def replace(self, seed: int) -> None:
        cells = np.random.default_rng(seed).choice(np.array([0, 1, 2, UNLABELLED], np.uint8), (7, 5))
        wanted = np.kron(cells, np.ones((20, 30), np.uint8))
        document = self.document
        document.replace(wanted, "accepting the prediction")
        self.expect(document, wanted)

    @rule(
        operation=st.sampled_from(RegionOperation),
        pixel=PIXELS,
        whole=st.booleans(),
        amount=st.integers(1, 6),
        value=VALUES,
    )
    def change_a_region(
        self, operation: RegionOperation, pixel: tuple[int, int], whole: bool, amount: int, value: int
    ) -> None:
        wish = RegionWish(operation=operation, class_id=value, pixel=pixel, whole=whole, amount=amount)
        change = wish.change(self.model.mask)
        assume(change is not None)
        assert change is not None
        wanted = self.model.mask.copy()
        np.copyto(wanted[change.rect.slices], change.values, where=change.region)
        document = self.document
        change.apply(document, str(operation))
        self.expect(document, wanted)

    @rule(everything=st.booleans())
    def copy_from_the_other_item(self, everything: bool) -> None:
        other = self.plain[3 - self.current].mask
        document = self.document
        edit = copy_of(
            document.mask, other, document.protection, "copying the frame before", only_unlabelled=not everything
        )
        assume(edit is not None)
        assert edit is not None
        free = (other != UNLABELLED) & ((self.model.mask == UNLABELLED) | everything)
        document.carry_out(edit)
        self.expect(document, np.where(free, other, self.model.mask))

    @rule(a=PLACES, b=PLACES)
    def stroke_that_is_cancelled(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        document = self.document
        document.begin("brush stroke")
        document.brush(a, b, 33, 2)
        document.cancel()

    @rule()
    def undo(self) -> None:
        assert (self.document.undo() is None) == (self.model.head == 0)
        self.model.undo()

    @rule()
    def redo(self) -> None:
        target = self.model.redo.get(self.model.head, 0)
        assert (self.document.redo() is None) == (target == 0)
        self.model.head = target or self.model.head

    @rule(data=st.data())
    def jump(self, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(sorted(self.model.masks)))
        assert (self.document.go_to(target) is None) == (target == self.model.head)
        self.model.go_to(target)

    @rule()
    def switch_items(self) -> None:
        self.current = 3 - self.current

    @rule()
    def flush(self) -> None:
        self.store.flush()

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(self.store.root)

    @invariant()
    def shows_what_the_model_shows(self) -> None:
        document, model = self.document, self.model
        assert document.head == model.head
        assert np.array_equal(document.mask, model.mask)
        assert document.can_undo == (model.head != 0)
        assert document.can_redo == bool(model.redo.get(model.head))
        assert [step.id for step in self.store.journal.timeline(self.current)] == sorted(model.masks)[1:]
        counted = np.bincount(model.mask.ravel(), minlength=256)
        rows = self.store._database.execute(
            "SELECT class_id, pixels FROM class_pixels WHERE item = ? AND pixels != 0", (self.current,)
        )
        assert dict(rows) == {value: counted[value] for value in range(UNLABELLED) if counted[value]}

    def teardown(self) -> None:
        self.store.close()
        with Store.open(self.store.root) as store:
            store.flush()
            for item_id, model in self.plain.items():
                read = store.read_mask(item_id)
                assert np.array_equal(self.plain[1].masks[0] if read is None else read, model.mask)
        self.folder.cleanup()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(deadline=None, max_examples=25, stateful_step_count=25)
