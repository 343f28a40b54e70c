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
from studio.ml.text.stepwise_lstm import with_open_length
from studio.ml.text.text_net import TextNet

LARGEST_DIFFERENCE: Final = 1e-4
"""Above it an exported program is refused: it would answer otherwise than the model that was judged."""

INPUT: Final = "images"
OUTPUT: Final = "output"
ONNX_PACKAGES: Final = ("onnx", "onnxscript", "onnxruntime")


def write_torch_program(network: nn.Module, images: Tensor, path: Path) -> float:
    """Write `path` (.pt2) with a free batch size; `images` (N, 3, H, W) are normalised and N is at least 2. Of texts
    `images` are token ids (N, L), and their number is free, too.

    Returns the largest difference to `network` on them, as the written file answers. Raises ExportDiffers.
    """
    plain = _plain(network)
    with torch.no_grad(), _quietly():
        program = torch.export.export(_exportable(plain), (images,), dynamic_shapes=(_free_sizes(images),))
        torch.export.save(program, path)
        answers = torch.export.load(path).module()
        return _checked(path, [(plain(part), answers(part)) for part in _parts(images)])


def require_onnx() -> None:
    """Raises MissingPackage; to be asked before anything slow is done for nothing."""
    for name in ONNX_PACKAGES:
        _package(name)


def write_onnx(network: nn.Module, images: Tensor, path: Path, metadata: Mapping[str, str]) -> float:
    """As `write_torch_program`, for ONNX; `metadata` goes into the model's metadata. Raises MissingPackage."""
    onnx, _, runtime = (_package(name) for name in ONNX_PACKAGES)
    plain = _plain(network)
    with torch.no_grad(), _quietly():
        program = torch.onnx.export(
            _exportable(plain),
            (images,),
            dynamo=True,
            verbose=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=(_free_sizes(images),),
        )
        assert program is not None  # what `dynamo` promises
        model = program.model_proto
        onnx.helper.set_model_props(model, dict(metadata))
        onnx.save(model, str(path))
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        pairs = [(plain(part), _asked(session, part)) for part in _parts(images)]
    return _checked(path, pairs)


def _asked(session: Any, images: Tensor) -> Tensor:
    return torch.from_numpy(session.run([OUTPUT], {INPUT: images.contiguous().numpy()})[0])


def _plain(network: nn.Module) -> nn.Module:
    """A copy on the CPU in float32 and the ordinary layout, which every runtime knows, that asks for no gradients."""
    plain = copy.deepcopy(network).cpu().float().requires_grad_(False)
    return plain.to(memory_format=torch.contiguous_format).eval()  # pyright: ignore[reportCallIssue]


def _exportable(plain: nn.Module) -> nn.Module:
    return with_open_length(plain) if isinstance(plain, TextNet) else plain


def _free_sizes(images: Tensor) -> dict[int, Any]:
    batch = {0: torch.export.Dim("batch")}
    return {**batch, 1: torch.export.Dim("tokens")} if _are_ids(images) else batch


def _parts(images: Tensor) -> list[Tensor]:
    """What the two are asked: all together and one alone; of texts also their first token, their first half, and each
    twice over, which is longer than any."""
    parts = [images, images[:1]]
    if _are_ids(images):
        half = max(1, images.shape[1] // 2)
        parts += [images[:, :1], images[:1, :1], images[:, :half], torch.cat([images[:, :half], images], dim=1)]
    return parts


def _are_ids(images: Tensor) -> bool:
    return images.dim() == 2


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
