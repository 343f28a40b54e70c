"""Killing the program at any moment loses no finished stroke."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.core.document import MaskDocument
from studio.store import Store

MakeStore = Callable[..., Store]

PAINTER = """
import random, sys, zlib
from pathlib import Path
from studio.store import Store

store = Store.open(Path(sys.argv[1]))
rng = random.Random(int(sys.argv[2]))
documents = [store.open_document(i) for i in store.item_ids()]
stroke = 0
while True:
    document = rng.choice(documents)
    document.begin("brush stroke")
    a = (rng.random() * 200, rng.random() * 150)
    for _ in range(5):
        b = (rng.random() * 200, rng.random() * 150)
        document.brush(a, b, 20, stroke % 3)
        a = b
    if document.commit():
        stroke += 1
        print(document.item.id, document.head, zlib.crc32(document.mask.tobytes()), flush=True)
"""


def opened(store: Store, item_id: int) -> MaskDocument:
    document = store.open_document(item_id)
    assert isinstance(document, MaskDocument)
    return document


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_painter_finds_every_finished_stroke_again(make_store: MakeStore, seed: int) -> None:
    store = make_store(3)
    store.close()
    painter = subprocess.Popen(
        [sys.executable, "-c", PAINTER, str(store.root), str(seed)], stdout=subprocess.PIPE, text=True
    )
    assert painter.stdout is not None
    said: list[tuple[int, int, int]] = []
    for line in painter.stdout:
        said.append(tuple(int(word) for word in line.split()))  # type: ignore[arg-type]
        if len(said) == 60 + 17 * seed:
            painter.kill()
    painter.wait()
    painter.stdout.close()

    with Store.open(store.root) as store:
        for item_id in store.item_ids():
            finished = [(head, crc) for number, head, crc in said if number == item_id]
            document = opened(store, item_id)
            if document.head != finished[-1][0]:  # one more was committed before it could be said
                assert document.head > finished[-1][0]
                document.undo()
            for head, crc in reversed(finished):
                assert document.head == head
                assert zlib.crc32(document.mask.tobytes()) == crc
                document.undo()
            assert (document.mask == 255).all()
            assert not document.can_undo
            while document.redo():
                pass
        masks = {i: opened(store, i).mask.copy() for i in store.item_ids()}
        store.flush()
    with Store.open(store.root) as store:
        for item_id, mask in masks.items():
            assert np.array_equal(store.read_mask(item_id), mask)


def test_a_project_as_it_was_after_any_commit_opens_with_all_strokes_so_far(
    make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store(2)
    document = opened(store, 1)
    for number in range(8):
        document.brush((10, 10 + 15 * number), (190, 10 + 12 * number), 11, number % 3)
        if number == 4:
            store.flush()
        copy = tmp_path / f"copy{number}"
        shutil.copytree(store.root, copy, ignore=shutil.ignore_patterns("*-shm"))
        with Store.open(copy) as survivor:
            assert np.array_equal(opened(survivor, 1).mask, document.mask)
            for _ in range(number + 1):
                assert opened(survivor, 1).undo() is not None
            assert not opened(survivor, 1).can_undo


def test_a_log_torn_anywhere_opens_with_a_beginning_of_the_strokes(make_store: MakeStore, tmp_path: Path) -> None:
    store = make_store(1)
    document = opened(store, 1)
    masks = [document.mask.copy()]
    for number in range(12):
        document.brush((10, 5 + 10 * number), (190, 10 + 8 * number), 9, number % 3)
        masks.append(document.mask.copy())
    frozen = tmp_path / "frozen"
    shutil.copytree(store.root, frozen, ignore=shutil.ignore_patterns("*-shm"))
    log = (frozen / "studio.db-wal").read_bytes()

    rng = random.Random(4)
    found: set[int] = set()
    for number, length in enumerate([len(log), 0, *(rng.randrange(len(log)) for _ in range(25))]):
        copy = tmp_path / f"torn{number}"
        shutil.copytree(frozen, copy)
        (copy / "studio.db-wal").write_bytes(log[:length])
        with Store.open(copy) as survivor:
            if not survivor.item_ids():  # torn before the items were there
                continue
            mask = opened(survivor, 1).mask
            place = next(i for i, known in enumerate(masks) if np.array_equal(known, mask))
            found.add(place)
            for expected in reversed(masks[:place]):
                opened(survivor, 1).undo()
                assert np.array_equal(opened(survivor, 1).mask, expected)
            assert not opened(survivor, 1).can_undo
    assert len(masks) - 1 in found
    assert len(found) > 3


def test_a_file_that_is_newer_than_the_log_is_no_stranger(make_store: MakeStore, tmp_path: Path) -> None:
    """A power cut may take the writer's note that a file was written; the file's own word counts."""
    store = make_store(1)
    document = opened(store, 1)
    document.brush((10, 10), (90, 90), 9, 1)
    store.flush()
    store._database.execute("UPDATE items SET label_head = 0")
    copy = tmp_path / "copy"
    shutil.copytree(store.root, copy, ignore=shutil.ignore_patterns("*-shm"))
    with Store.open(copy) as survivor:
        said: list[str] = []
        survivor.last_errors.connect(said.append)
        assert np.array_equal(opened(survivor, 1).mask, document.mask)
        assert opened(survivor, 1).can_undo
        survivor.flush()
        assert said == []
