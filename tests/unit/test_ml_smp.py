"""The networks of segmentation-models-pytorch on this program's encoders."""

from __future__ import annotations

import importlib.util
import sys
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from studio.core import architectures
from studio.core.architectures import SMP_ARCHITECTURES, Architecture, missing_package, offered_architectures
from studio.core.errors import MissingPackage
from studio.core.events import EpochEnd
from studio.core.outcome import OutcomeKind
from studio.core.recipe import ModelSpec, Stage
from studio.core.settings import Task
from studio.ml.exporting import programs
from studio.ml.model_file import read_model
from studio.ml.models.encoders import ImageEncoder
from studio.ml.models.smp_networks import SmpNetwork
from studio.ml.network import make_network
from studio.ml.parameter_groups import split_parameters
from studio.ml.runner import read_recipe
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import make_run, recipe, run, same_tensors

IS_THERE = importlib.util.find_spec("segmentation_models_pytorch") is not None

needs_package = pytest.mark.skipif(not IS_THERE, reason="needs segmentation-models-pytorch")


def toy_encoder(first: int = 2) -> ImageEncoder:
    """Five stages of one convolution; `first` 4 has no map at half the size, as ConvNeXt."""
    widths = (3, 6, 8, 12, 16, 24)[: 6 if first == 2 else 5]
    strides = [first, *[2] * (len(widths) - 2)]
    stages = [
        nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.ReLU())
        for (inputs, outputs), stride in zip(pairwise(widths), strides, strict=True)
    ]
    return ImageEncoder(stages, widths[1:], [first * 2**i for i in range(len(stages))])


@needs_package
@pytest.mark.parametrize(
    ("architecture", "first"),
    [*((one, 2) for one in SMP_ARCHITECTURES), (Architecture.SMP_LINKNET, 4), (Architecture.SMP_UNET_PLUS_PLUS, 4)],
)
def test_each_answers_at_the_size_of_its_input_and_learns_from_a_single_picture(
    architecture: Architecture, first: int
) -> None:
    network = SmpNetwork(toy_encoder(first), 5, architecture=architecture)
    with torch.inference_mode():
        assert network.eval()(torch.zeros(2, 3, 33, 47)).shape == (2, 5, 33, 47)
    network.train()(torch.rand(1, 3, 32, 32)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    groups = split_parameters(network)
    assert sorted(id(p) for group in groups for p in group) == sorted(id(p) for p in network.parameters())
    assert all(groups)


@needs_package
@pytest.mark.parametrize("architecture", [Architecture.SMP_UNET_PLUS_PLUS, Architecture.SMP_UPERNET])
def test_what_is_filled_up_does_not_reach_into_the_answer_of_a_whole_picture(architecture: Architecture) -> None:
    network = SmpNetwork(toy_encoder(), 3, architecture=architecture).eval()
    pictures = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        alone = network(pictures)
        features = network.decoder([pictures, *network.encoder(pictures)])
        own = nn.functional.interpolate(network.head(features), size=(64, 96), mode="bilinear", align_corners=False)
    torch.testing.assert_close(alone, own)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not IS_THERE:
        pytest.skip("needs segmentation-models-pytorch")
    model = ModelSpec(architecture=Architecture.SMP_FPN, encoder="alexnet", pretrained=False)
    stages = (Stage(epochs=1, height=32, width=48, batch_size=3),)
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(model=model, stages=stages))
    outcome, listener = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert np.isfinite(listener.of(EpochEnd)[-1].valid_loss)
    return folder


def test_a_runs_model_file_names_its_network_and_a_fine_tuning_starts_from_it(trained: Path, tmp_path: Path) -> None:
    model = read_model(trained)
    assert (model.architecture, model.encoder) == (Architecture.SMP_FPN, "alexnet")
    spec, snapshot = read_recipe(trained)
    (tmp_path / "0001").symlink_to(trained)
    child = msgspec.structs.replace(spec, parent="0001")
    first = make_network(child, make_task(snapshot, child.architecture), tmp_path / "0002")
    assert same_tensors(first.network.state_dict(), model.state)


@needs_package
@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in programs.ONNX_PACKAGES), reason="needs the ONNX packages"
)
@pytest.mark.parametrize(
    "architecture", [Architecture.SMP_FPN, pytest.param(Architecture.SMP_LINKNET, marks=pytest.mark.slow)]
)
def test_as_onnx_it_answers_as_pytorch(architecture: Architecture, tmp_path: Path) -> None:
    network = SmpNetwork(toy_encoder(), 5, architecture=architecture).eval()
    images = torch.rand(2, 3, 64, 96)
    assert programs.write_onnx(network, images, tmp_path / "model.onnx", {}) <= 1e-4


def test_without_the_package_it_is_not_offered_and_a_recipe_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(architectures, "is_installed", lambda _name: False)
    assert not set(offered_architectures(Task.SEGMENTATION)) & set(SMP_ARCHITECTURES)
    missing = missing_package(Architecture.SMP_FPN, "resnet18")
    assert missing is not None
    assert missing.sentence.endswith("run `pip install segmentation-models-pytorch`.")
    assert missing_package(Architecture.UNET, "resnet18") is None
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingPackage, match="pip install segmentation-models-pytorch"):
        SmpNetwork(toy_encoder(), 2, architecture=Architecture.SMP_FPN)


@needs_package
def test_with_the_package_it_is_offered_for_masks_only() -> None:
    assert set(SMP_ARCHITECTURES) <= set(offered_architectures(Task.SEGMENTATION))
    assert not set(SMP_ARCHITECTURES) & set(offered_architectures(Task.KEYPOINTS))
