"""Sample recipes and a person's own: every one can be read, passes the checks and really starts a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from studio.core.classes import make_classes
from studio.core.errors import BadInput
from studio.core.events import EpochEnd, StageStarted
from studio.core.outcome import OutcomeKind
from studio.core.points import KeypointName
from studio.core.recipe import FineTune, ModelSpec, RunSpec, Stage, decode_spec, encode_spec
from studio.core.recipe_files import read_recipe, read_recipe_for, write_recipe
from studio.core.recipe_shelf import (
    ShelfRecipe,
    fitted,
    forget_own,
    keep_own,
    put_back,
    recipe_named,
    sample_recipes,
    shelf_of,
)
from studio.core.settings import ProjectSettings, Task
from studio.ui.train.summary import LabelledItems, problem
from tests.unit import ml_runs, text_runs

SAMPLES = {recipe.name: recipe for recipe in sample_recipes()}
LESSON_TASKS = (Task.SEGMENTATION, Task.KEYPOINTS, Task.MULTI_LABEL, Task.TEXT, Task.SINGLE_LABEL)
OURS = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=7, height=96, width=128),))


@pytest.mark.parametrize("task", LESSON_TASKS)
def test_each_task_of_the_lessons_has_its_own_recipe_and_one_for_a_processor(task: Task, tmp_path: Path) -> None:
    recipes = shelf_of(task, own=tmp_path).recipes
    assert all(recipe.spec.task is task for recipe in recipes)
    assert any("lesson" in recipe.title for recipe in recipes)
    assert len(recipes) >= 2


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_recipe_is_complete_and_passes_the_checks(name: str) -> None:
    recipe = SAMPLES[name]
    assert recipe.title
    assert recipe.source
    assert recipe.text.endswith(".")
    assert "\n" not in recipe.text.strip()
    assert decode_spec(encode_spec(recipe.spec)) == recipe.spec
    assert problem(recipe.spec, LabelledItems(train=2, valid=1), []) == ""


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_recipe_really_trains_scaled_down(name: str, tmp_path: Path) -> None:
    """All of its stages with their freezing, rates and schedules, an epoch each on a few tiny pictures or texts."""
    spec = SAMPLES[name].spec
    is_text = spec.task is Task.TEXT
    stages = tuple(
        replace(stage, epochs=1, batch_size=4, height=1 if is_text else 32, width=40 if is_text else 32)
        for stage in spec.stages
    )
    model = replace(spec.model, encoder="mobilenet_v3_small", pretrained=False)
    small = replace(spec, stages=stages, model=model)
    if is_text:
        folder = text_runs.make_run(tmp_path / "run", small, train=8, valid=4, further=1)
    else:
        folder = ml_runs.make_run(tmp_path / "run", small, train=4, valid=2)
    kind, heard = ml_runs.run(folder)
    assert kind is OutcomeKind.FINISHED
    assert [(said.frozen, said.language) for said in heard.of(StageStarted)] == [
        (stage.frozen, stage.language) for stage in stages
    ]
    assert len(heard.of(EpochEnd)) == len(stages)


def test_a_recipe_that_is_kept_stands_on_the_shelf_of_its_task_without_the_projects_run(tmp_path: Path) -> None:
    tuned = replace(OURS, parent="0007", fine_tune=FineTune(corrections=(1, 2)), note="For rainy days")
    keep_own("Rain, 96×128", tuned, own=tmp_path)
    keep_own("plain", OURS, own=tmp_path)
    own = [recipe for recipe in shelf_of(Task.SEGMENTATION, own=tmp_path).recipes if recipe.own]
    assert [(recipe.title, recipe.text) for recipe in own] == [
        ("plain", "1 stage, 7 epochs, 96×128, resnet18"),
        ("Rain, 96×128", "For rainy days"),
    ]
    assert own[1].spec == replace(OURS, note="For rainy days")
    assert not any(recipe.own for recipe in shelf_of(Task.TEXT, own=tmp_path).recipes)
    forget_own(own[0])
    assert not (tmp_path / "plain.json").exists()


def test_what_a_recipe_of_another_task_replaces_and_what_that_replaces_in_turn_is_never_lost(tmp_path: Path) -> None:
    text = RunSpec(task=Task.TEXT, stages=(Stage(epochs=1, height=1, width=200),))
    assert keep_own("plain", OURS, own=tmp_path) is None
    replaced = keep_own("plain", text, own=tmp_path)
    assert replaced is not None
    assert replaced.title == "plain"
    put_back(replaced)
    assert read_recipe(tmp_path / "plain.json") == OURS
    assert text in [read_recipe(path) for path in tmp_path.rglob("*.json")]


@pytest.mark.parametrize("name", ["", "  ", "../up", "a/b", "what?", "x" * 61, ".hidden", "end."])
def test_a_name_that_is_no_file_name_everywhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be a recipe's name"):
        keep_own(name, OURS, own=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_recipe_of_ones_own_is_a_sentence_and_the_others_are_there(tmp_path: Path) -> None:
    keep_own("good", OURS, own=tmp_path)
    (tmp_path / "bad.json").write_text("{")
    shelf = shelf_of(Task.SEGMENTATION, own=tmp_path)
    assert "good" in [recipe.name for recipe in shelf.recipes]
    assert len(shelf.problems) == 1
    assert "bad.json is no recipe" in shelf.problems[0]


def test_a_sample_cannot_be_taken_off_the_shelf() -> None:
    sample: ShelfRecipe = next(iter(SAMPLES.values()))
    forget_own(sample)
    assert sample.path.exists()


def test_a_recipe_goes_to_a_file_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    write_recipe(path, OURS)
    assert read_recipe(path) == read_recipe_for(path, Task.SEGMENTATION) == OURS
    with pytest.raises(BadInput, match="is a recipe for segmentation, and this project is for text"):
        read_recipe_for(path, Task.TEXT)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[]", b'{"task": "painting"}', b'{"task": "text", "stages": []}', b"PK\x03\x04"]
)
def test_a_file_that_is_no_recipe_gets_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"other\.json is no recipe") as told:
        read_recipe(path)
    assert "\n" not in told.value.sentence


def test_a_recipe_goes_by_its_file_or_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.core.recipe_shelf.own_folder", lambda: tmp_path / "own")
    keep_own("rainy", OURS)
    streets = ProjectSettings(name="streets", task=Task.SEGMENTATION)
    aerial = ProjectSettings(name="aerial", task=Task.MULTI_LABEL)
    assert recipe_named("rainy", streets) == OURS
    assert recipe_named("planet-lesson-3", aerial) == SAMPLES["planet-lesson-3"].spec
    assert recipe_named(str(tmp_path / "own" / "rainy.json"), streets) == OURS
    with pytest.raises(BadInput, match=r"no recipe for segmentation called sunny; there are camvid-lesson-3, .*rainy"):
        recipe_named("sunny", streets)


def test_pictures_of_points_without_mirror_names_are_not_mirrored() -> None:
    spec = SAMPLES["head-pose-lesson-3"].spec
    eyes = tuple(KeypointName(name=name, color="#ff0000") for name in ("left eye", "right eye"))
    settings = ProjectSettings(name="faces", task=Task.KEYPOINTS, keypoints=eyes)
    assert spec.augment.flip
    assert not fitted(spec, settings).augment.flip
    assert recipe_named("head-pose-lesson-3", settings) == fitted(spec, settings)
    streets = ProjectSettings(name="s", task=Task.SEGMENTATION, classes=tuple(make_classes(["a", "b"])))
    camvid = SAMPLES["camvid-small"].spec
    assert fitted(camvid, streets) == camvid


def test_the_lessons_text_recipe_starts_from_no_pictures() -> None:
    assert SAMPLES["imdb-lesson-3"].spec.model == ModelSpec(pretrained=False)
