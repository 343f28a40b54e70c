"""Encoders of timm by name: statistics, groups, weights, and a run with one from its first step to another program."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import save_file

from studio.core.errors import BadInput, MissingPackage
from studio.core.events import Started
from studio.core.outcome import OutcomeKind
from studio.core.recipe import ModelSpec, Stage
from studio.core.settings import Task
from studio.ml.checkpoint import read_state
from studio.ml.exporting import programs
from studio.ml.model_file import read_model
from studio.ml.models.dynamic_unet import DynamicUnet
from studio.ml.models.encoders import image_statistics
from studio.ml.models.timm_encoders import make_timm_encoder
from studio.ml.models.unet import UNet
from studio.ml.network import make_network, network_of
from studio.ml.parameter_groups import split_parameters
from studio.ml.predict import predict
from studio.ml.runner import read_recipe
from studio.ml.tasks.registry import make_task
from studio.ml.timm_weights import pretrained_timm_encoder
from studio.ui.train.imagenet_cache import has_imagenet_weights
from tests.unit.ml_runs import make_run, recipe, run, run_until, same_tensors

timm = pytest.importorskip("timm")

SMALL = "timm/test_efficientnet"
OTHER_STATISTICS = "timm/test_resnet"
"""Was trained on pictures brought to [-1, 1]."""

ONE_EPOCH = (Stage(epochs=1, height=32, width=48, batch_size=4),)


def test_a_name_that_timm_does_not_know_is_answered_with_those_near_to_it() -> None:
    with pytest.raises(BadInput, match=r"has no model called mobilnetv3_small_050; did you mean timm/mobilenetv3_sm"):
        make_timm_encoder("timm/mobilnetv3_small_050")
    with pytest.raises(BadInput, match=r"has no model called resnet18\.mine; did you mean timm/resnet18"):
        make_timm_encoder("timm/resnet18.mine")


def test_without_the_package_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingPackage, match="run `pip install timm`"):
        make_timm_encoder(SMALL)


@pytest.mark.parametrize("name", ["timm/test_vit", "timm/test_maxvit"])
def test_a_model_without_maps_that_shrink_is_refused_with_some_that_have_them(name: str) -> None:
    with pytest.raises(BadInput, match=r"no feature maps that shrink step by step .* timm/convnext_atto"):
        make_timm_encoder(name)


def test_its_groups_are_split_behind_the_third_of_five_maps_and_hold_every_parameter_once() -> None:
    encoder = make_timm_encoder(SMALL)
    network = UNet(encoder, 2)
    groups = split_parameters(network)
    assert [id(p) for group in groups for p in group] == [id(p) for p in network.parameters()]
    blocks = dict(encoder.model.named_parameters())
    first = {name for name, p in blocks.items() if any(p is one for one in groups[0])}
    assert {name.split(".")[1] for name in first if name.startswith("blocks")} == {"0", "1", "2"}


@pytest.mark.parametrize("name", [SMALL, OTHER_STATISTICS, "timm/test_convnext"])
@pytest.mark.parametrize("network", [UNet, DynamicUnet])
def test_the_unets_stand_on_it_at_any_size(name: str, network: type[UNet | DynamicUnet]) -> None:
    made = network(make_timm_encoder(name), 5).eval()
    with torch.inference_mode():
        assert made(torch.zeros(2, 3, 33, 47)).shape == (2, 5, 33, 47)


def test_a_model_that_wants_whole_steps_sees_odd_sides_filled_up() -> None:
    encoder = make_timm_encoder("timm/hrnet_w18_small").eval()
    images = torch.randn(1, 3, 40, 70)
    filled = torch.nn.functional.pad(images, (0, 26, 0, 24))
    with torch.inference_mode():
        for ours, theirs in zip(encoder(images), encoder.model(filled), strict=True):
            assert torch.equal(ours, theirs[..., : ours.shape[2], : ours.shape[3]])
        assert [tuple(one.shape[2:]) for one in encoder(images)] == [(20, 35), (10, 18), (5, 9), (3, 5), (2, 3)]


def test_a_model_is_given_pictures_by_its_own_statistics() -> None:
    encoder = make_timm_encoder(OTHER_STATISTICS).eval()
    pixels = torch.rand(1, 3, 64, 64)
    mean, deviation = image_statistics()
    with torch.inference_mode():
        for ours, theirs in zip(encoder((pixels - mean) / deviation), encoder.model(pixels * 2 - 1), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and a computer that stays offline."""
    import huggingface_hub

    monkeypatch.setenv("STUDIO_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def keep_weights(hub: Path, state: dict[str, torch.Tensor]) -> Path:
    """As the hub's client keeps the file of `SMALL`."""
    model = hub / "models--timm--test_efficientnet.r160_in1k"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("0" * 40)
    (model / "snapshots" / ("0" * 40)).mkdir(parents=True)
    file = model / "snapshots" / ("0" * 40) / "model.safetensors"
    save_file(state, file)
    return file


def test_without_network_and_cache_it_starts_from_scratch_and_says_why(hub: Path) -> None:
    encoder, sentence, from_imagenet = pretrained_timm_encoder(SMALL)
    assert not from_imagenet
    assert sentence.startswith(f"From scratch: the ImageNet weights of {SMALL} cannot be had (STUDIO_OFFLINE is set")
    assert len(encoder.channels) == 5
    assert not has_imagenet_weights(SMALL)


def test_where_no_server_answers_it_starts_from_scratch_and_says_so(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.delenv("STUDIO_OFFLINE")
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "https://127.0.0.1:9")
    assert "(no network: " in pretrained_timm_encoder(SMALL)[1]


def test_cached_weights_are_used_and_named(hub: Path) -> None:
    trained = timm.create_model("test_efficientnet")
    keep_weights(hub, trained.state_dict())
    encoder, sentence, from_imagenet = pretrained_timm_encoder(SMALL)
    assert from_imagenet
    assert sentence == f"From ImageNet ({SMALL}, timm's r160_in1k)."
    theirs = trained.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in encoder.model.state_dict().items())
    assert has_imagenet_weights(SMALL)


