"""What the program writes as safetensors is what the library reads, tensor for tensor."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from studio.core.errors import CannotWrite
from studio.core.model_header import MODEL_FILE
from studio.core.past_cache import ROOM
from studio.ml.model_file import write_model

METADATA = {"format": "a format", "classes": '[{"name": "Füße \\"quoted\\""}]'}


def _tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "z.half": torch.rand(3).half(),
        "bn.num_batches_tracked": torch.tensor(7),
        "conv.weight": torch.rand(4, 3, 3, 3).to(memory_format=torch.channels_last),
        "transposed": torch.rand(5, 2).t(),
        "flags": torch.tensor([True, False, True]),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "short": torch.tensor([-3], dtype=torch.int16),
        "brain": torch.rand(2, 2).bfloat16(),
        "double": torch.rand(2, dtype=torch.float64),
        "nothing": torch.zeros(2, 0),
        "large": torch.rand(ROOM // 2 + 1),
    }


@pytest.mark.parametrize("metadata", [METADATA, {}], ids=["metadata", "none"])
def test_the_library_reads_every_tensor_and_the_metadata(tmp_path: Path, metadata: dict[str, str]) -> None:
    tensors = _tensors()
    write_model(tmp_path, tensors, metadata)
    with safe_open(tmp_path / MODEL_FILE, framework="pt") as file:
        assert dict(file.metadata() or {}) == metadata
        assert set(file.keys()) == set(tensors)
        for name, tensor in tensors.items():
            read = file.get_tensor(name)
            assert (read.dtype, read.shape) == (tensor.dtype, tensor.shape), name
            assert torch.equal(read, tensor), name


def test_a_later_change_of_a_weight_does_not_reach_the_file(tmp_path: Path) -> None:
    weights = {"w": torch.zeros(3)}
    write_model(tmp_path, weights, METADATA)
    weights["w"] += 1
    with safe_open(tmp_path / MODEL_FILE, framework="pt") as file:
        assert file.get_tensor("w").eq(0).all()


def test_a_kind_of_number_that_the_file_has_no_name_for_leaves_the_old_model(tmp_path: Path) -> None:
    (tmp_path / MODEL_FILE).write_bytes(b"old")
    with pytest.raises(CannotWrite, match=r"phase holds torch\.complex64"):
        write_model(tmp_path, {"phase": torch.zeros(2, dtype=torch.complex64)}, {})
    assert (tmp_path / MODEL_FILE).read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [MODEL_FILE]


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="the full disk is played by a call of Linux")
def test_a_full_disk_is_told_and_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, part: memoryview, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / MODEL_FILE).write_bytes(b"old")
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(CannotWrite, match="no space left"):
        write_model(tmp_path, {"w": torch.zeros(ROOM)}, METADATA)
    assert (tmp_path / MODEL_FILE).read_bytes() == b"old"
