"""Checkpoints by value: later training never changes one, and the memory of a written one is used again."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.core.errors import CannotWrite
from studio.core.past_cache import ROOM
from studio.ml.checkpoint import CheckpointWriter, Snapshotted, copied, is_finite, read_state, write_state


def _state(number: float) -> dict[str, Any]:
    return {
        "model": {"w": torch.full((3, 4), number), "b": torch.full((2,), number)},
        "many": [torch.ones(2) * number, 5],
    }


def _checkpoint(state: dict[str, Any], step: int) -> Snapshotted:
    return Snapshotted(state, state["model"], {}, step, step)


def test_a_copy_stays_what_it_was_while_training_goes_on() -> None:
    live = _state(1.0)
    copy = copied(live)
    live["model"]["w"] += 1
    assert copy["model"]["w"].eq(1).all()


def test_an_old_copy_gives_its_memory_to_the_next_where_the_tensors_are_alike() -> None:
    old = copied(_state(1.0))
    addresses = old["model"]["w"].data_ptr(), old["many"][0].data_ptr()
    new = _state(2.0)
    new["model"]["b"] = torch.full((7,), 2.0)
    copy = copied(new, old)
    assert (copy["model"]["w"].data_ptr(), copy["many"][0].data_ptr()) == addresses
    assert copy["model"]["w"].eq(2).all()
    assert copy["model"]["b"].eq(2).all()
    assert copy["model"]["b"].shape == (7,)
    assert copy["many"][1] == 5


def test_a_tensor_that_lies_otherwise_in_memory_is_copied_as_it_lies() -> None:
    plain, last = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
    copy = copied({"w": last}, copied({"w": plain}))["w"]
    assert copy.stride() == last.stride()
    assert torch.equal(copy, last)


def test_a_checkpoint_that_is_being_written_is_no_spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write, saved = threading.Event(), []
    real = torch.save

    def slow(state: object, file: object) -> None:
        assert may_write.wait(10)
        real(state, file)

    monkeypatch.setattr(torch, "save", slow)
    writer = CheckpointWriter(tmp_path, saved=lambda c: saved.append(c.step), failed=lambda e: pytest.fail(str(e)))
    try:
        writer.submit(_checkpoint(_state(1.0), 1))
        overtaken, newest = _state(2.0), _state(3.0)
        while writer._next is not None:  # until the first is being written
            pass
        assert writer.take_spare() is None
        writer.submit(_checkpoint(overtaken, 2))
        writer.submit(_checkpoint(newest, 3))
        assert writer.take_spare() is overtaken
        assert writer.take_spare() is None
        may_write.set()
        writer.flush()
        assert writer.take_spare() is newest
    finally:
        may_write.set()
        writer.close()
    assert saved == [1, 3]
    assert read_state(tmp_path)["model"]["w"].eq(3).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_one_number_that_is_none_is_found(bad: float) -> None:
    weights = {"a": torch.rand(50, 50), "steps": torch.tensor(3)}
    assert is_finite(weights)
    weights["a"][17, 3] = bad
    assert not is_finite(weights)


def test_weights_whose_norm_is_too_large_for_a_number_are_numbers_still() -> None:
    assert is_finite({"a": torch.tensor([3e38, 3e38])})


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="the full disk is played by a call of Linux")
def test_a_full_disk_is_told_as_such_and_the_checkpoint_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_state(tmp_path, _state(1.0))

    def full(descriptor: int, part: memoryview, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full, raising=False)
    large = {"model": {"w": torch.zeros(2 * ROOM)}}
    with pytest.raises(CannotWrite, match="no space left"):
        write_state(tmp_path, large)
    assert read_state(tmp_path)["model"]["w"].eq(1).all()
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]
