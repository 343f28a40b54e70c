"""Networks: sizes, parameter groups, freezing, and where the first weights come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import get_model, get_model_weights

from studio.core.architectures import Architecture
from studio.core.errors import BadInput
from studio.core.recipe import Encoder, ModelSpec
from studio.ml.imagenet import cached_file, pretrained_classifier
from studio.ml.model_file import model_metadata, read_model, write_model
from studio.ml.models.encoders import make_encoder
from studio.ml.models.keypoint_net import KeypointNet, centre_of_mass
from studio.ml.models.unet import UNet
from studio.ml.network import make_network, network_of
from studio.ml.parameter_groups import freeze, make_optimizer, split_parameters
from studio.ml.runner import read_recipe
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import make_run, recipe, same_tensors


@pytest.mark.parametrize("encoder", list(Encoder))
@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
def test_the_unet_answers_at_the_size_of_its_input(encoder: Encoder, size: tuple[int, int]) -> None:
    network = UNet(make_encoder(encoder), 5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize("encoder", list(Encoder))
def test_keypoints_are_pairs_within_the_picture(encoder: Encoder) -> None:
    network = KeypointNet(make_encoder(encoder), 3).eval()
    with torch.inference_mode():
        places = network(torch.randn(2, 3, 50, 70))
    assert places.shape == (2, 3, 2)
    assert places.abs().max() < 1


def test_a_sharp_heat_map_says_where_its_peak_is() -> None:
    heat = torch.full((1, 1, 4, 8), -100.0)
    heat[0, 0, 3, 1] = 100.0
    x, y = centre_of_mass(heat)[0, 0].tolist()
    assert (x, y) == pytest.approx(((1 + 0.5) / 8 * 2 - 1, (3 + 0.5) / 4 * 2 - 1))


@pytest.mark.parametrize("encoder", list(Encoder))
def test_three_groups_hold_every_parameter_once(encoder: Encoder) -> None:
    network = UNet(make_encoder(encoder), 2)
    groups = split_parameters(network)
    assert len(groups) == 3
    assert all(groups)
    ids = [id(p) for group in groups for p in group]
    assert len(ids) == len(set(ids))
    assert set(ids) == {id(p) for p in network.parameters()}


def test_a_resnet_is_split_behind_its_second_block() -> None:
    network = UNet(make_encoder(Encoder.RESNET18), 2)
    first, rest, head = split_parameters(network)
    stages = network.encoder.stages
    assert {id(p) for p in first} == {id(p) for stage in list(stages)[:3] for p in stage.parameters()}
    assert {id(p) for p in rest} == {id(p) for stage in list(stages)[3:] for p in stage.parameters()}
    assert id(network.head.weight) in {id(p) for p in head}


def test_frozen_only_the_head_and_batch_norm_learn() -> None:
    network = UNet(make_encoder(Encoder.RESNET18), 2)
    freeze(network, True)
    optimizer = make_optimizer(network, lr=0.1, weight_decay=0.01)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    network(torch.randn(4, 3, 64, 64)).square().mean().backward()
    optimizer.step()
    norms = {name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    for name, value in network.state_dict().items():
        owner = name.rpartition(".")[0]
        learns = not name.startswith("encoder.") or owner in norms
        assert torch.equal(value, before[name]) != learns, name


def test_unfrozen_everything_learns() -> None:
    network = UNet(make_encoder(Encoder.RESNET18), 2)
    freeze(network, True)
    freeze(network, False)
    assert all(p.requires_grad for p in network.parameters())


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("STUDIO_OFFLINE", "1")
    return tmp_path / "torch"


def as_in_torchvisions_files(name: str) -> str:
    """Those of the DenseNets call `denselayer1.norm1` still `denselayer1.norm.1`."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name)


@pytest.mark.parametrize("encoder", [Encoder.RESNET18, Encoder.MOBILENET_V3, "densenet121"])
def test_cached_imagenet_weights_are_used_and_named(torch_home: Path, tmp_path: Path, encoder: str) -> None:
    classifier = get_model(encoder, weights=None)
    file = cached_file(get_model_weights(encoder)["DEFAULT"])
    assert torch_home in file.parents
    file.parent.mkdir(parents=True)
    torch.save({as_in_torchvisions_files(name): value for name, value in classifier.state_dict().items()}, file)
    folder = make_run(tmp_path / "0001", recipe(model=ModelSpec(encoder=encoder, pretrained=True)), train=2, valid=1)
    spec, snapshot = read_recipe(folder)
    first = make_network(spec, make_task(snapshot), folder)
    assert "ImageNet" in first.sentence
    assert encoder in first.sentence
    expected = make_encoder(encoder, classifier).state_dict()
    assert same_tensors(first.network.encoder.state_dict(), expected)


