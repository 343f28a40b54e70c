"""Annotation files that are cut off or spoilt: named, with the place and the remedy, and never passed over."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from studio.cli.app import run_command
from studio.core.errors import BadInput, BadTable
from studio.formats import importer, recognise
from studio.import_check import check_import
from studio.ingest import import_into
from studio.store import Store
from tests.unit.data_sets import picture
from tests.unit.test_formats_coco import annotation, coco
from tests.unit.test_formats_labelme import labelme, shape


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def damage_in(source: Path) -> str:
    """What is said of a damaged file beside what else was recognised."""
    damage = recognise(source).damage
    assert damage is not None
    return damage.sentence


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_cut_off_coco_file_is_named_instead_of_a_plain_folder(tmp_path: Path, share: float) -> None:
    source = coco(tmp_path / "in", [annotation(n) for n in range(1, 9)])
    path = cut(source / "annotations" / "instances.json", share)
    place = f"line 1, column {path.stat().st_size + 1:,}"
    told = f"{path}: it is cut off in {place}; export or download it"
    assert told in damage_in(source)
    with pytest.raises(BadTable, match=re.escape(told)):
        importer("coco").plan(source)


def test_a_large_coco_file_is_named_although_only_its_ends_are_looked_at(tmp_path: Path) -> None:
    source = coco(tmp_path / "in", [annotation(n) for n in range(1, 3000)])
    path = source / "annotations" / "instances.json"
    values = json.loads(path.read_text())
    ordered = {key: values[key] for key in ("annotations", "images", "categories")}
    path.write_text(json.dumps(ordered, indent=1))
    cut(path, 0.7)
    assert re.search(r"instances\.json: it is cut off in line [\d,]+, column \d+", damage_in(source))


def test_a_coco_file_spoilt_in_its_middle_says_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = coco(tmp_path / "in", [annotation(1)])
    path = source / "annotations" / "instances.json"
    lines = json.dumps(json.loads(path.read_text()), indent=1).splitlines()
    lines[3] = "  oops"
    path.write_text("\n".join(lines))
    assert run_command(["import", str(source), str(tmp_path / "p"), "--format", "coco"]) == 2
    assert "instances.json: it is no JSON from line 4, column 3 on" in capsys.readouterr().err


def test_an_empty_annotation_file_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "a.json").write_bytes(b"")
    assert "a.json: it is empty" in damage_in(tmp_path / "in")


def test_a_whole_json_beside_plain_pictures_disturbs_nothing(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "settings.json").write_text('{"some": "thing"}')
    assert recognise(tmp_path / "in").format == "folder"


def test_one_cut_off_labelme_file_is_told_and_its_picture_comes_unlabelled(tmp_path: Path) -> None:
    square = [shape("car", "rectangle", [[1, 1], [9, 9]])]
    for name in ("one/a", "one/b", "two/c"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        labelme(tmp_path / "in", square, name=name, imagePath=f"{name[-1]}.png")
    cut(tmp_path / "in" / "two" / "c.json", 0.6)
    plan = importer("labelme").plan(recognise(tmp_path / "in").source)
    preview = check_import(tmp_path / "p", plan)
    told = [problem for problem in preview.problems if "c.json: it is cut off in line 1" in problem]
    assert len(told) == 1
    assert "two/c.png comes in unlabelled" in told[0]
    report = import_into(tmp_path / "p", importer("labelme").plan(tmp_path / "in"))
    assert told[0] in report.problems
    assert (report.items, report.labelled) == (3, 2)
    with Store.open(tmp_path / "p") as store:
        assert store.read_mask(store.item_named("two/c.png").id) is None


def test_a_json_of_another_kind_beside_a_labelme_picture_is_told(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", [shape("car", "rectangle", [[1, 1], [9, 9]])])
    picture(source / "b.png")
    (source / "b.json").write_text("{}")
    report = import_into(tmp_path / "p", importer("labelme").plan(source))
    assert any(
        "b.json: it is not of the expected form" in p and "b.png comes in unlabelled" in p for p in report.problems
    )
    assert (report.items, report.labelled) == (2, 1)


def test_a_folder_whose_only_labelme_file_is_cut_off_names_it(tmp_path: Path) -> None:
    source = labelme(tmp_path / "in", [shape("car", "rectangle", [[1, 1], [9, 9]])])
    cut(source / "a.json", 0.5)
    assert "a.json: it is cut off in line 1" in damage_in(source)
    with pytest.raises(BadInput, match=r"a\.json: it is cut off in line 1"):
        importer("labelme").plan(source)


def test_pictures_come_in_without_a_damaged_file_only_when_somebody_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, project = coco(tmp_path / "in", [annotation(1)]), tmp_path / "p"
    cut(source / "annotations" / "instances.json", 0.7)
    assert run_command(["import", str(source), str(project)]) == 2
    told = capsys.readouterr().err
    assert "instances.json: it is cut off" in told and "--format folder" in told
    assert not project.exists()
    assert run_command(["import", str(source), str(project), "--format", "folder"]) == 0
    with Store.open(project) as store:
        assert store.counts().total > 0
