"""COCO in and out: every annotation keeps its area, its run lengths and its id; a bad one costs a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.document import MaskDocument
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.points import Visibility
from studio.core.settings import Task
from studio.export import export_project
from studio.formats import ExportReport, importer, recognise
from studio.ingest import ImportReport, import_into
from studio.store import Store
from tests.unit.data_sets import picture

CATEGORIES = [
    {"id": 7, "name": "cat", "supercategory": "animal"},
    {"id": 300, "name": "dog", "supercategory": "animal"},
]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""pycocotools' own decoding has not caught up with numpy."""

TRIANGLE = [[20, 5, 30, 5, 25, 12.5]]
SQUARE = [[5.0, 5.0, 15.0, 5.0, 15.0, 15.0, 5.0, 15.0]]
NAMES = ["nose", "left_eye", "right_eye"]


def annotation(number: int, image: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image, "category_id": 7, "iscrowd": 0, "segmentation": SQUARE, "area": 100} | more


def coco(root: Path, annotations: list[Any], *, categories: Any = CATEGORIES, file: str = "instances.json") -> Path:
    """Two pictures of 40×30 pixels, `a.png` and `b.png`, and one annotation file."""
    for seed, name in enumerate("ab"):
        picture(root / "images" / f"{name}.png", seed=seed)
    images = [
        {"id": number, "file_name": f"{name}.png", "width": 40, "height": 30, "license": 3}
        for number, name in enumerate("ab", start=1)
    ]
    values = {"info": {"year": 2017}, "images": images, "annotations": annotations, "categories": categories}
    path = root / "annotations" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")
    return root


def bring_in(source: Path, project: Path, **answers: str) -> ImportReport:
    found = recognise(source)
    assert found.format == "coco"
    return import_into(project, importer("coco").plan(found.source, **answers))


def hand_out(project: Path, out: Path) -> ExportReport:
    with Store.open(project) as store:
        return export_project(store, out, format_name="coco")


def written(out: Path) -> dict[Any, dict[str, Any]]:
    """The exported annotations by id, their pixels (`mask`, bool) and file name added by pycocotools."""
    from pycocotools.coco import COCO

    entries: dict[Any, dict[str, Any]] = {}
    for path in sorted((out / "annotations").glob("*.json")):
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = COCO(path)
        for number, entry in loaded.anns.items():
            mask = loaded.annToMask(entry).astype(bool) if entry.get("segmentation") else None
            entries[number] = {**entry, "mask": mask, "file_name": loaded.imgs[entry["image_id"]]["file_name"]}
    return entries


def mask_of(project: Path, name: str = "a.png") -> np.ndarray:
    with Store.open(project) as store:
        mask = store.read_mask(store.item_named(name).id)
    assert mask is not None
    return mask


def paint(project: Path, place: tuple[slice, slice], value: int, name: str = "a.png") -> None:
    """Give a rectangle of a label another value, as one edit."""
    with Store.open(project) as store:
        item = store.item_named(name).id
        mask = store.read_mask(item)
        assert mask is not None
        mask[place] = value
        store.import_annotations([(item, mask)])


def runs(region: np.ndarray, *, compressed: bool) -> dict[str, Any]:
    from pycocotools import mask as masks

    encoded = masks.encode(np.asfortranarray(region.astype(np.uint8)))
    if compressed:
        return {"size": list(region.shape), "counts": encoded["counts"].decode()}
    flat = region.ravel(order="F").astype(int)
    edges = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff([0, *edges, flat.size]).tolist()
    return {"size": list(region.shape), "counts": [0, *lengths] if flat[0] else lengths}


