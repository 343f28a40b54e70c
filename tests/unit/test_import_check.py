"""A dry run says what an import would do, and does nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.cli.app import run_command
from studio.core.errors import BadInput
from studio.core.items import Split
from studio.formats import importer
from studio.import_check import ClassCount, check_import
from studio.ingest import import_into
from studio.store import Store
from tests.unit import data_sets


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_it_says_what_would_come_and_writes_nothing(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    (source / "labels" / "seqA_001_P.png").write_bytes(b"broken")
    before = files_in(tmp_path)
    preview = check_import(tmp_path / "project", importer("camvid").plan(source))
    assert files_in(tmp_path) == before
    assert not (tmp_path / "project").exists()
    assert (preview.items, preview.known, preview.labelled) == (4, 0, 3)
    assert preview.by_split == {Split.TRAIN: 2, Split.VALID: 2, Split.TEST: 0, Split.PRODUCTION: 0}
    stripe = int((data_sets.stripes() == 0).sum())
    assert preview.unit == "pixels"
    assert preview.classes[0] == ClassCount(name="sky", amount=3 * stripe, items=3)
    assert any("seqA_001_P.png" in problem for problem in preview.problems)


def test_the_import_itself_does_what_was_said(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    preview = check_import(tmp_path / "project", importer("camvid").plan(source))
    report = import_into(tmp_path / "project", importer("camvid").plan(source))
    assert (preview.items, preview.labelled, preview.by_split) == (report.items, report.labelled, report.by_split)
    assert preview.problems == report.problems
    with Store.open(tmp_path / "project") as store:
        masks = [store.read_mask(item) for item in store.item_ids()]
    for each in preview.classes:
        number = data_sets.CODES.index(each.name)
        assert each.amount == sum(int((mask == number).sum()) for mask in masks if mask is not None)


def test_what_is_there_already_is_told_and_would_stay(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", names=data_sets.NAMES[:2], valid="seqA_002\n")
    import_into(tmp_path / "project", importer("camvid").plan(source))
    data_sets.camvid(tmp_path / "set")
    preview = check_import(tmp_path / "project", importer("camvid").plan(source))
    assert (preview.items, preview.known, preview.labels_kept, preview.labelled) == (2, 2, 2, 2)
    other = data_sets.camvid(tmp_path / "other")
    preview = check_import(tmp_path / "project", importer("camvid").plan(other))
    assert (preview.items, preview.known) == (2, 0)
    assert any("2 images have names that the project has already for others" in p for p in preview.problems)


def test_an_import_that_does_not_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    import_into(tmp_path / "project", importer("camvid").plan(data_sets.camvid(tmp_path / "set")))
    with pytest.raises(BadInput, match="is for keypoints"):
        check_import(tmp_path / "project", importer("biwi").plan(data_sets.biwi(tmp_path / "biwi")))


def test_points_are_counted_by_name_and_pictures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    source = data_sets.biwi(tmp_path / "biwi")
    preview = check_import(tmp_path / "project", importer("biwi").plan(source))
    assert preview.unit == "points"
    assert [(c.amount, c.items) for c in preview.classes] == [(6, 6)]
    data_sets.picture(tmp_path / "plain" / "a.png")
    (tmp_path / "plain" / "b.png").write_bytes(b"")
    preview = check_import(tmp_path / "project", importer("folder").plan(tmp_path / "plain"))
    assert (preview.items, preview.labelled) == (2, 0)
    assert any("b.png cannot be read as an image" in problem for problem in preview.problems)


def test_of_many_classes_people_see_those_with_the_most_and_programs_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_sets.picture(tmp_path / "set" / "a.png")
    names = ",".join(f"class{number:02}" for number in range(27))
    arguments = ["import", str(tmp_path / "set"), str(tmp_path / "p"), "--dry-run", "--classes", names]
    assert run_command(arguments) == 0
    text = capsys.readouterr().out
    assert "… and 17 more with fewer pixels" in text
    assert "class09" in text and "class10" not in text
    assert run_command([*arguments, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out.splitlines()[-1])["classes"]) == 27


def test_it_can_be_stopped(tmp_path: Path) -> None:
    plan = importer("camvid").plan(data_sets.camvid(tmp_path / "set"))
    seen: list[int] = []
    preview = check_import(
        tmp_path / "p", plan, progress=lambda done, _: seen.append(done), cancelled=lambda: len(seen) == 2
    )
    assert preview.cancelled
    assert preview.labelled == 2


def test_the_command_line_tells_people_and_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = data_sets.camvid(tmp_path / "set")
    data_sets.gray(source / "labels" / "seqA_001_P.png", np.full((30, 40), 9, np.uint8))
    arguments = ["import", str(source), str(tmp_path / "project"), "--dry-run"]
    assert run_command(arguments) == 0
    text = capsys.readouterr().out
    assert "4 new items would come (2 train, 2 valid), 3 labels." in text
    assert "holds the values 9" in text
    assert "1,170" in text
    assert "Nothing was written." in text
    assert not (tmp_path / "project").exists()
    assert run_command([*arguments, "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["event"] for e in events if e["event"] != "progress"] == ["found", "problem", "checked"]
    assert events[-1]["classes"][1] == {"name": "road", "amount": 3 * 390, "items": 3}
