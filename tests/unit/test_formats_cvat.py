"""CVAT for images in and out: what nobody changed comes out as it came in; a bad annotation costs a sentence."""

from __future__ import annotations

import re
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from studio.core.classes import make_classes
from studio.core.errors import BadInput
from studio.core.items import NewItem
from studio.core.points import Visibility
from studio.core.settings import ProjectSettings, Task
from studio.core.shapes import ShapeKind
from studio.export import export_project
from studio.formats import importer, recognise
from studio.formats.damage import damage
from studio.ingest import import_into
from studio.store import Store
from tests.unit.data_sets import picture
from tests.unit.formats_round_trip import bring_in, carried_of, hand_out, mask_of, paint, points_of

LABELS = """
<label><name>cat</name><color>#112233</color><type>any</type><attributes>
  <attribute><name>fur</name><mutable>False</mutable><input_type>select</input_type><default_value>short</default_value>
  <values>short\nlong</values></attribute></attributes></label>
<label><name>dog</name><color>#445566</color><type>any</type><attributes></attributes></label>
"""
SHAPES = """
<tag label="cat" source="manual"><attribute name="fur">long</attribute></tag>
<box label="cat" source="manual" occluded="1" xtl="5.00" ytl="5.00" xbr="15.00" ybr="15.00" z_order="0" group_id="7">
  <attribute name="fur">long</attribute></box>
<box label="dog" source="manual" occluded="0" xtl="20.00" ytl="2.00" xbr="30.00" ybr="6.00" z_order="2"
  rotation="30.00"></box>
<polygon label="dog" source="auto" occluded="0" points="20.50,10.25;30.00,10.25;25.00,18.10" z_order="1"></polygon>
<ellipse label="cat" source="manual" occluded="0" cx="33.00" cy="22.00" rx="4.00" ry="3.00" z_order="0"></ellipse>
<polyline label="dog" source="manual" occluded="0" points="1.00,28.00;12.00,28.00" z_order="0"></polyline>
<points label="cat" source="manual" occluded="0" points="2.00,2.00;3.00,2.50" z_order="0"></points>
<mask label="dog" source="manual" occluded="0" rle="1, 2, 2, 1" left="34" top="2" width="3" height="2"
  z_order="0"></mask>
"""


def cvat(root: Path, shapes: str = SHAPES, *, labels: str = LABELS, more: str = "", second: str = "") -> Path:
    """Two pictures of 40×30 pixels, `a.png` with the shapes and `b.png`."""
    for seed, name in enumerate("ab"):
        picture(root / "images" / f"{name}.png", seed=seed)
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><id>3</id><labels>{labels}</labels></task></meta>
<image id="4" name="a.png" width="40" height="30" task_id="9">{shapes}</image>
<image id="5" name="b.png" width="40" height="30">{second}</image>{more}</annotations>"""
    (root / "annotations.xml").write_text(text, encoding="utf-8")
    return root


def written(out: Path) -> ET.Element:
    return ET.parse(out / "annotations.xml").getroot()


def plain(element: ET.Element) -> tuple[object, ...]:
    """An element without the blanks around its texts."""
    values = {key: value for key, value in element.attrib.items() if key != "subset"}
    return element.tag, values, (element.text or "").strip(), [plain(below) for below in element]


def test_every_kind_of_annotation_comes_back_as_it_was(tmp_path: Path) -> None:
    source = cvat(tmp_path / "in")
    report = bring_in(source, tmp_path / "p", "cvat")
    assert report.labelled == 2
    assert any("2 lines and points are kept and not painted" in p for p in report.problems)
    assert hand_out(tmp_path / "p", tmp_path / "out", "cvat").problems == ()
    before, after = ET.parse(source / "annotations.xml").getroot(), written(tmp_path / "out")
    assert plain(after) == plain(before)


def test_shapes_are_painted_in_the_order_of_their_layers(tmp_path: Path) -> None:
    bring_in(cvat(tmp_path / "in"), tmp_path / "p", "cvat", uncovered="unlabelled", stroke="2")
    with Store.open(tmp_path / "p") as store:
        assert [(c.name, c.color) for c in store.settings.classes] == [("cat", "#112233"), ("dog", "#445566")]
    mask = mask_of(tmp_path / "p")
    assert (mask[5:15, 5:15] == 0).all()
    assert mask[11, 25] == 1
    assert mask[22, 33] == 0
    assert mask[27, 5] == mask[28, 5] == 1
    assert mask[2:4, 34:37].tolist() == [[255, 1, 1], [255, 255, 1]]
    assert mask[4, 25] == 1  # the middle of the turned box
    assert mask[29, 39] == 255


def test_only_what_was_edited_is_drawn_anew_and_keeps_its_attributes(tmp_path: Path) -> None:
    bring_in(cvat(tmp_path / "in"), tmp_path / "p", "cvat")
    mask = mask_of(tmp_path / "p")
    mask[8:11, 8:11] = 0
    mask[24:26, 2:6] = 2
    paint(tmp_path / "p", mask)
    hand_out(tmp_path / "p", tmp_path / "out", "cvat")
    image = written(tmp_path / "out").find("image")
    assert image is not None
    assert [element.tag for element in image].count("box") == 1
    changed = next(e for e in image.iter("mask") if e.get("label") == "cat")
    assert (changed.get("group_id"), changed.get("occluded")) == ("7", "1")
    assert [(a.get("name"), a.text) for a in changed.iter("attribute")] == [("fur", "long")]
    bring_in(tmp_path / "out", tmp_path / "again", "cvat")
    assert (mask_of(tmp_path / "again") == mask).all()


@given(hnp.arrays(np.uint8, (9, 12), elements=st.sampled_from([0, 1, 2])))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mask_becomes_cvat_and_comes_back(mask: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = picture(root / "in" / "a.png", (12, 9))
        made = ProjectSettings(
            name="p",
            task=Task.SEGMENTATION,
            classes=tuple(make_classes(["background", "cat", "dog"])),
            image_roots=(str(root / "in"),),
        )
        with Store.create(root / "p", made) as store:
            (item,) = store.add_items([NewItem(name="a.png", path=path)])
            store.import_annotations([(item, mask)])
            export_project(store, root / "out", format_name="cvat")
        import_into(root / "again", importer("cvat").plan(root / "out"))
        assert (mask_of(root / "again") == mask).all()


SKELETONS = """
<label><name>face</name><color>#ff0000</color><type>skeleton</type><attributes></attributes>
  <svg>&lt;line data-type="edge" data-node-from="1" data-node-to="2"&gt;&lt;/line&gt;</svg></label>