def test_a_damaged_file_of_weights_is_no_crash(hub: Path) -> None:
    keep_weights(hub, {"a": torch.zeros(1)}).write_bytes(b"no weights")
    encoder, sentence, from_imagenet = pretrained_timm_encoder(SMALL)
    assert (len(encoder.channels), from_imagenet) == (5, False)
    assert sentence.startswith("From scratch")


MASKS, CLASSES = (Task.SEGMENTATION, OTHER_STATISTICS), (Task.SINGLE_LABEL, SMALL)


@pytest.fixture(scope="module", params=[MASKS, CLASSES])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    task, encoder = request.param
    model = ModelSpec(encoder=encoder, pretrained=False)
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(task, model=model, stages=ONE_EPOCH))
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(Started)[0].weights == "From scratch, as the recipe asks."
    return folder


def test_its_model_predicts_on_pictures(trained: Path, tmp_path: Path) -> None:
    answers = predict(trained, trained.parent / "0001-images" / "09.png", tmp_path, device="cpu")
    assert [path.name for path in answers] in (["09.png"], ["tags.csv"])


@pytest.mark.parametrize("trained", [MASKS, pytest.param(CLASSES, marks=pytest.mark.slow)], indirect=True)
def test_as_onnx_it_answers_as_pytorch(trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = read_model(trained)
    network = network_of(model, make_task(model.snapshot, model.architecture)).eval()
    assert programs.write_onnx(network, torch.randn(2, 3, 32, 48), tmp_path / "model.onnx", {}) <= 1e-4


def test_a_fine_tuning_starts_from_it(trained: Path, tmp_path: Path) -> None:
    spec, snapshot = read_recipe(trained)
    (tmp_path / "0001").symlink_to(trained)
    child = msgspec.structs.replace(spec, parent="0001")
    first = make_network(child, make_task(snapshot, child.architecture), tmp_path / "0002")
    assert same_tensors(first.network.state_dict(), read_model(trained).state)


def test_stopped_and_resumed_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    spec = recipe(model=ModelSpec(encoder=SMALL, pretrained=False))
    whole, parted = make_run(tmp_path / "whole", spec), make_run(tmp_path / "parted", spec)
    run(whole)
    assert run_until(parted, 3, say="leave")[0] is OutcomeKind.STOPPED
    run(parted, resume=True)
    assert same_tensors(read_state(parted)["model"], read_state(whole)["model"])
