"""Pascal VOC in and out: masks by palette or colour, objects and boxes; a bad file costs a sentence."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from studio.core.classes import make_classes
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import ShapeKind
from studio.export import export_project
from studio.formats import importer
from studio.formats.voc_files import voc_palette
from studio.ingest import import_into
from studio.store import Store
from tests.unit.data_sets import picture
from tests.unit.formats_round_trip import bring_in, carried_of, hand_out, mask_of, paint

LABEL_MAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:10,20,30::\ndog:200,0,0::\n"


def mask() -> np.ndarray:
    """A cat of 10×10 pixels with a border of void at its right, and two dogs side by side."""
    ids = np.zeros((30, 40), np.uint8)
    ids[5:15, 5:15] = 1
    ids[5:15, 15] = 255
    ids[20:25, 20:30] = 2
    return ids


def objects() -> np.ndarray:
    numbers = np.zeros((30, 40), np.uint8)
    numbers[5:15, 5:15] = 1
    numbers[5:15, 15] = 255
    numbers[20:25, 20:25] = 2
    numbers[20:25, 25:30] = 3
    return numbers


def indexed(path: Path, ids: np.ndarray, table: np.ndarray | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(ids)
    image.putpalette((voc_palette() if table is None else table).tobytes())
    image.save(path)


def entry(name: str, box: tuple[float, float, float, float], more: str = "") -> str:
    sides = "".join(
        f"<{side}>{value:g}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return (
        f"<object><name>{name}</name><pose>Left</pose><truncated>1</truncated>{more}<bndbox>{sides}</bndbox></object>"
    )


def voc(root: Path, *, masks: bool = True, boxes: str = "", label_map: str = LABEL_MAP) -> Path:
    """Two pictures of 40×30 pixels, `a.png` labelled and `b.png` not."""
    for seed, name in enumerate("ab"):
        picture(root / "JPEGImages" / f"{name}.png", seed=seed)
    if masks:
        table = voc_palette()
        if label_map:
            table[1], table[2] = (10, 20, 30), (200, 0, 0)
        indexed(root / "SegmentationClass" / "a.png", mask(), table)
        indexed(root / "SegmentationObject" / "a.png", objects())
    if boxes:
        text = f"""<annotation><folder>VOC</folder><filename>a.png</filename><owner><name>me</name></owner>