<label><name>nose</name><color>#00ff00</color><type>points</type><attributes></attributes><parent>face</parent></label>
<label><name>ear</name><color>#0000ff</color><type>points</type><attributes></attributes><parent>face</parent></label>
"""


def face(x: float, *, hidden: int = 0, outside: int = 0) -> str:
    return f"""<skeleton label="face" source="manual" z_order="0">
<points label="nose" source="manual" outside="0" occluded="{hidden}" points="{x:.2f},5.00"></points>
<points label="ear" source="manual" outside="{outside}" occluded="0" points="{x + 3:.2f},6.25"></points></skeleton>"""


def test_skeletons_become_keypoints_with_visibility_instances_and_links(tmp_path: Path) -> None:
    source = cvat(tmp_path / "in", face(4, hidden=1) + face(20, outside=1), labels=SKELETONS)
    bring_in(source, tmp_path / "p", "cvat")
    with Store.open(tmp_path / "p") as store:
        assert store.settings.task is Task.KEYPOINTS
        assert [(k.name, k.color) for k in store.settings.keypoints] == [("nose", "#00ff00"), ("ear", "#0000ff")]
        assert store.settings.links == ((0, 1),)
        assert store.settings.several_instances
    points = points_of(tmp_path / "p")
    seen = [(p.instance, p.index, p.x, p.y, p.visibility) for p in points.placed]
    assert seen == [
        (0, 0, 4, 5, Visibility.HIDDEN),
        (0, 1, 7, 6.25, Visibility.VISIBLE),
        (1, 0, 20, 5, Visibility.VISIBLE),
        (1, 1, 23, 6.25, Visibility.ABSENT),
    ]
    hand_out(tmp_path / "p", tmp_path / "out", "cvat")
    now, before = written(tmp_path / "out"), ET.parse(source / "annotations.xml").getroot()
    assert [plain(element) for element in now[:3]] == [plain(element) for element in before[:3]]
    assert [image.get("name") for image in now.iter("image")] == ["a.png", "b.png"]


def test_a_moved_point_is_written_where_it_is_now(tmp_path: Path) -> None:
    bring_in(cvat(tmp_path / "in", face(4), labels=SKELETONS), tmp_path / "p", "cvat")
    with Store.open(tmp_path / "p") as store:
        item = store.item_named("a.png").id
        points = store.read_points(item)
        assert points is not None
        store.import_annotations([(item, points.without(1))])
    hand_out(tmp_path / "p", tmp_path / "out", "cvat")
    bring_in(tmp_path / "out", tmp_path / "again", "cvat")
    assert [(p.index, p.x) for p in points_of(tmp_path / "again").placed] == [(0, 4)]


def test_bad_annotations_cost_a_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad = """
<polygon label="cat" points="1,2;3,4"></polygon><polygon label="cat" points="1,2;x,4;5,6"></polygon>
<box label="cat" xtl="5" ytl="5" xbr="15"></box><blob label="cat"></blob>
<mask label="cat" rle="1,1" left="0" top="0" width="3" height="2"></mask>
<mask label="cat" rle="1" left="0" top="0" width="300000" height="200000"></mask>
<mask label="cat" rle="-1,7" left="0" top="0" width="3" height="2"></mask>
"""
    more = '<image id="9" name="../../c.png" width="4" height="4"></image><track id="1" label="cat"></track>'
    source = cvat(tmp_path / "in", SHAPES + bad, more=more)
    picture(source / "images" / "b.png", (20, 20))
    picture(tmp_path / "c.png", (4, 4))
    report = bring_in(source, tmp_path / "p", "cvat")
    told = "\n".join(report.problems)
    assert (mask_of(tmp_path / "p")[5:15, 5:15] == 1).all()
    assert "a.png, annotation 9 (polygon cat): a polygon needs 3 points and has 2" in told
    assert "annotation 10 (polygon cat): its point's x 'x' is no number" in told
    assert "annotation 11 (box cat): it has no ybr" in told
    assert "there is no annotation of the kind blob" in told
    assert "add up to 2 pixels and not to 3×2" in told
    assert "its mask has 300000×200000 pixels" in told
    assert "are not whole numbers" in told
    assert "b.png is annotated as 40×30 pixels and the picture has 20×20" in told
    assert "../../c.png" in told
    assert "1 tracks of videos were left out" in told


@pytest.mark.parametrize(
    "text",
    [
        "<annotations><image",
        '<!DOCTYPE a [<!ENTITY b "bbb"><!ENTITY c "&b;&b;&b;">]><annotations><version>&c;</version></annotations>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotations><version>&b;</version></annotations>',
    ],
)
def test_a_damaged_or_dangerous_file_is_named(tmp_path: Path, text: str) -> None:
    source = cvat(tmp_path / "in")
    (source / "annotations.xml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"annotations\.xml"):
        importer("cvat").plan(source)


@pytest.mark.parametrize(("share", "told"), [(0.6, r"it is no XML that can be read \(.*line \d"), (0.0, "it is empty")])
def test_a_cut_off_file_is_named_beside_its_pictures(tmp_path: Path, share: float, told: str) -> None:
    source = cvat(tmp_path / "in")
    path = source / "annotations.xml"
    text = path.read_bytes()
    path.write_bytes(text[: int(len(text) * share)])
    recognised = recognise(source)
    assert recognised.format == "folder" and recognised.damage is not None
    assert re.search(rf"annotations\.xml: {told}", recognised.damage.sentence)
    path.write_bytes(b"<settings><value>1</value></settings>")
    assert recognise(source).damage is None


def test_a_large_file_is_told_to_be_cut_off_by_its_end(tmp_path: Path) -> None:
    source = cvat(tmp_path / "in")
    path = source / "annotations.xml"
    path.write_text(path.read_text().replace("</annotations>", "<!-- " + "long " * 40_000 + "--></annotations>"))
    assert damage(path) is None
    path.write_text(path.read_text().removesuffix("</annotations>").rstrip())
    found = damage(path)
    assert found is not None and "annotations.xml: it is no XML that can be read" in found.sentence


def test_subsets_make_the_split_and_come_back(tmp_path: Path) -> None:
    source = cvat(tmp_path / "in")
    path = source / "annotations.xml"
    path.write_text(
        path.read_text().replace('id="4"', 'id="4" subset="Train"').replace('id="5"', 'id="5" subset="val"')
    )
    report = bring_in(source, tmp_path / "p", "cvat")
    assert {split.value: count for split, count in report.by_split.items()} == {
        "train": 1,
        "valid": 1,
        "test": 0,
        "production": 0,
    }
    hand_out(tmp_path / "p", tmp_path / "out", "cvat")
    assert [image.get("subset") for image in written(tmp_path / "out").iter("image")] == ["Train", "val"]


def test_shapes_of_another_format_keep_their_kind(tmp_path: Path) -> None:
    bring_in(cvat(tmp_path / "in"), tmp_path / "p", "cvat")
    kinds = [shape.kind for shape in carried_of(tmp_path / "p").shapes]
    assert kinds.count(ShapeKind.RECTANGLE) == 2
    report = hand_out(tmp_path / "p", tmp_path / "coco", "coco")
    assert any("tags" in p for p in report.problems)
    bring_in(tmp_path / "coco", tmp_path / "again", "coco")
    hand_out(tmp_path / "again", tmp_path / "out", "cvat")
    assert {element.tag for element in written(tmp_path / "out").iter() if element.get("z_order")} == {
        "polygon",
        "mask",
    }


def test_real_annotations_come_back_as_they_were(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "same4" / "cvat1.1"
    report = bring_in(source, tmp_path / "p", "cvat")
    assert report.labelled == 4
    hand_out(tmp_path / "p", tmp_path / "out", "cvat")
    before = ET.parse(source / "annotations.xml").getroot()
    assert plain(written(tmp_path / "out")) == plain(before)
