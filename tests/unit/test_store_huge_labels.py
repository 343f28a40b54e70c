"""Labels that are written in bands, as those of huge pictures are, keep every promise; here that is every label."""

from __future__ import annotations

import dataclasses
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.core.masks import read_head, read_mask
from studio.store import Store, label_files, read_label

MakeStore = Callable[..., Store]


@pytest.fixture(autouse=True)
def _every_mask_is_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.core.masks.HUGE_MASK", 1)


@pytest.fixture
def whole_writes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are written from a mask in memory."""
    paths: list[Path] = []
    plain = label_files.write_mask
    monkeypatch.setattr(
        label_files, "write_mask", lambda path, *rest, **options: paths.append(path) or plain(path, *rest, **options)
    )
    return paths


def opened(store: Store) -> MaskDocument:
    document = store.open_document(1)
    assert isinstance(document, MaskDocument)
    return document


@pytest.mark.parametrize("seed", range(6))
def test_strokes_undos_flushes_and_restarts_agree_with_a_plain_model(
    make_store: MakeStore, whole_writes: list[Path], seed: int
) -> None:
    rng = random.Random(seed)
    store = make_store(1)
    states, place = [opened(store).mask.copy()], 0
    for _ in range(25):
        step = rng.choice(["paint", "paint", "undo", "redo", "flush", "restart"])
        document = opened(store)
        if step == "paint":
            ends = [(rng.uniform(0, 200), rng.uniform(0, 150)) for _ in range(2)]
            document.brush(*ends, rng.uniform(5, 60), rng.randrange(3))
            if not np.array_equal(document.mask, states[place]):
                states = [*states[: place + 1], document.mask.copy()]
                place += 1
        elif step == "undo":
            place -= document.undo() is not None
        elif step == "redo":
            place += document.redo() is not None
        elif step == "flush":
            store.flush()
            path = store.label_path(1)
            if path.exists():
                shown, head = read_mask(path)
                assert head == document.head and np.array_equal(shown, states[place])
        else:
            del document
            store.close()
            store = Store.open(store.root)
        assert np.array_equal(opened(store).mask, states[place])
    store.close()
    assert not whole_writes


def test_a_copy_taken_at_any_moment_opens_with_all_strokes_and_their_undo(
    make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store(1)
    document = opened(store)
    for number in range(6):
        document.brush((10, 10 + 15 * number), (190, 10 + 12 * number), 11, number % 3)
        if number % 2:
            store.flush()
        copy = tmp_path / f"copy{number}"
        shutil.copytree(store.root, copy, ignore=shutil.ignore_patterns("*-shm"))
        with Store.open(copy) as survivor:
            assert np.array_equal(opened(survivor).mask, document.mask)
            for _ in range(number + 1):
                assert opened(survivor).undo() is not None
            assert (opened(survivor).mask == UNLABELLED).all()


def test_a_damaged_label_file_is_rebuilt_from_the_journal(make_store: MakeStore) -> None:
    store = make_store(1)
    opened(store).brush((20, 20), (150, 90), 30, 1)
    store.flush()
    path = store.label_path(1)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 30])
    opened(store).brush((30, 90), (150, 20), 10, 2)
    expected = opened(store).mask.copy()
    store.flush()
    assert np.array_equal(read_mask(path)[0], expected)
    assert read_head(path) == opened(store).head


@pytest.mark.parametrize("meanwhile", ["nothing", "stroke", "undo", "written", "another program"])
def test_a_label_read_on_a_thread_opens_as_what_the_item_is_by_then(make_store: MakeStore, meanwhile: str) -> None:
    store = make_store(1)
    document = opened(store)
    document.brush((20, 20), (60, 30), 20, 1)
    document.brush((30, 40), (50, 60), 10, 2)
    del document
    store.flush()
    path = store.huge_label(1)
    assert path is not None
    read = read_label(path)
    if meanwhile in ("stroke", "written"):
        opened(store).brush((70, 50), (90, 60), 12, 0)
    elif meanwhile == "undo":
        opened(store).undo()
    if meanwhile == "written":
        store.flush()
    if meanwhile == "another program":
        read = dataclasses.replace(read, head=0, file=(0, 0, 0))
    expected = opened(store).mask.copy()
    document = store.open_document(1, read)
    assert isinstance(document, MaskDocument)
    assert np.array_equal(document.mask, expected)
    assert document.undo_text == opened(store).undo_text
