"""A plain folder of pictures, and how a layout is recognised without being told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from studio.core.errors import BadInput, UnknownLayout
from studio.core.items import Split
from studio.core.settings import Task
from studio.formats import importer, importers, recognise
from studio.formats.plan import ImportOptions
from tests.unit import data_sets


def many_files(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"img_{number:06d}.jpg").touch()
    return folder


def test_every_picture_below_the_folder_is_an_item_and_nothing_else_is(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "deep/er/c.webp", ".hidden.png", ".cache/d.png", "notes.txt", "png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    plan = importer("folder").plan(tmp_path)
    assert [item.name for item in plan.items] == ["a.jpg", "b.PNG", "deep/er/c.webp"]
    assert all(item.path.is_file() for item in plan.items)
    assert plan.labels == {}


def test_the_labels_of_a_project_are_not_taken_for_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "labels/a.png", "runs/0001/b.png", "deep/c.png", "inner/labels/d.png", "inner/e.png"):
        data_sets.picture(tmp_path / name)
    assert len(importer("folder").plan(tmp_path).items) == 6
    (tmp_path / "studio.toml").touch()
    (tmp_path / "inner" / "studio.toml").touch()
    assert [item.name for item in importer("folder").plan(tmp_path).items] == ["a.png", "deep/c.png"]


def test_no_picture_is_opened(tmp_path: Path) -> None:
    """Empty files pass: whoever opened one would have found out."""
    plan = importer("folder").plan(many_files(tmp_path / "many", 3000))
    assert (len(plan.items), plan.problems) == (3000, [])


def test_the_task_is_asked_for_and_then_its_classes_or_keypoints(tmp_path: Path) -> None:
    data_sets.picture(tmp_path / "a.png")
    questions = {q.id: q for q in reversed(recognise(tmp_path).questions)}
    assert questions["task"].choices == ("segmentation", "keypoints", "single-label", "multi-label")
    assert questions["classes"].only_if == ("task", "segmentation")
    assert questions["keypoints"].only_if == ("task", "keypoints")
    masks = importer("folder").plan(tmp_path, task="segmentation", classes="cat, dog, void")
    assert [(c.name, c.void) for c in masks.settings.classes] == [("cat", False), ("dog", False), ("void", True)]
    points = importer("folder").plan(tmp_path, task="keypoints", keypoints="nose,tail")
    assert points.settings.task is Task.KEYPOINTS
    assert [k.name for k in points.settings.keypoints] == ["nose", "tail"]
    assert points.settings.classes == ()


def test_the_defaults_of_the_questions_are_what_an_import_without_answers_does(tmp_path: Path) -> None:
    many_files(tmp_path / "many", 40)
    found = recognise(tmp_path / "many")
    answers = {q.id: q.default for q in found.questions if q.only_if in (None, ("task", "segmentation"))}
    assert importer("folder").plan(found.source, **answers).settings == importer("folder").plan(found.source).settings


def test_folders_called_train_and_val_are_the_split(tmp_path: Path) -> None:
    for name in ("train/a.png", "train/b.png", "val/c.png", "test/d.png"):
        data_sets.picture(tmp_path / name)
    plan = importer("folder").plan(tmp_path)
    assert [item.split for item in plan.items] == [Split.TEST, Split.TRAIN, Split.TRAIN, Split.VALID]
    assert plan.settings.split_rule.kind == "folder"


def test_a_share_is_drawn_with_the_seed(tmp_path: Path) -> None:
    folder = many_files(tmp_path / "many", 50)

    def valid(**answers: str) -> list[str]:
        return [i.name for i in importer("folder").plan(folder, **answers).items if i.split is Split.VALID]

    assert len(valid()) == 10
    assert len(valid(valid="30%")) == 15
    assert valid(seed="1") == valid(seed="1") != valid(seed="2")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"task": "dancing"}, "segmentation, keypoints"),
        ({"valid": "1.5"}, "1.5"),
        ({"valid": "0.0"}, "0.0"),
        ({"seed": "seven"}, "whole number"),
        ({"form": "color"}, "takes no option form"),
        ({"colour": "red"}, "takes no option colour"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(tmp_path: Path, answers: dict[str, str], said: str) -> None:
    data_sets.picture(tmp_path / "a.png")
    with pytest.raises(BadInput, match=said):
        importer("folder").plan(tmp_path, **answers)


def test_every_question_is_about_an_option_of_its_importer(tmp_path: Path) -> None:
    sources = [
        data_sets.camvid(tmp_path / "one", codes=None, valid=None),
        data_sets.biwi(tmp_path / "two"),
        data_sets.picture(tmp_path / "three" / "a.png").parent,
    ]
    for source in sources:
        found = recognise(source)
        options = importer(found.format).options
        assert found.questions
        assert {q.id for q in found.questions} <= set(options)
    known = {field.name for field in dataclasses.fields(ImportOptions)}
    assert all(set(i.options) <= known for i in importers())


def test_a_file_stands_for_the_folder_it_lies_in(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    assert recognise(source / "codes.txt").source == source


def test_a_folder_without_pictures_is_told_with_the_layouts_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UnknownLayout, match="camvid"):
        recognise(tmp_path)


def test_a_source_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        recognise(tmp_path / "nothing")


def test_an_unknown_format_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"biwi, .*camvid, .*csv, .*folder"):
        importer("photoshop")


@pytest.mark.parametrize(
    ("folder", "format_name"), [("camvid11", "camvid"), ("biwi_composite", "biwi"), ("planet", "tags")]
)
def test_real_data_sets_are_recognised(shared_data: Path, folder: str, format_name: str) -> None:
    assert recognise(shared_data / folder).format == format_name
