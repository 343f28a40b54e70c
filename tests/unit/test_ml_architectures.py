"""Every architecture and every family of encoders: sizes, parameter groups, a step, resume, export, other programs."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models.segmentation import deeplabv3_resnet50, lraspp_mobilenet_v3_large

from studio.core.architectures import ARCHITECTURES, SMP_ARCHITECTURES, Architecture
from studio.core.events import EpochEnd
from studio.core.outcome import OutcomeKind
from studio.core.recipe import ModelSpec, Stage
from studio.core.settings import Task
from studio.ml.checkpoint import read_state
from studio.ml.data.decoders import make_decoder
from studio.ml.data.inputs import network_input
from studio.ml.exporting import programs
from studio.ml.model_file import read_model
from studio.ml.models.atrous import LRASPP, DeepLabV3
from studio.ml.models.blocks import PooledNorm1d
from studio.ml.models.classifier import Classifier
from studio.ml.models.dynamic_unet import DynamicUnet, SubPixelUp
from studio.ml.models.encoders import ImageEncoder, make_encoder
from studio.ml.models.heatmap_net import HeatmapNet
from studio.ml.models.keypoint_net import KeypointNet
from studio.ml.models.pooled_keypoints import PooledKeypointNet
from studio.ml.models.unet import UNet
from studio.ml.network import DILATED, make_network
from studio.ml.parameter_groups import split_parameters
from studio.ml.predict import predict
from studio.ml.runner import read_recipe
from studio.ml.tasks.registry import make_task
from studio.ml.text.text_net import TextNet
from tests.unit.ml_runs import make_run, recipe, run, run_until, same_tensors

SMALLEST = {
    Architecture.DYNAMIC_UNET: "alexnet",
    Architecture.DEEPLABV3: "mobilenet_v3_small",
    Architecture.LRASPP: "mobilenet_v3_small",
    Architecture.HEATMAP: "alexnet",
    Architecture.REGRESSION: "alexnet",
}
"""Of those that are not their task's default, which is trained in every other test."""

NETWORKS = {
    Architecture.UNET: UNet,
    Architecture.DYNAMIC_UNET: DynamicUnet,
    Architecture.DEEPLABV3: DeepLabV3,
    Architecture.LRASPP: LRASPP,
    Architecture.HEATMAP: HeatmapNet,
    Architecture.REGRESSION: PooledKeypointNet,
}
FOR_MASKS = [one for one in ARCHITECTURES[Task.SEGMENTATION] if one not in SMP_ARCHITECTURES]
"""Those of segmentation-models-pytorch have a file of their own."""

FAMILIES = (
    "mobilenet_v2",
    "efficientnet_b0",
    "convnext_tiny",
    "regnet_x_400mf",
    "densenet121",
    "shufflenet_v2_x0_5",
    "mnasnet0_5",
    "vgg11_bn",
    "squeezenet1_1",
    "alexnet",
)


def network_on(architecture: Architecture) -> nn.Module:
    encoder = SMALLEST.get(architecture, "alexnet")
    return NETWORKS[architecture](make_encoder(encoder, dilated=architecture in DILATED), 5)


def encoder_on_paper(name: str) -> ImageEncoder:
    """Without numbers in it, where torchvision can make it so: its answers have a size and nothing else."""
    with contextlib.suppress(NotImplementedError), torch.device("meta"):
        return make_encoder(name)
    return make_encoder(name).to("meta")


@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
@pytest.mark.parametrize("architecture", FOR_MASKS)
def test_each_network_answers_at_the_size_of_its_input(architecture: Architecture, size: tuple[int, int]) -> None:
    network = network_on(architecture).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize("encoder", FAMILIES)