def test_without_network_and_cache_a_run_starts_from_scratch_and_says_why(torch_home: Path) -> None:
    classifier, sentence = pretrained_classifier(Encoder.RESNET18)
    assert classifier is None
    assert sentence.startswith("From scratch")
    assert "STUDIO_OFFLINE" in sentence
    assert not torch_home.exists()


def test_a_damaged_cache_file_is_no_crash(torch_home: Path) -> None:
    file = cached_file(get_model_weights("resnet18")["DEFAULT"])
    file.parent.mkdir(parents=True)
    file.write_bytes(b"not weights")
    classifier, sentence = pretrained_classifier(Encoder.RESNET18)
    assert classifier is None
    assert sentence.startswith("From scratch")


def test_a_server_that_does_not_answer_is_no_crash(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUDIO_OFFLINE")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    classifier, sentence = pretrained_classifier(Encoder.RESNET18)
    assert classifier is None
    assert "no network" in sentence


RESNET = ModelSpec(encoder=Encoder.RESNET18, pretrained=False)


def save_parent(
    folder: Path, *, encoder: str = Encoder.RESNET18, architecture: Architecture = Architecture.UNET
) -> dict[str, torch.Tensor]:
    """A model of classes ground and square (ids 0, 1), as another run would have written it."""
    model = ModelSpec(encoder=encoder, architecture=architecture, pretrained=False)
    spec, snapshot = read_recipe(make_run(folder, recipe(model=model)))
    task = make_task(snapshot, architecture)
    network = make_network(spec, task, folder).network
    metadata = model_metadata(
        task=spec.task,
        architecture=architecture,
        encoder=encoder,
        height=32,
        width=32,
        parent=None,
        labels=task.metadata(),
    )
    write_model(folder, network.state_dict(), metadata)
    return network.state_dict()


def test_a_run_starts_from_its_parents_weights(tmp_path: Path) -> None:
    parent = save_parent(tmp_path / "0001")
    spec, snapshot = read_recipe(make_run(tmp_path / "0002", recipe(parent="0001", model=RESNET)))
    first = make_network(spec, make_task(snapshot), tmp_path / "0002")
    assert same_tensors(first.network.state_dict(), parent)
    assert "0001" in first.sentence
    assert first.warnings == []


def test_a_parents_classes_go_by_id_and_a_new_class_starts_from_scratch(tmp_path: Path) -> None:
    parent = save_parent(tmp_path / "0001")
    spec, snapshot = read_recipe(make_run(tmp_path / "0002", recipe(parent="0001", model=RESNET)))
    car = snapshot.classes[0].__class__(id=9, name="car", color="#00ff00")
    changed = snapshot.__class__(task=snapshot.task, classes=(car, snapshot.classes[1], snapshot.classes[2]))
    first = make_network(spec, make_task(changed), tmp_path / "0002")
    assert torch.equal(first.network.state_dict()["head.weight"][1], parent["head.weight"][1])
    assert not torch.equal(first.network.state_dict()["head.weight"][0], parent["head.weight"][0])
    assert "car" in first.warnings[0]


def test_a_parent_of_another_encoder_is_refused_with_a_remedy(tmp_path: Path) -> None:
    save_parent(tmp_path / "0001", encoder=Encoder.MOBILENET_V3)
    spec, snapshot = read_recipe(make_run(tmp_path / "0002", recipe(parent="0001", model=RESNET)))
    with pytest.raises(BadInput, match=r"mobilenet_v3_large.*resnet18"):
        make_network(spec, make_task(snapshot), tmp_path / "0002")


def test_a_parent_of_another_architecture_is_refused_with_a_remedy(tmp_path: Path) -> None:
    save_parent(tmp_path / "0001", architecture=Architecture.DYNAMIC_UNET)
    spec, snapshot = read_recipe(make_run(tmp_path / "0002", recipe(parent="0001", model=RESNET)))
    with pytest.raises(BadInput, match=r"dynamic_unet on resnet18.*unet on resnet18; choose the parent's model"):
        make_network(spec, make_task(snapshot), tmp_path / "0002")


def test_a_model_file_without_an_architecture_is_of_the_tasks_default(tmp_path: Path) -> None:
    state = save_parent(tmp_path / "0001")
    older = {name: value for name, value in read_model(tmp_path / "0001").metadata.items() if name != "architecture"}
    write_model(tmp_path / "0001", state, older)
    model = read_model(tmp_path / "0001")
    network = network_of(model, make_task(model.snapshot, model.architecture))
    assert same_tensors(network.state_dict(), state)


def test_a_model_file_says_all_that_is_needed_to_use_it(tmp_path: Path) -> None:
    state = save_parent(tmp_path / "0001")
    model = read_model(tmp_path / "0001")
    assert (model.architecture, model.encoder) == (Architecture.UNET, Encoder.RESNET18)
    assert (model.height, model.width) == (32, 32)
    assert [c.name for c in model.snapshot.classes] == ["ground", "square", "void"]
    assert same_tensors(model.state, {name: value.contiguous() for name, value in state.items()})
