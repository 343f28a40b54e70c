"""Decoded pictures on the disk and on the device: the same batches as without, found again, and never a full disk."""

from __future__ import annotations

import errno
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.masks import read_mask, write_mask
from studio.core.recipe import Augment, Stage, decode_spec
from studio.core.resizing import Resize
from studio.core.settings import Task
from studio.core.snapshot import decode_snapshot
from studio.ml.data import images as loading
from studio.ml.data import stage_data
from studio.ml.data.batches import Batch
from studio.ml.data.decoded_file import DecodedFile, locked, open_decoded
from studio.ml.data.decoded_room import LEFT_FREE, DecodedRoom, NoRoom, decoded_folder
from studio.ml.data.decoding import Decoder
from studio.ml.data.images_in_memory import ImagesInMemory
from studio.ml.data.stage_data import DataSource
from studio.ml.data.streamed_images import StreamedImages
from studio.ml.model_file import read_model
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import CLASSES, make_run, recipe, run, run_until, same_tensors

STAGE = Stage(epochs=1, height=32, width=48, batch_size=3)


def source(folder: Path, *, limit: int, warn: Callable[[str], None] = lambda sentence: None) -> DataSource:
    snapshot = decode_snapshot((folder / "snapshot.json").read_bytes())
    return DataSource(
        folder=folder,
        spec=decode_spec((folder / "recipe.json").read_bytes()),
        task=make_task(snapshot),
        device=torch.device("cpu"),
        warn=warn,
        progress=lambda what, done, total: None,
        check=lambda: None,
        limit=limit,
    )


def a_run(folder: Path, task: Task = Task.SEGMENTATION, resize: Resize = Resize.SQUISH) -> Path:
    augment = Augment(rotate=5, lighting=0.2)
    return make_run(folder, recipe(task, stages=[STAGE], resize=resize, augment=augment), train=7, valid=2)


def batches(folder: Path, limit: int, warn: Callable[[str], None] = lambda sentence: None) -> list[Batch]:
    """Two epochs of training and one of validation."""
    data = source(folder, limit=limit, warn=warn).load(0)
    try:
        return [*data.train.epoch(0), *data.train.epoch(1), *data.valid.epoch(0)]
    finally:
        data.close()


def assert_same(first: list[Batch], second: list[Batch]) -> None:
    for one, other in zip(first, second, strict=True):
        assert one.rows == other.rows
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.target, other.target)


@pytest.fixture
def no_picture_is_read(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbid() -> None:
        def picture(self: Decoder, path: Path) -> None:
            raise AssertionError(f"{path} is decoded again")

        monkeypatch.setattr(Decoder, "picture", picture)

    return forbid


@pytest.mark.parametrize(
    ("task", "resize"),
    [
        (Task.SEGMENTATION, Resize.SQUISH),
        (Task.SEGMENTATION, Resize.CROP),
        (Task.KEYPOINTS, Resize.PAD),
        (Task.SINGLE_LABEL, Resize.CROP),
        (Task.MULTI_LABEL, Resize.SQUISH),
    ],
)
def test_batches_are_the_same_in_memory_on_the_disk_on_the_device_and_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: Task, resize: Resize
) -> None:
    folder = a_run(tmp_path / "0001", task, resize)
    in_memory = batches(folder, 2**30)
    assert not decoded_folder(folder).exists()
    assert_same(in_memory, batches(folder, 0))
    assert_same(in_memory, batches(folder, 0))  # out of the file
    assert len(list(decoded_folder(folder).glob("*/records.bin"))) == 2
    with monkeypatch.context() as patched:
        patched.setattr(loading, "open_decoded_items", lambda *given, **named: None)
        assert_same(in_memory, batches(folder, 0))
    monkeypatch.setattr(loading, "free_device_memory", lambda device: 2**30)
    on_device = source(folder, limit=0).load(0)
    assert isinstance(on_device.train.images, ImagesInMemory)
    on_device.close()
    assert_same(in_memory, batches(folder, 0))


def test_what_does_not_fit_on_the_device_is_not_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_run(tmp_path / "0001")
    monkeypatch.setattr(loading, "free_device_memory", lambda device: 10_000)
    data = source(folder, limit=0).load(0)
    assert isinstance(data.train.images, StreamedImages)
    data.close()


