"""YOLO in and out: boxes, polygons and poses, every way in which the classes are named, and bad lines."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from studio.core.classes import make_classes
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import ShapeKind
from studio.export import export_project
from studio.formats import importer, recognise
from studio.formats.yaml_subset import read_yaml, write_scalar
from studio.ingest import import_into
from studio.store import Store
from tests.unit.data_sets import picture
from tests.unit.formats_round_trip import bring_in, carried_of, hand_out, mask_of, paint, points_of

YAML = """# a data set
path: ../elsewhere/set  # not here
train: images/train
val: images/val
download: |
  from somewhere import everything
  names: no
names:
  0: cat
  1: 'dog: a big one'
author: me
"""
CAT = "0 0.25 0.333333 0.25 0.333333"
DOG = "1 0.5 0.1 0.75 0.1 0.75 0.5"


def yolo(root: Path, a: str = f"{CAT}\n{DOG}\n", b: str | None = None, *, yaml: str | None = YAML) -> Path:
    """Pictures of 40×30 pixels, `a.png` for training and `b.png` for validation."""
    for split, name, text in (("train", "a", a), ("val", "b", b)):
        picture(root / "images" / split / f"{name}.png", seed=len(split))
        if text is not None:
            path = root / "labels" / split / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if yaml is not None:
        (root / "data.yaml").write_text(yaml, encoding="utf-8")
    return root


def test_boxes_and_polygons_are_painted_and_come_back_as_they_were(tmp_path: Path) -> None:
    source = yolo(tmp_path / "in", a=f"{DOG}\n1 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n")
    report = bring_in(source, tmp_path / "p", "yolo")
    assert report.by_split == {Split.TRAIN: 1, Split.VALID: 1, Split.TEST: 0, Split.PRODUCTION: 0}
    with Store.open(tmp_path / "p") as store:
        assert [c.name for c in store.settings.classes] == ["background", "cat", "dog: a big one"]
        assert store.read_mask(store.item_named("val/b.png").id) is None
    mask = mask_of(tmp_path / "p", "train/a.png")
    assert mask[4, 28] == 2
    assert (mask == 2).sum() == pytest.approx(10 * 12 / 2 + 4 * 3, abs=6)
    assert hand_out(tmp_path / "p", tmp_path / "out", "yolo").problems == ()
    now = (tmp_path / "out" / "labels" / "train" / "a.txt").read_text().splitlines()
    assert sorted(now) == sorted((source / "labels" / "train" / "a.txt").read_text().splitlines())
    text = (tmp_path / "out" / "data.yaml").read_text()
    assert 'names:\n  0: cat\n  1: "dog: a big one"\n' in text
    assert "author: me" in text


def test_a_set_of_boxes_stays_one_and_smaller_boxes_are_seen_on_larger_ones(tmp_path: Path) -> None:
    source = yolo(tmp_path / "in", a=f"{CAT}\n1 0.5 0.5 1 1\n", b="")
    bring_in(source, tmp_path / "p", "yolo")
    mask = mask_of(tmp_path / "p", "train/a.png")
    assert (mask == 1).sum() == 100
    assert (mask == 2).sum() == 40 * 30 - 100
    assert (mask_of(tmp_path / "p", "val/b.png") == 0).all()
    hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    now = (tmp_path / "out" / "labels" / "train" / "a.txt").read_text().splitlines()
    assert sorted(now) == sorted([CAT, "1 0.5 0.5 1 1"])
    assert (tmp_path / "out" / "labels" / "val" / "b.txt").read_text() == ""


def test_what_was_edited_is_a_polygon_with_its_hole_and_boxes_beside_it_are_too(tmp_path: Path) -> None:
    bring_in(yolo(tmp_path / "in", a=f"{CAT}\n0 0.75 0.75 0.1 0.1\n"), tmp_path / "p", "yolo")
    mask = mask_of(tmp_path / "p", "train/a.png")
    mask[8:11, 8:11] = 0
    mask[6, 6] = 0
    paint(tmp_path / "p", mask, "train/a.png")
    report = hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    assert any("boxes among polygons" in p for p in report.problems)
    lines = (tmp_path / "out" / "labels" / "train" / "a.txt").read_text().splitlines()
    assert sorted(len(line.split()) for line in lines)[0] == 9
    import_into(tmp_path / "again", importer("yolo").plan(tmp_path / "out"))
    assert (mask_of(tmp_path / "again", "train/a.png") == mask).all()


@given(hnp.arrays(np.uint8, (9, 13), elements=st.sampled_from([0, 0, 1, 2])))
@settings(max_examples=25, deadline=None)
def test_any_mask_becomes_yolo_and_comes_back(ids: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = picture(root / "in" / "a.png", (13, 9))
        classes = tuple(make_classes(["background", "cat", "dog"]))
        made = ProjectSettings(name="p", task=Task.SEGMENTATION, classes=classes, image_roots=(str(root / "in"),))
        with Store.create(root / "p", made) as store:
            (item,) = store.add_items([NewItem(name="a.png", path=path)])
            store.import_annotations([(item, ids)])
            export_project(store, root / "out", format_name="yolo")
        import_into(root / "again", importer("yolo").plan(root / "out"))
        assert (mask_of(root / "again") == ids).all()


POSE = """
train: images/train
val: images/val
kpt_shape: [3, 3]
flip_idx: [0, 2, 1]
kpt_names: {0: [nose, left eye, right eye]}
names: [person]
"""
POSES = "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.25 0.4 1 0 0 0\n0 0.2 0.2 0.1 0.1 0.2 0.2 2 0.15 0.15 2 0.25 0.15 2\n"


def test_poses_become_instances_with_mirror_partners_and_come_back(tmp_path: Path) -> None:
    source = yolo(tmp_path / "in", a=POSES, yaml=POSE)
    assert recognise(source).questions[0].default == "keypoints"
    bring_in(source, tmp_path / "p", "yolo")
    with Store.open(tmp_path / "p") as store:
        found = store.settings
    assert [(k.name, k.mirror) for k in found.keypoints] == [
        ("nose", ""),
        ("left eye", "right eye"),
        ("right eye", "left eye"),
    ]
    assert found.several_instances
    points = points_of(tmp_path / "p", "train/a.png")
    assert [(p.x, p.y, p.visibility) for p in points.of(0).values()] == [
        (20, 15, Visibility.VISIBLE),
        (10, 12, Visibility.HIDDEN),
        (0, 0, Visibility.ABSENT),
    ]
    hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    assert (tmp_path / "out" / "labels" / "train" / "a.txt").read_text() == POSES
    text = (tmp_path / "out" / "data.yaml").read_text()
    assert "kpt_shape: [3, 3]\nflip_idx: [0, 2, 1]\n" in text
    assert read_yaml(text)["kpt_names"] == {0: ["nose", "left eye", "right eye"]}


def test_points_placed_here_become_a_pose_with_a_box_around_them(tmp_path: Path) -> None:
    bring_in(yolo(tmp_path / "in", a=POSES, yaml=POSE), tmp_path / "p", "yolo")
    with Store.open(tmp_path / "p") as store:
        item = store.item_named("val/b.png").id
        moved = store.read_points(store.item_named("train/a.png").id)
        assert moved is not None
        store.import_annotations([(item, moved.without_instance(0))])
    hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    line = (tmp_path / "out" / "labels" / "val" / "b.txt").read_text().split()
    assert [float(word) for word in line] == pytest.approx(
        [0, 0.2, 0.175, 0.1, 0.05, 0.2, 0.2, 2, 0.15, 0.15, 2, 0.25, 0.15, 2]
    )


def test_a_lone_point_has_a_box_of_a_pixel_and_comes_back(tmp_path: Path) -> None:
    bring_in(yolo(tmp_path / "in", a=POSES, yaml=POSE), tmp_path / "p", "yolo")
    lone = Points((Keypoint(index=1, x=8.0, y=6.0),))
    with Store.open(tmp_path / "p") as store:
        store.import_annotations([(store.item_named("val/b.png").id, lone)])
    hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    bring_in(tmp_path / "out", tmp_path / "again", "yolo")
    found = points_of(tmp_path / "again", "val/b.png").get(1)
    assert found is not None
    assert (found.x, found.y, found.visibility) == (8, 6, Visibility.VISIBLE)


def test_two_numbers_a_point_hold_no_visibility(tmp_path: Path) -> None:
    text = "0 0.5 0.5 0.2 0.2 0.5 0.5 0.25 0.4 0 0\n"
    source = yolo(tmp_path / "in", a=text, yaml=POSE.replace("[3, 3]", "[3, 2]"))
    bring_in(source, tmp_path / "p", "yolo")
    points = points_of(tmp_path / "p", "train/a.png")
    assert [p.visibility for p in points.placed] == [Visibility.VISIBLE, Visibility.VISIBLE, Visibility.ABSENT]
    hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    assert (tmp_path / "out" / "labels" / "train" / "a.txt").read_text() == text


def test_darknets_files_name_the_classes(tmp_path: Path) -> None:
    root = tmp_path / "in"
    picture(root / "obj_train_data" / "a.png")
    (root / "obj_train_data" / "a.txt").write_text(f"{CAT}\n")
    (root / "obj.names").write_text("cat\ndog\n")
    (root / "obj.data").write_text("classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n")
    (root / "train.txt").write_text("data/obj_train_data/a.png\n")
    bring_in(root, tmp_path / "p", "yolo")
    assert (mask_of(tmp_path / "p") == 1).sum() == 100


def test_without_names_the_numbers_are_asked_for_or_called_by(tmp_path: Path) -> None:
    source = yolo(tmp_path / "in", yaml=None)
    assert [q.id for q in recognise(source).questions] == ["classes", "uncovered"]
    report = bring_in(source, tmp_path / "p", "yolo")
    assert any("called class 0 to class 1" in p for p in report.problems)
    plan = importer("yolo").plan(source, classes="cat, dog")
    assert [c.name for c in plan.settings.classes] == ["background", "cat", "dog"]


def test_what_yolo_cannot_hold_is_named(tmp_path: Path) -> None:
    bring_in(yolo(tmp_path / "in"), tmp_path / "p", "yolo")
    mask = mask_of(tmp_path / "p", "train/a.png")
    mask[29] = 255
    paint(tmp_path / "p", mask, "train/a.png")
    report = hand_out(tmp_path / "p", tmp_path / "out", "yolo")
    assert any("YOLO cannot hold the unlabelled areas" in p for p in report.problems)
    assert carried_of(tmp_path / "p", "train/a.png").shapes[0].kind is ShapeKind.RECTANGLE


def test_bad_lines_cost_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    text = (
        f"{CAT}\n0 0.5\n7 0.5 0.5 0.1 0.1\n0 a 0.5 0.1 0.1\n0 nan 0.5 0.1 0.1\n0 0.1 0.1 0 0\n1 0.1 0.1 0.2 0.2 0.3\n"
    )
    report = bring_in(yolo(tmp_path / "in", a=text), tmp_path / "p", "yolo")
    told = "\n".join(report.problems)
    assert (mask_of(tmp_path / "p", "train/a.png") == 1).sum() == 100
    assert "a.txt: line 2: 1 numbers after the class are neither a box nor a polygon" in told
    assert "line 3: there is no class 7" in told
    assert "line 4: it has something else than numbers" in told
    assert "line 5: it has numbers that are none" in told
    assert "line 6: its box has no width or no height" in told
    assert "line 7: 5 numbers" in told


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("names: !!python/object/apply:os.system [ls]", "tag"),
        ("names: *all", "alias"),
        ("names: 3", "neither a list nor numbered"),
        ("names: [a\nother: 3", "is missing"),
        ("names: [a]\nkpt_shape: [3]", "kpt_shape"),
        ("names: [a]\nkpt_shape: [3, 3]\nflip_idx: [0, 0, 1]", "flip_idx"),
    ],
)
def test_a_yaml_file_that_cannot_be_used_is_named(tmp_path: Path, yaml: str, said: str) -> None:
    source = yolo(tmp_path / "in", yaml=yaml)
    with pytest.raises(BadInput, match=said):
        importer("yolo").plan(source)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb:\n  - x\n  - 'it''s'\n", {"a": 1, "b": ["x", "it's"]}),
        ("b:\n- x\n- - 1\n  - 2\n", {"b": ["x", [1, 2]]}),
        ("b: [[1, 2], {c: d, 3: 'e, f'}]  # end", {"b": [[1, 2], {"c": "d", 3: "e, f"}]}),
        ("b: [1,\n  2]\nc: ~\nd: 1.5e3\ne: true", {"b": [1, 2], "c": None, "d": 1500.0, "e": True}),
        ('a: "x # y"\nb: c#d\nurl: https://x/y', {"a": "x # y", "b": "c#d", "url": "https://x/y"}),
        ("- a: 1\n  b: 2\n- c", [{"a": 1, "b": 2}, "c"]),
    ],
)
def test_yaml_as_data_sets_are_written_in_is_read(text: str, value: Any) -> None:
    assert read_yaml(text) == value


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
    | st.sampled_from(["1", "true", "- a", "a: b", "x # y", " a"])
)
def test_any_name_survives_yaml(name: str) -> None:
    assert read_yaml(f"names:\n  0: {write_scalar(name)}\n") == {"names": {0: name}}


def test_names_of_keypoints_survive_an_export(tmp_path: Path) -> None:
    path = picture(tmp_path / "in" / "a.png")
    keypoints = (KeypointName(name="left: eye", color="#ff0000", mirror="r"), KeypointName(name="r", color="#00ff00"))
    made = ProjectSettings(name="p", task=Task.KEYPOINTS, keypoints=keypoints, image_roots=(str(tmp_path / "in"),))
    with Store.create(tmp_path / "p", made) as store:
        store.add_items([NewItem(name="a.png", path=path)])
        export_project(store, tmp_path / "out", format_name="yolo")
    text = (tmp_path / "out" / "data.yaml").read_text()
    assert read_yaml(text)["flip_idx"] == [1, 0]
    assert read_yaml(text)["kpt_names"] == {0: ["left: eye", "r"]}