def test_annotations_come_back_as_they_were(tmp_path: Path) -> None:
    region = np.random.default_rng(0).random((30, 40)) < 0.3
    given = [
        annotation(11, extra={"kept": True}),
        annotation(5, category_id=300, segmentation=[[20, 1, 30, 1, 25, 9.5], [32, 1, 39, 1, 39, 4]], area=50.5),
        annotation(6, 2, iscrowd=1, segmentation=runs(region, compressed=False)),
        annotation(9, 2, segmentation=runs(~region, compressed=True), attributes={"occluded": True}),
        annotation(8, 2, segmentation=[], bbox=[1, 2, 10.5, 4], area=42),
    ]
    source = coco(tmp_path / "in", given)
    report = bring_in(source, tmp_path / "p")
    assert report.labelled == 2
    assert [p for p in report.problems if "box" not in p] == []
    assert hand_out(tmp_path / "p", tmp_path / "out").problems == ()
    now = written(tmp_path / "out")
    for entry in given:
        assert {k: v for k, v in now[entry["id"]].items() if k not in ("mask", "file_name")} == entry
    values = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())
    assert values["categories"] == CATEGORIES
    assert values["info"] == {"year": 2017}
    assert values["images"][0]["license"] == 3


def test_sparse_categories_become_classes_behind_the_background(tmp_path: Path) -> None:
    source = coco(
        tmp_path / "in", [annotation(1), annotation(2, category_id=300, segmentation=[[20, 0, 30, 0, 30, 9, 20, 9]])]
    )
    bring_in(source, tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        assert [c.name for c in store.settings.classes] == ["background", "cat", "dog"]
    mask = mask_of(tmp_path / "p")
    assert (mask == 1).sum() == 100
    assert (mask[0:9, 20:30] == 2).all()
    assert mask[29, 39] == 0


def test_uncovered_pixels_can_stay_unlabelled(tmp_path: Path) -> None:
    bring_in(coco(tmp_path / "in", [annotation(1)]), tmp_path / "p", uncovered="unlabelled")
    mask = mask_of(tmp_path / "p")
    assert (mask[5:15, 5:15] == 0).all()
    assert (mask == 255).sum() == 40 * 30 - 100
    with Store.open(tmp_path / "p") as store:
        assert store.read_mask(store.item_named("b.png").id) is None


def test_a_small_object_is_seen_on_a_large_one_and_a_crowd_below_both(tmp_path: Path) -> None:
    everything = runs(np.ones((30, 40), np.bool_), compressed=True)
    source = coco(
        tmp_path / "in",
        [
            annotation(1, segmentation=[[8, 8, 12, 8, 12, 12, 8, 12]], area=16, category_id=300),
            annotation(2),
            annotation(3, iscrowd=1, segmentation=everything, area=4),
        ],
    )
    bring_in(source, tmp_path / "p")
    mask = mask_of(tmp_path / "p")
    assert (mask[8:12, 8:12] == 2).all()
    assert (mask == 1).sum() == 40 * 30 - 16


def test_only_what_was_edited_is_drawn_anew(tmp_path: Path) -> None:
    bring_in(coco(tmp_path / "in", [annotation(1), annotation(2, segmentation=TRIANGLE)]), tmp_path / "p")
    paint(tmp_path / "p", (slice(8, 11), slice(8, 11)), 0)
    paint(tmp_path / "p", (slice(20, 22), slice(30, 34)), 2)
    hand_out(tmp_path / "p", tmp_path / "out")
    now = written(tmp_path / "out")
    assert now[2]["segmentation"] == TRIANGLE
    assert now[1]["area"] == now[1]["mask"].sum() == 91
    assert not now[1]["mask"][8:11, 8:11].any()
    assert sorted(now) == [1, 2, 3]
    assert now[3]["category_id"] == 300
    assert now[3]["mask"].sum() == 8
    assert now[3]["bbox"] == [30, 20, 4, 2]


def test_an_erased_annotation_is_gone_and_a_hole_survives_another_import(tmp_path: Path) -> None:
    bring_in(coco(tmp_path / "in", [annotation(1), annotation(2, segmentation=TRIANGLE)]), tmp_path / "p")
    paint(tmp_path / "p", (slice(0, 30), slice(18, 40)), 0)
    paint(tmp_path / "p", (slice(8, 11), slice(8, 11)), 0)
    hand_out(tmp_path / "p", tmp_path / "out")
    assert sorted(written(tmp_path / "out")) == [1]
    bring_in(tmp_path / "out", tmp_path / "again")
    assert (mask_of(tmp_path / "again") == mask_of(tmp_path / "p")).all()


def test_any_mask_becomes_coco_and_comes_back(tmp_path: Path) -> None:
    bring_in(coco(tmp_path / "in", [annotation(1)]), tmp_path / "p")
    noise = np.random.default_rng(1).integers(0, 3, (30, 40)).astype(np.uint8)
    with Store.open(tmp_path / "p") as store:
        store.import_annotations([(store.item_named("a.png").id, noise)])
    hand_out(tmp_path / "p", tmp_path / "out")
    total = np.zeros((30, 40), int)
    for entry in written(tmp_path / "out").values():
        total += entry["mask"]
        assert entry["area"] == entry["mask"].sum()
    assert ((total > 0) == (noise > 0)).all()
    assert total.max() == 1
    bring_in(tmp_path / "out", tmp_path / "again")
    assert (mask_of(tmp_path / "again") == noise).all()


def test_a_label_painted_in_the_window_is_exported_after_an_undo_as_it_was(tmp_path: Path) -> None:
    bring_in(coco(tmp_path / "in", [annotation(1)]), tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        document = store.open_document(store.item_named("a.png").id)
        assert isinstance(document, MaskDocument)
        document.begin("brush")
        document.brush((8, 8), (12, 12), 5, 2)
        document.commit()
        document.undo()
    hand_out(tmp_path / "p", tmp_path / "out")
    assert written(tmp_path / "out")[1]["segmentation"] == SQUARE


def test_bad_annotations_cost_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = coco(
        tmp_path / "in",
        [
            annotation(1),
            {"id": 2, "category_id": 7},
            annotation(3, segmentation="here"),
            annotation(4, category_id=99),
            annotation(5, segmentation=[[1, 2, 3, 4]]),
            annotation(6, segmentation={"size": [30, 40], "counts": [3, 4]}),
            annotation(7, segmentation={"size": [3, 4], "counts": [12]}),
            annotation(8, image=77),
            annotation(9, segmentation=[], bbox=[1, 2]),
            17,
        ],
    )
    report = bring_in(source, tmp_path / "p")
    assert (mask_of(tmp_path / "p") == 1).sum() == 100
    told = "\n".join(report.problems)
    assert "annotation 2: object missing required field `image_id`" in told
    assert "annotation 3" in told
    assert "annotation 4: there is no category 99" in told
    assert "annotation 5: a polygon of it has fewer than three points" in told
    assert "annotation 6: its run lengths do not fill its size" in told
    assert "annotation 7: its run lengths are for 4×3 pixels" in told
    assert "1 annotation is of images that it does not list" in told
    assert "annotation 9: its bbox" in told
    assert all(
        str(source / "annotations" / "instances.json") in p for p in report.problems if "box is painted" not in p
    )


def test_pictures_that_are_not_there_are_told_with_their_annotations(tmp_path: Path) -> None:
    source = coco(tmp_path / "in", [annotation(1), annotation(2, 2), annotation(3, 2)])
    (source / "images" / "b.png").unlink()
    report = bring_in(source, tmp_path / "p")
    assert any("1 of its pictures are not below the folder (b.png); their 2 annotations" in p for p in report.problems)


def test_a_picture_of_another_size_stays_unlabelled(tmp_path: Path) -> None:
    source = coco(tmp_path / "in", [annotation(1), annotation(2, 2)])
    picture(source / "images" / "b.png", (20, 20))
    report = bring_in(source, tmp_path / "p")
    assert report.labelled == 1
    assert any("b.png is annotated as 40×30 pixels and the picture has 20×20" in p for p in report.problems)


@pytest.mark.parametrize(
    "text", ["{", '{"images": 3, "annotations": []}', '{"images": [], "annotations": [], "categories": {}}']
)
def test_a_file_that_is_damaged_is_named(tmp_path: Path, text: str) -> None:
    source = coco(tmp_path / "in", [annotation(1)])
    path = source / "annotations" / "instances.json"
    path.write_text(text + " " * 10 + '"images" "annotations"' * (text == "{"))
    with pytest.raises(BadInput, match=r"instances\.json"):
        importer("coco").plan(source)


def test_a_name_that_leads_out_of_the_folder_finds_nothing_there(tmp_path: Path) -> None:
    picture(tmp_path / "secret.png")
    source = coco(tmp_path / "in", [annotation(1)])
    path = source / "annotations" / "instances.json"
    path.write_text(path.read_text().replace("b.png", "../../secret.png"))
    report = bring_in(source, tmp_path / "p")
    assert any("../../secret.png" in p for p in report.problems)


def test_files_named_by_split_make_the_split(tmp_path: Path) -> None:
    source = coco(tmp_path / "in", [annotation(1)], file="instances_train2017.json")
    values = json.loads((source / "annotations" / "instances_train2017.json").read_text())
    first, second = values["images"]
    for split, image in (("train", first), ("val", second)):
        text = json.dumps(values | {"images": [image], "annotations": [annotation(image["id"], image["id"])]})
        (source / "annotations" / f"instances_{split}2017.json").write_text(text)
    report = bring_in(source, tmp_path / "p")
    assert report.by_split == {Split.TRAIN: 1, Split.VALID: 1, Split.TEST: 0, Split.PRODUCTION: 0}
    hand_out(tmp_path / "p", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out" / "annotations").iterdir()} == {
        "instances_train.json",
        "instances_val.json",
    }


def people(root: Path, *annotations: dict[str, Any]) -> Path:
    category = {"id": 1, "name": "person", "keypoints": NAMES, "skeleton": [[1, 2], [1, 3]]}
    return coco(root, list(annotations), categories=[category], file="person_keypoints.json")


def test_things_that_two_files_number_alike_stay_apart(tmp_path: Path) -> None:
    for image, (split, name) in enumerate((("train", "cat"), ("val", "dog")), start=1):
        categories = [{"id": 1, "name": name}]
        one = annotation(image, image, category_id=1)
        source = coco(tmp_path / "in", [one], categories=categories, file=f"instances_{split}.json")
    bring_in(source, tmp_path / "project")
    with Store.open(tmp_path / "project") as store:
        export_project(store, tmp_path / "out", format_name="coco")
    named: dict[str, str] = {}
    for path in (tmp_path / "out" / "annotations").iterdir():
        written = json.loads(path.read_text(encoding="utf-8"))
        names = {category["id"]: category["name"] for category in written["categories"]}
        assert sorted(names.values()) == ["cat", "dog"]
        files = {image["id"]: image["file_name"] for image in written["images"]}
        named |= {files[each["image_id"]]: names[each["category_id"]] for each in written["annotations"]}
    assert named == {"a.png": "cat", "b.png": "dog"}


def test_keypoints_come_with_visibility_instances_and_skeleton(tmp_path: Path) -> None:
    given = [
        annotation(1, category_id=1, keypoints=[10, 11, 2, 12, 9.25, 1, 0, 0, 0], num_keypoints=2),
        annotation(2, category_id=1, keypoints=[0] * 9, num_keypoints=0, iscrowd=1),
        annotation(3, category_id=1, keypoints=[20, 21, 2, 22, 19, 2, 24, 19, 2], num_keypoints=3),
    ]
    source = people(tmp_path / "in", *given)
    assert recognise(source).questions[0].default == "keypoints"
    bring_in(source, tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        assert store.settings.task is Task.KEYPOINTS
        assert [k.name for k in store.settings.keypoints] == NAMES
        assert store.settings.links == ((0, 1), (0, 2))
        assert store.settings.several_instances
        points = store.read_points(store.item_named("a.png").id)
    assert points is not None
    first = points.get(0)
    assert first is not None
    assert (first.x, first.y, first.visibility) == (10.5, 11.5, Visibility.VISIBLE)
    hidden, absent = points.get(1), points.get(2)
    assert hidden is not None
    assert absent is not None
    assert (hidden.visibility, absent.visibility) == (Visibility.HIDDEN, Visibility.ABSENT)
    assert {p.instance for p in points.placed} == {0, 1}
    hand_out(tmp_path / "p", tmp_path / "out")
    now = written(tmp_path / "out")
    for entry in given:
        assert {k: v for k, v in now[entry["id"]].items() if k not in ("mask", "file_name")} == entry


def test_shapes_make_no_labels_of_other_tasks(tmp_path: Path) -> None:
    source = people(tmp_path / "in")
    assert recognise(source).questions[0].choices == ("segmentation", "keypoints")
    with pytest.raises(BadInput, match="not for text"):
        importer("coco").plan(source, task="text")


def test_a_moved_keypoint_is_written_where_it_is_now(tmp_path: Path) -> None:
    source = people(
        tmp_path / "in", annotation(1, category_id=1, keypoints=[10, 11, 2, 12, 9, 1, 0, 0, 0], num_keypoints=2)
    )
    bring_in(source, tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        assert not store.settings.several_instances
        item = store.item_named("a.png").id
        points = store.read_points(item)
        assert points is not None
        store.import_annotations([(item, points.without(1))])
    hand_out(tmp_path / "p", tmp_path / "out")
    (entry,) = written(tmp_path / "out").values()
    assert entry["keypoints"] == [10, 11, 2, 0, 0, 0, 0, 0, 0]
    assert entry["num_keypoints"] == 1
    assert entry["segmentation"] == SQUARE


def test_the_real_instances_come_back_as_they_were(shared_data: Path, tmp_path: Path) -> None:
    """Bar: every annotation keeps its area within 0.5 %, run lengths exactly."""
    report = bring_in(shared_data / "coco_mini", tmp_path / "p")
    assert report.labelled == 24
    hand_out(tmp_path / "p", tmp_path / "out")
    now = written(tmp_path / "out")
    given = json.loads((shared_data / "coco_mini" / "instances.json").read_text())["annotations"]
    assert len(given) == len(now) == 320
    for entry in given:
        assert {k: v for k, v in now[entry["id"]].items() if k not in ("mask", "file_name")} == entry


def test_the_real_keypoints_come_back_as_they_were(shared_data: Path, tmp_path: Path) -> None:
    bring_in(shared_data / "coco_mini", tmp_path / "p", task="keypoints")
    hand_out(tmp_path / "p", tmp_path / "out")
    now = written(tmp_path / "out")
    for entry in json.loads((shared_data / "coco_mini" / "person_keypoints.json").read_text())["annotations"]:
        assert {k: v for k, v in now[entry["id"]].items() if k not in ("mask", "file_name")} == entry


def test_real_masks_redrawn_as_coco_cover_the_same_pixels(shared_data: Path, tmp_path: Path) -> None:
    """Without the carried shapes each region is drawn from the mask, and pycocotools sees those very pixels."""
    bring_in(shared_data / "coco_mini", tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        names = [item.name for item in store.items(store.item_ids())]
    connection = sqlite3.connect(tmp_path / "p" / "studio.db")
    connection.execute("DELETE FROM carried")
    connection.commit()
    connection.close()
    hand_out(tmp_path / "p", tmp_path / "out")
    covered = {name: np.zeros(mask_of(tmp_path / "p", name).shape, int) for name in names}
    for entry in written(tmp_path / "out").values():
        assert entry["area"] == entry["mask"].sum()
        covered[entry["file_name"]] += entry["mask"]
    for name, total in covered.items():
        assert (total == (mask_of(tmp_path / "p", name) > 0)).all()
