"""A network as a program of its own, for `torch.export` and for ONNX, each checked against PyTorch on real inputs."""

from __future__ import annotations

import copy
import importlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from studio.core.errors import ExportDiffers, MissingPackage

LARGEST_DIFFERENCE: Final = 1e-4
"""Above it an exported program is refused: it would answer otherwise than the model that was judged."""

INPUT: Final = "images"
OUTPUT: Final = "output"
ONNX_PACKAGES: Final = ("onnx", "onnxscript", "onnxruntime")


def write_torch_program(network: nn.Module, images: Tensor, path: Path) -> float:
    """Write `path` (.pt2) with a free batch size; `images` (N, 3, H, W) are normalised and N is at least 2.

    Returns the largest difference to `network` on them, as the written file answers. Raises ExportDiffers.
    """
    plain = _plain(network)
    with torch.no_grad(), _quietly():
        program = torch.export.export(plain, (images,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        torch.export.save(program, path)
        answers = torch.export.load(path).module()
        return _checked(path, [(plain(part), answers(part)) for part in (images, images[:1])])


def write_onnx(network: nn.Module, images: Tensor, path: Path, metadata: Mapping[str, str]) -> float:
    """As `write_torch_program`, for ONNX; `metadata` goes into the model's metadata. Raises MissingPackage."""
    onnx, _, runtime = (_package(name) for name in ONNX_PACKAGES)
    plain = _plain(network)
    with torch.no_grad(), _quietly():
        program = torch.onnx.export(
            plain,
            (images,),
            dynamo=True,
            verbose=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
        assert program is not None  # what `dynamo` promises
        model = program.model_proto
        onnx.helper.set_model_props(model, dict(metadata))
        onnx.save(model, str(path))
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        pairs = [(plain(part), _asked(session, part)) for part in (images, images[:1])]
    return _checked(path, pairs)


def _asked(session: Any, images: Tensor) -> Tensor:
    return torch.from_numpy(session.run([OUTPUT], {INPUT: images.contiguous().numpy()})[0])


def _plain(network: nn.Module) -> nn.Module:
    """A copy on the CPU in float32 and the ordinary layout, which every runtime knows."""
    return copy.deepcopy(network).cpu().float().to(memory_format=torch.contiguous_format).eval()  # pyright: ignore[reportCallIssue]


def _checked(path: Path, pairs: list[tuple[Tensor, Tensor]]) -> float:
    largest = max(float((ours - theirs).abs().max()) for ours, theirs in pairs)
    if not largest <= LARGEST_DIFFERENCE:  # also where it is NaN
        raise ExportDiffers(path.name, largest, LARGEST_DIFFERENCE)
    return largest


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackage("ONNX", ONNX_PACKAGES) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporters warn about their own insides, of which a person can change nothing."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