def test_each_family_of_encoders_carries_masks_and_points(encoder: str) -> None:
    made = encoder_on_paper(encoder)
    with torch.device("meta"):
        images = torch.zeros(1, 3, 33, 47)
        assert UNet(made, 5).eval()(images).shape == (1, 5, 33, 47)
        assert DynamicUnet(made, 5).eval()(images).shape == (1, 5, 33, 47)
        assert KeypointNet(made, 2).eval()(images).shape == (1, 2, 2)
        assert PooledKeypointNet(made, 2).eval()(images).shape == (1, 2, 2)
        assert HeatmapNet(made, 2).eval()(torch.zeros(1, 3, 128, 256)).shape[-1] in range(28, 33 + 32)


@pytest.mark.parametrize("encoder", FAMILIES)
def test_an_encoders_stages_are_as_wide_and_as_small_as_it_says(encoder: str) -> None:
    made = encoder_on_paper(encoder).eval()
    maps = made(torch.zeros(1, 3, 128, 128, device="meta"))
    assert [one.shape[1] for one in maps] == list(made.channels)
    assert [128 / one.shape[2] for one in maps] == pytest.approx(made.scales, rel=0.15)
    assert all(earlier < later for earlier, later in zip(made.scales, made.scales[1:], strict=False))


@pytest.mark.parametrize("encoder", FAMILIES)
def test_three_groups_hold_every_parameter_once_whatever_the_encoder(encoder: str) -> None:
    assert_groups(UNet(encoder_on_paper(encoder), 2))


@pytest.mark.parametrize("architecture", list(NETWORKS))
def test_three_groups_hold_every_parameter_once_whatever_the_architecture(architecture: Architecture) -> None:
    assert_groups(network_on(architecture))


def assert_groups(network: nn.Module) -> None:
    groups = split_parameters(network)
    ids = [id(p) for group in groups for p in group]
    assert all(groups)
    assert len(ids) == len(set(ids))
    assert set(ids) == {id(p) for p in network.parameters()}


@pytest.mark.parametrize(
    ("theirs", "ours", "encoder"),
    [
        (deeplabv3_resnet50, DeepLabV3, "resnet50"),
        (lraspp_mobilenet_v3_large, LRASPP, "mobilenet_v3_large"),
    ],
)
def test_with_torchvisions_weights_they_answer_as_torchvision(
    theirs: Callable[..., nn.Module], ours: type[DeepLabV3 | LRASPP], encoder: str
) -> None:
    reference = theirs(weights=None, weights_backbone=None, num_classes=3).eval()
    network = ours(make_encoder(encoder, dilated=True), 3).eval()
    names, weights = list(network.state_dict()), list(reference.state_dict().values())
    network.load_state_dict(dict(zip(names, weights, strict=True)))
    images = torch.randn(1, 3, 65, 90)
    with torch.inference_mode():
        assert torch.equal(network(images), reference(images)["out"])


def test_the_wide_unet_has_as_many_parameters_as_fastais_and_starts_without_a_checkerboard() -> None:
    """fastai 2.8: the state of `create_unet_model(resnet34, 12, (96, 128), pretrained=False)` has so many numbers."""
    with torch.device("meta"):
        network = DynamicUnet(make_encoder("resnet34"), 12)
    assert sum(value.numel() for value in network.state_dict().values()) == 41_241_281
    raised = SubPixelUp(8, 2)(torch.randn(1, 8, 3, 3))
    torch.testing.assert_close(raised[..., ::2, ::2], raised[..., 1::2, 1::2])
    assert raised.std() > 0


@pytest.mark.parametrize("architecture", [Architecture.DEEPLABV3, Architecture.REGRESSION])
def test_a_single_picture_is_a_batch_that_pooling_networks_can_learn_from(architecture: Architecture) -> None:
    network = network_on(architecture).train()
    network(torch.randn(1, 3, 64, 64)).square().mean().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_a_single_picture_or_document_is_a_batch_that_classifiers_can_learn_from() -> None:
    picture, ids = torch.randn(1, 3, 64, 64), torch.randint(2, 30, (1, 9))
    for network, batch in (
        (Classifier(make_encoder("alexnet"), 3).train(), picture),
        (TextNet(tokens=30, classes=3).train(), ids),
    ):
        network(batch).square().mean().backward()
        assert network(batch).isfinite().all()
    norm, ordinary = PooledNorm1d(4).train(), nn.BatchNorm1d(4).train()
    several = torch.randn(5, 4)
    assert torch.equal(norm(several), ordinary(several))
    assert torch.equal(norm(several[:1]), norm.eval()(several[:1]))


