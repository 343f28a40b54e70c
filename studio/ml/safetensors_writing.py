"""A safetensors file, written tensor by tensor to wherever bytes go, without a copy of it in memory.

The format: the length of a header (64 bits, little-endian), the header as JSON, and the tensors' bytes one after the
other (https://huggingface.co/docs/safetensors). The library itself writes to a path only, through the system's cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO, Final

import msgspec
import torch
from torch import Tensor

_NAMES: Final = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_ALIGNED: Final = 8


def write_safetensors(file: BinaryIO, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Raises ValueError for a kind of number that networks do not have, before anything is written."""
    ordered = sorted(tensors.items(), key=lambda pair: (-pair[1].element_size(), pair[0]))
    file.write(_header(ordered, metadata))
    for _, tensor in ordered:
        if tensor.numel():
            file.write(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)


def _header(ordered: list[tuple[str, Tensor]], metadata: Mapping[str, str]) -> bytes:
    """With its length before it. The widest numbers come first, so that each tensor begins at a multiple of its own."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, tensor in ordered:
        if tensor.dtype not in _NAMES:
            raise ValueError(f"{name} holds {tensor.dtype}, which a model file has no name for")
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = msgspec.json.encode(header)
    text += b" " * (-len(text) % _ALIGNED)
    return len(text).to_bytes(8, "little") + text
