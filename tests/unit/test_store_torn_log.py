"""A recorded session whose log is cut off anywhere opens with exactly the steps that were finished by then."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED, make_classes
from studio.core.document import MaskDocument
from studio.core.items import NewItem
from studio.core.region_wishes import RegionOperation, RegionWish
from studio.core.settings import ProjectSettings, Task
from studio.store import Store

WIDTH, HEIGHT = 48, 32
_HEADER, _FRAME = 32, 24 + 4096
"""Bytes of a log's header and of each frame (https://www.sqlite.org/fileformat.html#the_write_ahead_log)."""


@dataclass
class Recorded:
    """A project with its whole log, and after each step: the log's length, the mask and the edit it stands at."""

    root: Path
    log: bytes
    steps: list[tuple[int, np.ndarray, int]]

    def opened_with(self, length: int, copy: Path) -> None:
        """Open a copy whose log has so many bytes, and compare it with the last step that fits into them."""
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for name in ("studio.db", "studio.toml"):
            shutil.copyfile(self.root / name, copy / name)
        (copy / "studio.db-wal").write_bytes(self.log[:length])
        finished = [step for step in self.steps if step[0] <= length]
        with Store.open(copy) as store:
            document = store.open_document(1) if finished else None
            if document is None:
                return
            assert isinstance(document, MaskDocument)
            _, mask, head = finished[-1]
            assert document.head == head
            assert np.array_equal(document.mask, mask)
            made = max(step[2] for step in finished)
            assert [step.id for step in store.journal.timeline(1)] == list(range(1, made + 1))


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    root = tmp_path / "project"
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "f.png")
    classes = tuple(make_classes(["sky", "road", "void"]))
    with Store.create(root, ProjectSettings(name="p", task=Task.SEGMENTATION, classes=classes)) as store:
        store.add_items([NewItem(name="f.png", path=tmp_path / "f.png")])
        store._database.checkpoint()
        document = store.open_document(1)
        assert isinstance(document, MaskDocument)
        log = root / "studio.db-wal"
        steps = [(0, np.full((HEIGHT, WIDTH), UNLABELLED, np.uint8), 0)]

        def note() -> None:
            steps.append((log.stat().st_size, document.mask.copy(), document.head))

        _begin_anew(store, log)
        for act in (
            lambda: document.brush((5, 5), (40, 20), 7, 0),
            lambda: document.polygon([(10, 10), (30, 10), (20, 28)], 1),
            document.undo,
            lambda: document.fill(0, 0, 2),
            lambda: _carry_out(document, RegionWish(operation=RegionOperation.GROW, class_id=0, amount=3)),
            lambda: document.go_to(1),
            document.redo,
        ):
            act()
            note()
        frozen = Recorded(tmp_path / "frozen", log.read_bytes(), steps)
        frozen.root.mkdir()
        for name in ("studio.db", "studio.toml"):
            shutil.copyfile(root / name, frozen.root / name)
        yield frozen


def _begin_anew(store: Store, log: Path) -> None:
    """A log that was folded into the database is begun anew by the next step; make it short first."""
    store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert log.stat().st_size == 0


def _carry_out(document: MaskDocument, wish: RegionWish) -> None:
    change = wish.change(document.mask)
    assert change is not None
    assert change.apply(document, "growing")


def test_at_every_frame_and_at_bytes_in_between(recorded: Recorded, tmp_path: Path) -> None:
    log = len(recorded.log)
    frames = range(_HEADER, log + 1, _FRAME)
    rng = random.Random(11)
    lengths = {0, 1, _HEADER - 1, log, *(frame + more for frame in frames for more in (-1, 0, 1))}
    lengths |= {end + more for end, _, _ in recorded.steps for more in (-1, 0, 1)}
    lengths |= {rng.randrange(log) for _ in range(40)}
    for length in sorted(length for length in lengths if 0 <= length <= log):
        recorded.opened_with(length, tmp_path / "torn")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_at_every_single_byte(recorded: Recorded, tmp_path: Path) -> None:
    for length in range(len(recorded.log) + 1):
        recorded.opened_with(length, tmp_path / "torn")