def test_a_second_run_at_the_size_decodes_nothing(tmp_path: Path, no_picture_is_read: Callable[[], None]) -> None:
    project = tmp_path / "project"
    (project / "runs").mkdir(parents=True)
    (project / "studio.toml").touch()
    first = a_run(project / "runs" / "0001")
    before = batches(first, 0)
    second = project / "runs" / "0002"
    second.mkdir()
    for name in ("recipe.json", "snapshot.json"):
        (second / name).write_bytes((first / name).read_bytes())
    (second / "labels").mkdir()
    for label in (first / "labels").iterdir():
        (second / "labels" / label.name).write_bytes(label.read_bytes())
    assert decoded_folder(second) == project / ".cache" / "decoded"
    no_picture_is_read()
    assert_same(before, batches(second, 0))


def test_only_what_changed_is_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_run(tmp_path / "0001")
    batches(folder, 0)
    mask, _ = read_mask(folder / "labels/3.png")
    mask[5:9] = 1
    write_mask(folder / "labels/3.png", mask, CLASSES)
    os.utime(tmp_path / "0001-images" / "05.png", (1, 1))
    read: list[str] = []
    honest = Decoder.picture

    def noted(self: Decoder, path: Path) -> object:
        read.append(path.name)
        return honest(self, path)

    monkeypatch.setattr(Decoder, "picture", noted)
    changed = batches(folder, 0)
    assert sorted(read) == ["03.png", "05.png"]
    assert_same(changed, batches(folder, 2**30))


def test_every_run_warns_of_a_damaged_picture_and_does_not_learn_from_it(tmp_path: Path) -> None:
    folder = a_run(tmp_path / "0001")
    cut = tmp_path / "0001-images" / "02.png"
    cut.write_bytes(cut.read_bytes()[:-60])
    told: list[list[str]] = []
    found = []
    for limit in (2**30, 0, 0):
        warnings: list[str] = []
        found.append(batches(folder, limit, warnings.append))
        told.append(warnings)
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == 1
    assert str(cut) in told[0][0]
    assert_same(found[0], found[1])
    assert_same(found[0], found[2])


def test_a_full_disk_is_said_once_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_run(tmp_path / "0001")
    wanted = batches(folder, 2**30)
    honest, writes = DecodedFile.write, iter(range(100))

    def write(self: DecodedFile, key: bytes, record: bytes) -> None:
        if next(writes) >= 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        honest(self, key, record)

    monkeypatch.setattr(DecodedFile, "write", write)
    warnings: list[str] = []
    assert_same(wanted, batches(folder, 0, warnings.append))
    assert len(warnings) == 2, "one for each split"
    assert all("cannot be kept on the disk" in sentence and "Free space" in sentence for sentence in warnings)


def test_a_disk_without_room_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_run(tmp_path / "0001")
    monkeypatch.setattr(stage_data, "DecodedRoom", lambda path, split: DecodedRoom(path, split, free=lambda _: 0))
    warnings: list[str] = []
    batches(folder, 0, warnings.append)
    assert len(warnings) == 2
    assert "neither memory nor the disk" in warnings[0]
    assert "0.0 GiB" in warnings[0]
    assert not list(tmp_path.rglob("records.bin"))


def filled(room: DecodedRoom, name: str, *, records: int, used: float) -> Path:
    """A file of 1 kB records that was last used at a time."""
    file = room.open(name, record_bytes=1000, count=records)
    assert file is not None
    for number in range(records):
        file.write(bytes([number]) * 16, bytes(1000))
    file.close()
    own = room.folder / f"{room.split}-{name}"
    os.utime(own / "keys.bin", (used, used))
    return own


def test_sizes_that_were_not_used_for_longest_give_way(tmp_path: Path) -> None:
    room = DecodedRoom(tmp_path, "train", limit=10_000, free=lambda path: 2**40)
    older, newer = filled(room, "b", records=4, used=100), filled(room, "a", records=4, used=200)
    last = filled(room, "c", records=4, used=300)
    assert (older.exists(), newer.exists(), last.exists()) == (False, True, True)
    with pytest.raises(NoRoom):
        room.open("d", record_bytes=1000, count=11)


def test_what_another_process_trains_from_stays(tmp_path: Path) -> None:
    room = DecodedRoom(tmp_path, "train", limit=10_000, free=lambda path: 2**40)
    busy = filled(room, "b", records=4, used=100)
    idle = filled(room, "a", records=4, used=200)
    lock = locked(busy)
    assert lock is not None
    with lock:
        assert room.open("b", record_bytes=1000, count=4) is None
        filled(room, "c", records=4, used=300)
        assert (busy.exists(), idle.exists()) == (True, False)


def test_a_little_free_disk_is_left_to_everything_else(tmp_path: Path) -> None:
    free = LEFT_FREE + 5000
    room = DecodedRoom(tmp_path, "train", free=lambda path: free)
    filled(room, "a", records=4, used=100)
    with pytest.raises(NoRoom):
        room.open("b", record_bytes=1000, count=6)