@pytest.fixture(scope="module", params=list(SMALLEST))
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One epoch of three steps, the last with two pictures."""
    model = ModelSpec(architecture=request.param, encoder=SMALLEST[request.param], pretrained=False)
    task = Task.SEGMENTATION if request.param in FOR_MASKS else Task.KEYPOINTS
    stages = (Stage(epochs=1, height=32, width=48, batch_size=3),)
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(task, model=model, stages=stages))
    outcome, listener = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert np.isfinite(listener.of(EpochEnd)[-1].valid_loss)
    return folder


def test_a_runs_model_file_names_its_network(trained: Path) -> None:
    model = read_model(trained)
    assert model.metadata["architecture"] == model.architecture
    assert model.encoder == SMALLEST[Architecture(model.metadata["architecture"])]


def test_its_model_predicts_on_pictures(trained: Path, tmp_path: Path) -> None:
    picture = trained.parent / "0001-images" / "09.png"
    answers = predict(trained, picture, tmp_path, device="cpu")
    assert [path.name for path in answers] in (["09.png"], ["points.csv"])


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in programs.ONNX_PACKAGES), reason="needs the ONNX packages"
)
@pytest.mark.parametrize(
    "architecture",
    [one if one is Architecture.LRASPP else pytest.param(one, marks=pytest.mark.slow) for one in SMALLEST],
)
def test_as_onnx_it_answers_as_pytorch(architecture: Architecture, tmp_path: Path) -> None:
    """On a toy encoder: the exporter's time goes by the number of layers, and the encoders are exported elsewhere. The
    pictures are those of a run; `tests/unit/test_ml_exporting.py` exports whole runs with each task's default."""
    widths = (3, 8, 8, 12, 16, 24)
    stages = [
        nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.ReLU())
        for inputs, outputs in pairwise(widths)
    ]
    network = NETWORKS[architecture](ImageEncoder(stages, widths[1:], (2, 4, 8, 16, 32)), 5).eval()
    spec, snapshot = read_recipe(make_run(tmp_path / "0001", recipe(), train=2, valid=1))
    decoder = make_decoder(
        tmp_path / "0001", make_task(snapshot, spec.architecture), height=64, width=96, resize=spec.resize
    )
    pictures = [decoder.picture(Path(item.image)) for item in snapshot.items]
    images = network_input(pictures, torch.device("cpu"))
    assert programs.write_onnx(network, images, tmp_path / "model.onnx", {}) <= 1e-4


def test_every_architecture_is_exported_in_one_test_or_the_other() -> None:
    defaults = {several[0] for several in ARCHITECTURES.values()}
    assert set(SMALLEST) | defaults | set(SMP_ARCHITECTURES) == set(Architecture)


def test_a_fine_tuning_starts_from_it(trained: Path, tmp_path: Path) -> None:
    spec, snapshot = read_recipe(trained)
    (tmp_path / "0001").symlink_to(trained)
    child = msgspec.structs.replace(spec, parent="0001")
    first = make_network(child, make_task(snapshot, child.architecture), tmp_path / "0002")
    assert same_tensors(first.network.state_dict(), read_model(trained).state)


@pytest.mark.slow
def test_stopped_and_resumed_the_wide_unet_ends_with_the_same_bits(tmp_path: Path) -> None:
    spec = recipe(model=ModelSpec(architecture=Architecture.DYNAMIC_UNET, encoder="alexnet", pretrained=False))
    whole, parted = make_run(tmp_path / "whole", spec), make_run(tmp_path / "parted", spec)
    run(whole)
    assert run_until(parted, 3, say="leave")[0] is OutcomeKind.STOPPED
    run(parted, resume=True)
    assert same_tensors(read_state(parted)["model"], read_state(whole)["model"])
