"""Names of networks: which there are, which go together, and what is said of a name that is none."""

from __future__ import annotations

import pytest
from msgspec import ValidationError

from studio.core.architectures import (
    ARCHITECTURES,
    ENCODERS,
    TIMM_ENCODERS,
    Architecture,
    encoders_of,
    offered_encoders,
)
from studio.core.recipe import ModelSpec, RunSpec, Stage, decode_spec, encode_spec
from studio.core.settings import Task

STAGES = (Stage(epochs=1, height=32, width=32),)
OLD_RECIPE = """{"version": 1, "task": "TASK", "model": {"encoder": "resnet34", "pretrained": true},
"stages": [{"epochs": 1, "height": 32, "width": 32}]}"""


def test_every_encoder_is_one_of_torchvisions_and_only_transformers_and_inceptions_are_missing() -> None:
    from torchvision import models

    known = set(models.list_models(module=models))
    assert set(ENCODERS) <= known
    families = {name.partition("_")[0] for name in known - set(ENCODERS)}
    assert families == {"vit", "swin", "maxvit", "googlenet", "inception"}


@pytest.mark.parametrize(
    ("task", "default"), [("segmentation", Architecture.UNET), ("keypoints", Architecture.SOFT_ARGMAX)]
)
def test_a_recipe_that_names_no_architecture_asks_for_the_tasks_default(task: str, default: Architecture) -> None:
    spec = decode_spec(OLD_RECIPE.replace("TASK", task))
    assert (spec.architecture, spec.model.encoder) == (default, "resnet34")


def test_a_recipe_says_its_architecture_and_encoder_again() -> None:
    model = ModelSpec(architecture=Architecture.DEEPLABV3, encoder="resnext50_32x4d")
    spec = RunSpec(task=Task.SEGMENTATION, stages=STAGES, model=model)
    assert decode_spec(encode_spec(spec)) == spec


def test_a_name_that_is_none_is_refused_with_names_near_to_it() -> None:
    with pytest.raises(ValueError, match=r"no encoder called convnet_tiny; near to it: convnext_tiny"):
        ModelSpec(encoder="convnet_tiny")
    with pytest.raises(ValidationError, match=r"no encoder called vit_b_16; "):
        decode_spec(OLD_RECIPE.replace("TASK", "segmentation").replace("resnet34", "vit_b_16"))


def test_an_encoder_that_an_architecture_cannot_use_is_refused_with_those_that_it_can() -> None:
    with pytest.raises(ValueError, match=r"lraspp cannot stand on resnet18; .* mobilenet_v3_large or mobilenet_v3_s"):
        ModelSpec(architecture=Architecture.LRASPP, encoder="resnet18")


def test_a_model_of_timm_is_an_encoder_of_all_that_need_no_dilation() -> None:
    model = ModelSpec(architecture=Architecture.DYNAMIC_UNET, encoder="timm/resnet18d.ra2_in1k")
    assert model.encoder == "timm/resnet18d.ra2_in1k"
    with pytest.raises(ValueError, match="deeplabv3 cannot stand on timm/resnet50d; it can on resnet50, "):
        ModelSpec(architecture=Architecture.DEEPLABV3, encoder="timm/resnet50d")
    with pytest.raises(ValueError, match=r"no encoder called timm/\.\./resnet18"):
        ModelSpec(encoder="timm/../resnet18")


def test_timms_encoders_are_offered_where_timm_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.core.architectures.is_installed", lambda module: module == "timm")
    assert offered_encoders(Architecture.UNET) == (*ENCODERS, *TIMM_ENCODERS)
    assert offered_encoders(Architecture.LRASPP) == encoders_of(Architecture.LRASPP)
    monkeypatch.setattr("studio.core.architectures.is_installed", lambda module: False)
    assert offered_encoders(Architecture.UNET) == ENCODERS


def test_timm_knows_every_encoder_that_is_offered() -> None:
    timm = pytest.importorskip("timm")
    assert {name.removeprefix("timm/") for name in TIMM_ENCODERS} <= set(timm.list_models())


def test_an_architecture_of_another_task_is_refused_with_those_of_this_one() -> None:
    with pytest.raises(ValueError, match=r"unet is no architecture for keypoints; there it can be soft_argmax, heat"):
        RunSpec(task=Task.KEYPOINTS, stages=STAGES, model=ModelSpec(architecture=Architecture.UNET))


def test_every_architecture_stands_on_an_encoder_that_there_is() -> None:
    for architecture in {one for several in ARCHITECTURES.values() for one in several}:
        assert set(encoders_of(architecture)) <= set(ENCODERS)
        assert encoders_of(architecture)
