"""Folders of masks in and out: ids, colours, SegNet's folders, and a black and white mask for each class."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from studio.core.classes import LabelClass
from studio.core.items import LabelState, NewItem, Split
from studio.core.settings import ProjectSettings, Task
from studio.export import export_project
from studio.formats import ExportReport, importer, recognise
from studio.ingest import import_into
from studio.store import Store
from tests.unit.data_sets import gray, picture
from tests.unit.formats_round_trip import bring_in, carried_of, hand_out, mask_of, paint

CLASSES = tuple(
    LabelClass(id=number, name=name, color=color)
    for number, (name, color) in enumerate([("background", "#000000"), ("cat", "#ff0000"), ("dog", "#ff0000")])
)


def project(root: Path, ids: np.ndarray) -> Path:
    """A project with `a.png` labelled and `b.png` for validation, not labelled."""
    height, width = ids.shape
    made = ProjectSettings(name="p", task=Task.SEGMENTATION, classes=CLASSES, image_roots=(str(root / "in"),))
    with Store.create(root / "p", made) as store:
        first, _ = store.add_items(
            [
                NewItem(name="a.png", path=picture(root / "in" / "a.png", (width, height))),
                NewItem(name="b.png", path=picture(root / "in" / "b.png", (width, height)), split=Split.VALID),
            ]
        )
        store.import_annotations([(first, ids)])
    return root / "p"


def again(root: Path, ids: np.ndarray, format_name: str, read_by: str) -> tuple[ExportReport, Path]:
    """Export a project and import what was written."""
    with Store.open(project(root, ids)) as store:
        report = export_project(store, root / "out", format_name=format_name)
    import_into(root / "again", importer(read_by).plan(root / "out"))
    return report, root / "again"


@pytest.mark.parametrize(
    ("format_name", "read_by", "name"),
    [
        ("masks", "masks", "a.png"),
        ("camvid", "camvid", "a.png"),
        ("camvid-colors", "camvid", "a.png"),
        ("segnet", "camvid", "train/a.png"),
        ("class-masks", "masks", "a.png"),
    ],
)
@given(ids=hnp.arrays(np.uint8, (9, 12), elements=st.sampled_from([0, 1, 2])))
@settings(max_examples=6, deadline=None)
def test_any_mask_comes_back_pixel_for_pixel(format_name: str, read_by: str, name: str, ids: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report, made = again(Path(folder), ids, format_name, read_by)
        assert report.problems == ()
        assert (mask_of(made, name) == ids).all()
        with Store.open(made) as store:
            assert [c.name for c in store.settings.classes] == [c.name for c in CLASSES]
            assert store.counts().by_state[LabelState.LABELLED] == 1


@pytest.mark.parametrize("format_name", ["masks", "segnet", "camvid-colors"])
def test_unlabelled_areas_stay_so_where_the_layout_can_say_it(tmp_path: Path, format_name: str) -> None:
    ids = np.full((9, 12), 1, np.uint8)
    ids[:3] = 255
    report, made = again(tmp_path, ids, format_name, "camvid")
    assert (mask_of(made, "train/a.png" if format_name == "segnet" else "a.png") == ids).all()
    assert bool(report.problems) == (format_name == "camvid-colors")


def test_the_split_is_written_down(tmp_path: Path) -> None:
    ids = np.ones((9, 12), np.uint8)
    for format_name in ("masks", "segnet", "camvid-colors"):
        root = tmp_path / format_name
        _, made = again(root, ids, format_name, "camvid")
        with Store.open(made) as store:
            assert store.counts().by_split[Split.VALID] == 1
    assert (tmp_path / "segnet" / "out" / "train.txt").read_text() == (
        "/SegNet/CamVid/train/a.png /SegNet/CamVid/trainannot/a.png\n"
    )


def test_masks_are_grey_pictures_of_ids(tmp_path: Path) -> None:
    ids = np.arange(108, dtype=np.uint8).reshape(9, 12) % 3
    again(tmp_path, ids, "masks", "masks")
    with Image.open(tmp_path / "out" / "masks" / "a.png") as written:
        assert written.mode == "L"
        assert (np.array(written) == ids).all()


def class_masks(root: Path) -> Path:
    """Two pictures; a cat of 10×10 pixels partly below a dog in the first."""
    for seed, name in enumerate("ab"):
        picture(root / "images" / f"{name}.png", seed=seed)
    for name, place in (("cat", slice(5, 15)), ("dog", slice(10, 20))):
        region = np.zeros((30, 40), np.uint8)
        region[place, place] = 255
        gray(root / "masks" / name / "a.png", region)
    return root


def test_a_folder_for_each_class_is_recognised_and_keeps_what_is_hidden(tmp_path: Path) -> None:
    bring_in(class_masks(tmp_path / "in"), tmp_path / "p", "masks")
    mask = mask_of(tmp_path / "p")
    assert [(mask == number).sum() for number in (1, 2)] == [75, 100]
    assert [shape.label for shape in carried_of(tmp_path / "p").shapes] == ["cat", "dog"]
    hand_out(tmp_path / "p", tmp_path / "out", "class-masks")
    for name in ("cat", "dog"):
        before = np.array(Image.open(tmp_path / "in" / "masks" / name / "a.png"))
        assert (np.array(Image.open(tmp_path / "out" / "masks" / name / "a.png")) == before).all()
    assert not (tmp_path / "out" / "masks" / "cat" / "b.png").exists()


def test_an_edited_class_mask_is_what_is_painted_now(tmp_path: Path) -> None:
    bring_in(class_masks(tmp_path / "in"), tmp_path / "p", "masks")
    mask = mask_of(tmp_path / "p")
    mask[5:7, 5:7] = 0
    paint(tmp_path / "p", mask)
    hand_out(tmp_path / "p", tmp_path / "out", "class-masks")
    assert (np.array(Image.open(tmp_path / "out" / "masks" / "cat" / "a.png")) > 0).sum() == 96


def test_bad_class_masks_cost_a_sentence(tmp_path: Path) -> None:
    source = class_masks(tmp_path / "in")
    gray(source / "masks" / "dog" / "a.png", np.zeros((3, 3), np.uint8))
    (source / "masks" / "cat" / "b.png").write_bytes(b"no picture")
    gray(source / "masks" / "cat" / "nobody.png", np.zeros((3, 3), np.uint8))
    report = bring_in(source, tmp_path / "p", "masks")
    told = "\n".join(report.problems)
    assert report.labelled == 1
    assert "3×3 pixels and its image 40×30" in told
    assert "b.png cannot be used as a mask" in told
    assert "nobody.png" in told


def test_pictures_with_one_mask_each_are_told_as_before_and_can_be_named_masks(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "images" / "a.png")
    gray(tmp_path / "in" / "masks" / "a.png", np.zeros((30, 40), np.uint8))
    assert recognise(tmp_path / "in").format == "camvid"
    plan = importer("masks").plan(tmp_path / "in", classes="sky, road")
    assert [c.name for c in plan.settings.classes] == ["sky", "road"]