def test_records_of_changed_labels_give_way_where_the_disk_has_no_room_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_picture_is_read: Callable[[], None]
) -> None:
    """Seven and two items fill what the disk has to spare."""
    folder = a_run(tmp_path / "0001")
    cache = decoded_folder(folder)
    spare = 9 * (STAGE.height * STAGE.width * 4 + 20)

    def left(_path: Path) -> int:
        held = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
        return LEFT_FREE + spare - held

    monkeypatch.setattr(stage_data, "DecodedRoom", lambda path, split: DecodedRoom(path, split, free=left))
    warnings: list[str] = []
    batches(folder, 0, warnings.append)
    for number in range(1, 8):
        mask, _ = read_mask(folder / f"labels/{number}.png")
        mask[5:9] = 1
        write_mask(folder / f"labels/{number}.png", mask, CLASSES)
    changed = batches(folder, 0, warnings.append)
    assert left(cache) >= LEFT_FREE
    no_picture_is_read()
    assert_same(changed, batches(folder, 0, warnings.append))
    assert warnings == []


def test_a_file_of_mostly_forgotten_records_begins_anew(tmp_path: Path) -> None:
    room = DecodedRoom(tmp_path, "train", free=lambda path: 2**40)
    filled(room, "a", records=9, used=100)
    file = room.open("a", record_bytes=1000, count=3)
    assert file is not None
    assert len(file) == 0
    file.close()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.binary(min_size=7, max_size=7)), max_size=12),
    st.integers(0, 100),
    st.integers(0, 300),
)
def test_what_is_read_is_what_was_written_last_or_nothing(
    writes: list[tuple[int, bytes]], torn: int, damaged: int
) -> None:
    """After a crash the end of either file may be missing, or a byte be another."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = open_decoded(folder, record_bytes=7)
        assert file is not None
        last: dict[int, list[bytes]] = {}
        for key, record in writes:
            file.write(bytes([key]) * 16, record)
            last.setdefault(key, []).append(record)
        assert all(bytes(file.read(bytes([key]) * 16) or b"") == records[-1] for key, records in last.items())
        file.close()
        path = folder / ("records.bin" if torn % 2 else "keys.bin")
        data = bytearray(path.read_bytes())
        if damaged < len(data):
            data[damaged] ^= 0xFF
        path.write_bytes(data[: max(0, len(data) - torn // 2)])
        again = open_decoded(folder, record_bytes=7)
        assert again is not None
        for key, records in last.items():
            found = again.read(bytes([key]) * 16)
            assert found is None or bytes(found) in records
        again.write(b"n" * 16, b"newer!!")
        assert again.read(b"n" * 16) == b"newer!!"
        again.close()


def test_runs_from_memory_and_from_the_disk_end_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory, on_disk = a_run(tmp_path / "0001"), a_run(tmp_path / "0002")
    run(in_memory)
    monkeypatch.setattr(stage_data, "memory_limit", lambda: 0)
    run(on_disk)
    assert list(decoded_folder(on_disk).glob("train-*/records.bin"))
    assert same_tensors(read_model(in_memory).state, read_model(on_disk).state)


def test_a_run_that_cuts_its_pictures_and_reads_them_from_the_disk_resumes_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, stopped = (a_run(tmp_path / name, resize=Resize.CROP) for name in ("0001", "0002"))
    run(whole)
    monkeypatch.setattr(stage_data, "memory_limit", lambda: 0)
    run_until(stopped, 1, say="leave")
    run(stopped, resume=True)
    assert same_tensors(read_model(whole).state, read_model(stopped).state)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_data_four_times_the_limit_is_never_all_in_memory(tmp_path: Path) -> None:
    """NumPy says how much it holds after each batch: decoded pictures are its arrays."""
    stage = Stage(epochs=1, height=96, width=96, batch_size=2)
    folder = make_run(tmp_path / "0001", recipe(stages=[stage]), train=64, valid=2)
    total = 64 * 96 * 96 * 4
    data = source(folder, limit=2 * total // 4).load(0)
    assert isinstance(data.train.images, StreamedImages)
    held = [[held_by_numpy() for _batch in data.train.epoch(epoch)] for epoch in range(3)]
    data.close()
    assert max(map(max, held)) < total / 2
    assert max(held[2]) - max(held[1]) < total / 20


def held_by_numpy() -> int:
    """Bytes, whatever else the process allocates meanwhile."""
    arrays = tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([arrays]).traces)