<size><width>40</width><height>30</height><depth>3</depth></size><segmented>1</segmented>{boxes}</annotation>"""
        (root / "Annotations").mkdir()
        (root / "Annotations" / "a.xml").write_text(text, encoding="utf-8")
    if label_map:
        (root / "labelmap.txt").write_text(label_map, encoding="utf-8")
    return root


def names(project: Path) -> list[str]:
    with Store.open(project) as store:
        return [c.name for c in store.settings.classes]


def test_a_palette_mask_is_read_by_the_colours_of_the_label_map(tmp_path: Path) -> None:
    bring_in(voc(tmp_path / "in"), tmp_path / "p", "voc")
    assert names(tmp_path / "p") == ["background", "cat", "dog", "void"]
    expected = np.where(mask() == 255, 3, mask())
    assert (mask_of(tmp_path / "p") == expected).all()
    kinds = [(s.label, s.kind) for s in carried_of(tmp_path / "p").shapes]
    assert kinds == [(name, ShapeKind.MASK) for name in ("cat", "dog", "dog", "void")]


def test_a_mask_in_colours_is_the_same_label(tmp_path: Path) -> None:
    source = voc(tmp_path / "in")
    for folder in ("SegmentationClass", "SegmentationObject"):
        path = source / folder / "a.png"
        Image.open(path).convert("RGB").save(path)
    bring_in(source, tmp_path / "p", "voc")
    assert (mask_of(tmp_path / "p") == np.where(mask() == 255, 3, mask())).all()
    assert [s.label for s in carried_of(tmp_path / "p").shapes] == ["cat", "dog", "dog", "void"]


def test_without_a_label_map_the_ids_mean_the_classes_of_voc(tmp_path: Path) -> None:
    bring_in(voc(tmp_path / "in", label_map=""), tmp_path / "p", "voc")
    found = names(tmp_path / "p")
    assert found[:3] == ["background", "aeroplane", "bicycle"]
    assert found[20:] == ["tvmonitor", "void"]
    assert (mask_of(tmp_path / "p") == np.where(mask() == 255, 21, mask())).all()


def test_masks_objects_and_boxes_come_back_as_they_were(tmp_path: Path) -> None:
    boxes = entry("cat", (5.5, 5, 15, 15), "<part><name>head</name></part>") + entry("bird", (1, 1, 4, 4))
    source = voc(tmp_path / "in", boxes=boxes)
    bring_in(source, tmp_path / "p", "voc")
    cat = carried_of(tmp_path / "p").shapes[0]
    assert cat.flags == {"truncated": True}
    hand_out(tmp_path / "p", tmp_path / "out", "voc")
    with Image.open(tmp_path / "out" / "SegmentationClass" / "a.png") as written:
        assert written.mode == "P"
        # The bird, a class that no pixel has, comes last in the label map.
        assert (np.array(written) == mask()).all()
        assert written.getpalette()[3:9] == [10, 20, 30, 200, 0, 0]
    with Image.open(tmp_path / "out" / "SegmentationObject" / "a.png") as written:
        now = np.array(written)
    assert len(np.unique(now)) == len(np.unique(objects()))
    assert ((now > 0) == (objects() > 0)).all()
    before = ET.parse(source / "Annotations" / "a.xml").getroot()
    after = ET.parse(tmp_path / "out" / "Annotations" / "a.xml").getroot()
    assert after.findtext("owner/name") == "me"
    given = {ET.tostring(e, encoding="unicode").strip() for e in before.iter("object")}
    found = set()
    for element in after.iter("object"):
        for below in element.iter():
            below.text, below.tail = (below.text or "").strip() or None, None
        found.add(ET.tostring(element, encoding="unicode"))
    assert given <= found
    assert len(found) == 4  # two dogs have got boxes


def test_boxes_that_count_from_one_are_painted_where_they_are(tmp_path: Path) -> None:
    source = voc(
        tmp_path / "in", masks=False, boxes=entry("cat", (1, 1, 10, 5)) + entry("dog", (3, 2, 4, 3)), label_map=""
    )
    bring_in(source, tmp_path / "p", "voc")
    assert names(tmp_path / "p") == ["background", "cat", "dog"]
    expected = np.zeros((30, 40), np.uint8)
    expected[0:5, 0:10] = 1
    expected[1:3, 2:4] = 2
    assert (mask_of(tmp_path / "p") == expected).all()
    expected[0:5, 0:2] = 0
    paint(tmp_path / "p", expected)
    hand_out(tmp_path / "p", tmp_path / "out", "voc")
    found = ET.parse(tmp_path / "out" / "Annotations" / "a.xml").getroot()
    boxes = {e.findtext("name"): [int(side.text or 0) for side in e.iterfind("bndbox/*")] for e in found.iter("object")}
    assert boxes == {"cat": [3, 1, 10, 5], "dog": [3, 2, 4, 3]}


def test_boxes_serve_pictures_without_a_mask_where_both_are_asked_for(tmp_path: Path) -> None:
    source = voc(tmp_path / "in", boxes=entry("cat", (0, 0, 9.5, 5)))
    (source / "Annotations" / "b.xml").write_text(
        (source / "Annotations" / "a.xml").read_text().replace("a.png", "b.png")
    )
    assert bring_in(source, tmp_path / "p1", "voc").labelled == 1
    assert bring_in(source, tmp_path / "p2", "voc", form="both").labelled == 2
    assert (mask_of(tmp_path / "p2", "b.png") == 1).sum() == 45
    assert bring_in(source, tmp_path / "p3", "voc", form="boxes", uncovered="unlabelled").labelled == 2
    assert (mask_of(tmp_path / "p3", "a.png") == 255).sum() == 40 * 30 - 45


def test_the_lists_make_the_split_and_come_back(tmp_path: Path) -> None:
    source = voc(tmp_path / "in")
    lists = source / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\n")
    (lists / "val.txt").write_text("b\n")
    report = bring_in(source, tmp_path / "p", "voc")
    assert report.by_split == {Split.TRAIN: 1, Split.VALID: 1, Split.TEST: 0, Split.PRODUCTION: 0}
    hand_out(tmp_path / "p", tmp_path / "out", "voc")
    main = tmp_path / "out" / "ImageSets" / "Main"
    assert {path.name: path.read_text() for path in main.iterdir()} == {
        "train.txt": "a\n",
        "val.txt": "b\n",
        "trainval.txt": "a\nb\n",
    }
    assert (tmp_path / "out" / "ImageSets" / "Segmentation" / "trainval.txt").read_text() == "a\n"


@given(hnp.arrays(np.uint8, (9, 12), elements=st.sampled_from([0, 1, 2, 3])))
@settings(max_examples=20, deadline=None)
def test_any_mask_becomes_voc_and_comes_back(ids: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = picture(root / "in" / "a.png", (12, 9))
        classes = tuple(make_classes(["background", "cat", "dog", "void"]))
        made = ProjectSettings(name="p", task=Task.SEGMENTATION, classes=classes, image_roots=(str(root / "in"),))
        with Store.create(root / "p", made) as store:
            (item,) = store.add_items([NewItem(name="a.png", path=path)])
            store.import_annotations([(item, ids)])
            export_project(store, root / "out", format_name="voc")
        import_into(root / "again", importer("voc").plan(root / "out"))
        assert (mask_of(root / "again") == ids).all()


def test_what_voc_cannot_hold_is_named(tmp_path: Path) -> None:
    bring_in(voc(tmp_path / "in"), tmp_path / "p", "voc")
    ids = mask_of(tmp_path / "p")
    ids[0, 0] = 255
    paint(tmp_path / "p", ids)
    report = hand_out(tmp_path / "p", tmp_path / "out", "voc")
    assert any("unlabelled areas" in p and "void" in p for p in report.problems)


def test_bad_files_cost_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    boxes = (
        entry("cat", (0.5, 0, 9, 5))
        + entry("", (1, 1, 2, 2))
        + entry("cat", (5, 5, 2, 7))
        + "<object><name>dog</name></object>"
    )
    source = voc(tmp_path / "in", boxes=boxes, label_map=LABEL_MAP + "nonsense\n")
    path = source / "Annotations"
    (path / "b.xml").write_text("<annotation><object><name>cat</name><bndbox>")
    (path / "c.xml").write_text("<annotation></annotation>")
    (path / "d.xml").write_text("")
    picture(source / "JPEGImages" / "d.png")
    report = bring_in(source, tmp_path / "p", "voc", form="boxes")
    told = "\n".join(report.problems)
    assert report.labelled == 1
    assert "object 2 (without a name): it has no name" in told
    assert "object 3 (cat): its box is empty" in told
    assert "object 4 (dog): it has no xmin" in told
    assert "b.xml: it is no XML" in told
    assert "d.xml: it is no XML" in told
    assert "1 label has no image (c)" in told
    assert "('nonsense') is not" in told


def test_a_mask_of_another_size_or_with_strange_colours_is_named(tmp_path: Path) -> None:
    source = voc(tmp_path / "in")
    indexed(source / "SegmentationClass" / "b.png", np.zeros((5, 5), np.uint8))
    strange = np.zeros((30, 40, 3), np.uint8)
    strange[3, 3] = 9, 9, 8
    Image.fromarray(strange).save(source / "SegmentationClass" / "a.png")
    report = bring_in(source, tmp_path / "p", "voc")
    told = "\n".join(report.problems)
    assert report.labelled == 1
    assert "5×5 pixels and its image 40×30" in told
    assert "#090908 (1 pixel)" in told


def test_a_folder_without_labels_is_no_voc(tmp_path: Path) -> None:
    picture(tmp_path / "JPEGImages" / "a.png")
    with pytest.raises(BadInput, match="SegmentationClass"):
        importer("voc").plan(tmp_path)
