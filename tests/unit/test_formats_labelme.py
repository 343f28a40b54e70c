"""labelme in and out: every kind of shape, flags and groups, and pictures that lie within their file."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.core.errors import BadInput
from studio.core.points import Visibility
from studio.core.settings import Task
from studio.export import export_project
from studio.formats import ExportReport, importer, recognise
from studio.ingest import ImportReport, import_into
from studio.store import Store
from tests.unit.data_sets import picture


def shape(label: str, kind: str, points: list[list[float]], **more: Any) -> dict[str, Any]:
    values = {"label": label, "points": points, "group_id": None, "description": "", "shape_type": kind, "flags": {}}
    return values | {"mask": None} | more


def png(region: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(region).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def labelme(root: Path, shapes: list[Any], *, name: str = "a", **more: Any) -> Path:
    """A picture of 40×30 pixels and its file."""
    picture(root / f"{name}.png")
    values = {
        "version": "5.4.1",
        "flags": {"night": True},
        "shapes": shapes,
        "imagePath": f"{name}.png",
        "imageData": None,
        "imageHeight": 30,
        "imageWidth": 40,
    }
    (root / f"{name}.json").write_text(json.dumps(values | more), encoding="utf-8")
    return root


OCTAGON = np.pad(np.ones((4, 6), np.bool_), 1)
EVERY_KIND = [
    shape("car", "polygon", [[1, 1], [9, 1], [9, 8.5]], group_id=3, flags={"truncated": True}),
    shape("sign", "rectangle", [[30, 20], [20.5, 12]], description="bent"),
    shape("wheel", "circle", [[10, 20], [14, 20]], group_id=3),
    shape("crack", "line", [[0, 0], [39, 29]]),
    shape("crack", "linestrip", [[0, 29], [5, 20], [9, 29]], group_id="a"),
    shape("dot", "point", [[35.5, 5.5]]),
    shape("dots", "points", [[35, 8], [36, 9]]),
    shape("blob", "mask", [[30.4, 2], [37, 7]], mask=png(OCTAGON)),
]


def bring_in(source: Path, project: Path, **answers: str) -> ImportReport:
    found = recognise(source)
    assert found.format == "labelme"
    return import_into(project, importer("labelme").plan(found.source, **answers))


def hand_out(project: Path, out: Path, *, images: bool = True) -> ExportReport:
    with Store.open(project) as store:
        return export_project(store, out, format_name="labelme", images=images)


def written(out: Path, name: str = "a") -> dict[str, Any]:
    return json.loads((out / f"{name}.json").read_text(encoding="utf-8"))


def mask_of(project: Path, name: str = "a.png") -> np.ndarray:
    with Store.open(project) as store:
        mask = store.read_mask(store.item_named(name).id)
    assert mask is not None
    return mask


def class_ids(project: Path) -> dict[str, int]:
    with Store.open(project) as store:
        return {c.name: c.id for c in store.settings.classes}


def test_every_kind_of_shape_comes_back_as_it_was(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", EVERY_KIND)
    bring_in(source, tmp_path / "p")
    hand_out(tmp_path / "p", tmp_path / "out")
    assert written(tmp_path / "out") == written(source)


def test_shapes_become_classes_and_pixels(tmp_path: Path) -> None:
    report = bring_in(labelme(tmp_path / "in", EVERY_KIND), tmp_path / "p")
    ids, mask = class_ids(tmp_path / "p"), mask_of(tmp_path / "p")
    assert list(ids) == ["background", "car", "sign", "wheel", "crack", "dot", "dots", "blob"]
    assert (mask[12:20, 21:30] == ids["sign"]).all()
    assert (mask == ids["wheel"]).sum() == pytest.approx(np.pi * 16, rel=0.05)
    assert (mask[3:7, 31:37] == ids["blob"]).all()
    assert (mask == ids["blob"]).sum() == 24
    assert not (mask == ids["crack"]).any()
    assert any("3 labels have lines or points" in p for p in report.problems)


def test_lines_and_points_are_painted_with_a_width(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", EVERY_KIND)
    assert "stroke" in {question.id for question in recognise(source).questions}
    bring_in(source, tmp_path / "p", stroke="3")
    ids, mask = class_ids(tmp_path / "p"), mask_of(tmp_path / "p")
    assert mask[9, 36] == ids["dots"]
    assert mask[29, 38] == ids["crack"]
    hand_out(tmp_path / "p", tmp_path / "out")
    assert written(tmp_path / "out") == written(source)


def test_later_shapes_lie_over_earlier_ones(tmp_path: Path) -> None:
    given = [shape("a", "rectangle", [[0, 0], [20, 20]]), shape("b", "rectangle", [[10, 10], [30, 30]])]
    bring_in(labelme(tmp_path / "in", given), tmp_path / "p")
    assert mask_of(tmp_path / "p")[15, 15] == 2


def test_an_edited_shape_keeps_its_group_and_flags_and_its_new_form_reads_the_same(tmp_path: Path) -> None:
    bring_in(labelme(tmp_path / "in", EVERY_KIND), tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        item = store.item_named("a.png").id
        mask = store.read_mask(item)
        assert mask is not None
        mask[1:3, 5:9] = 0
        mask[14:16, 24:26] = 0
        mask[25:28, 25:28] = 1
        store.import_annotations([(item, mask)])
    hand_out(tmp_path / "p", tmp_path / "out")
    shapes = written(tmp_path / "out")["shapes"]
    car, sign, new = shapes[0], shapes[1], shapes[-1]
    assert (car["shape_type"], car["group_id"], car["flags"]) == ("polygon", 3, {"truncated": True})
    assert (sign["shape_type"], sign["description"]) == ("mask", "bent")
    assert (new["label"], new["shape_type"], new["group_id"]) == ("car", "polygon", None)
    assert shapes[2:8] == EVERY_KIND[2:]
    bring_in(tmp_path / "out", tmp_path / "again")
    assert (mask_of(tmp_path / "again") == mask_of(tmp_path / "p")).all()


def test_a_picture_within_its_file_is_written_into_the_project(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", EVERY_KIND)
    data = (source / "a.png").read_bytes()
    labelme(tmp_path / "in", EVERY_KIND, imageData=base64.b64encode(data).decode())
    (source / "a.png").unlink()
    report = bring_in(source, tmp_path / "p")
    assert (tmp_path / "p" / "images" / "a.png").read_bytes() == data
    assert any("1 picture lay only within their annotation files (a.png)" in p for p in report.problems)
    assert report.labelled == 1
    hand_out(tmp_path / "p", tmp_path / "out", images=False)
    assert base64.b64decode(written(tmp_path / "out")["imageData"]) == data


def test_pictures_in_another_folder_are_found_and_never_outside(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", EVERY_KIND, imagePath="..\\pictures\\a.png")
    (source / "json").mkdir()
    (source / "pictures").mkdir()
    (source / "a.json").rename(source / "json" / "a.json")
    (source / "a.png").rename(source / "pictures" / "a.png")
    picture(tmp_path / "secret.png")
    labelme(source, [], name="b", imagePath="../secret.png")
    (source / "b.png").unlink()
    report = bring_in(source, tmp_path / "p")
    assert report.labelled == 1
    assert any("b.json" in p and "../secret.png is not below the folder" in p for p in report.problems)


def test_bad_shapes_cost_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    given = [
        EVERY_KIND[1],
        {"points": [[1, 2]]},
        shape("x", "star", [[1, 1]]),
        shape("x", "polygon", [[1, 1], [2, 2]]),
        shape("x", "mask", [[1, 1], [2, 2]], mask="no PNG"),
        shape("x", "circle", "round"),  # type: ignore[arg-type]
    ]
    source = labelme(tmp_path / "in", given)
    (source / "b.json").write_text('{"shapes": [], "imagePath": 3}')
    (source / "c.json").write_text('{"shapes": [], "imagePath": ')
    report = bring_in(source, tmp_path / "p")
    assert (mask_of(tmp_path / "p")[12:20, 21:30] == 1).all()
    told = "\n".join(report.problems)
    assert "a.json: shape 2: object missing required field `label`" in told
    assert "there is no shape type star" in told
    assert "a polygon needs 3 points and has 2" in told
    assert "its mask is no PNG in base64" in told
    assert "b.json: it is not of the expected form (imagePath: expected" in told
    assert "c.json: it is cut off in line 1, column 29" in told


def test_a_file_for_a_picture_of_another_size_is_told(tmp_path: Path) -> None:
    report = bring_in(labelme(tmp_path / "in", EVERY_KIND, imageWidth=50), tmp_path / "p")
    assert report.labelled == 0
    assert any("annotated as 50×30 pixels and the picture has 40×30" in p for p in report.problems)


def test_a_folder_whose_pictures_are_missing_cannot_be_imported(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", [])
    (source / "a.png").unlink()
    with pytest.raises(BadInput, match=r"a\.json: its picture a\.png is not below"):
        importer("labelme").plan(source)


def test_a_list_of_labels_gives_their_order_and_ignore_is_void(tmp_path: Path) -> None:
    given = [shape("dog", "rectangle", [[0, 0], [9, 9]]), shape("cat", "rectangle", [[20, 0], [29, 9]])]
    source = labelme(tmp_path / "in", [*given, shape("__ignore__", "rectangle", [[0, 20], [9, 29]])])
    (source / "labels.txt").write_text("__ignore__\n_background_\ncat\ndog\n")
    bring_in(source, tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        assert [(c.name, c.void) for c in store.settings.classes] == [
            ("background", False),
            ("__ignore__", True),
            ("cat", False),
            ("dog", False),
        ]


def test_points_become_keypoints_by_label_and_group(tmp_path: Path) -> None:
    given = [
        shape("nose", "point", [[5, 6]], group_id=8),
        shape("ear", "point", [[7, 6]], group_id=8, flags={"hidden": True}),
        shape("nose", "point", [[25, 6]], group_id=2, description="second"),
    ]
    source = labelme(tmp_path / "in", given)
    assert recognise(source).questions[0].default == "keypoints"
    bring_in(source, tmp_path / "p")
    with Store.open(tmp_path / "p") as store:
        assert store.settings.task is Task.KEYPOINTS
        assert [k.name for k in store.settings.keypoints] == ["nose", "ear"]
        item = store.item_named("a.png").id
        points = store.read_points(item)
        assert points is not None
        assert [(p.index, p.instance, p.visibility) for p in points.placed] == [
            (0, 0, Visibility.VISIBLE),
            (1, 0, Visibility.HIDDEN),
            (0, 1, Visibility.VISIBLE),
        ]
    hand_out(tmp_path / "p", tmp_path / "out")
    assert written(tmp_path / "out") == written(source)
    with Store.open(tmp_path / "p") as store:
        store.import_annotations([(item, points.without(0, 1))])
    hand_out(tmp_path / "p", tmp_path / "less")
    assert written(tmp_path / "less")["shapes"] == given[:2]


def test_points_without_a_group_never_join_one_that_has_a_number(tmp_path: Path) -> None:
    labelme(
        tmp_path / "in",
        [
            shape("nose", "point", [[5, 6]]),
            shape("nose", "point", [[15, 6]]),
            shape("ear", "point", [[25, 6]], group_id=4),
            shape("ear", "point", [[7, 6]]),
        ],
    )
    bring_in(tmp_path / "in", tmp_path / "project")
    with Store.open(tmp_path / "project") as store:
        names = [keypoint.name for keypoint in store.settings.keypoints]
        points = store.read_points(store.item_ids()[0])
    assert points is not None
    together = [{(names[i], p.x) for i, p in points.of(number).items()} for number in points.instances]
    assert together == [{("nose", 5), ("ear", 7)}, {("nose", 15)}, {("ear", 25)}]


def test_coco_becomes_labelme_and_says_what_was_lost(tmp_path: Path) -> None:
    values = {
        "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "segmentation": [[1, 1, 9, 1, 9, 9], [20, 20, 30, 20, 30, 29.5]],
                "iscrowd": 0,
                "attributes": {"occluded": True, "type": 2},
            }
        ],
    }
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "all.json").write_text(json.dumps(values))
    import_into(tmp_path / "p", importer("coco").plan(tmp_path / "in"))
    report = hand_out(tmp_path / "p", tmp_path / "out")
    assert report.problems == ("labelme cannot hold attributes; 2 were left out.",)
    bring_in(tmp_path / "out", tmp_path / "again")
    assert (mask_of(tmp_path / "again") == mask_of(tmp_path / "p")).all()


@pytest.mark.parametrize("folder", ["labelme", "labelme/semantic", "same4/labelme"])
def test_real_files_come_back_with_flags_and_groups(shared_data: Path, tmp_path: Path, folder: str) -> None:
    """Bar: the round trip keeps flags and group ids; here it keeps every value that says something."""
    source = shared_data / folder
    import_into(tmp_path / "p", importer("labelme").plan(source))
    hand_out(tmp_path / "p", tmp_path / "out")
    for path in source.rglob("*.json"):
        given = json.loads(path.read_text())
        now = json.loads((tmp_path / "out" / path.relative_to(source)).read_text())
        assert now["flags"] == given["flags"]
        assert [_said(each) for each in now["shapes"]] == [_said(each) for each in given["shapes"]]


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
