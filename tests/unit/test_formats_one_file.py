"""One annotation file as the source: that file comes in and none of its neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.cli.app import run_command
from studio.cli.window_args import read_window_options
from studio.core.errors import BadInput, BadTable
from studio.formats import importer, recognise
from studio.ingest import import_into
from studio.store import ItemFilter, Store
from tests.unit.data_sets import picture
from tests.unit.test_formats_coco import CATEGORIES, annotation, coco


def names_in(project: Path) -> list[str]:
    with Store.open(project) as store:
        return sorted(item.name for item in store.items(store.item_ids(ItemFilter())))


def two_coco_files(root: Path) -> Path:
    coco(root, [annotation(1)], file="instances_train.json")
    file = root / "annotations" / "instances_val.json"
    coco(root, [annotation(2), annotation(3)], categories=[CATEGORIES[0] | {"name": "bird"}], file=file.name)
    text = file.read_text().replace('"a.png"', '"c.png"').replace('"b.png"', '"d.png"')
    for name in "cd":
        picture(root / "images" / f"{name}.png")
    file.write_text(text)
    return file


@pytest.mark.parametrize("options", [[], ["--format", "coco"]])
def test_one_coco_file_of_two_brings_its_own_pictures_and_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    file = two_coco_files(tmp_path / "in")
    assert run_command(["import", str(file), str(tmp_path / "p"), *options]) == 0
    assert "the folder in which" not in capsys.readouterr().out
    assert names_in(tmp_path / "p") == ["c.png", "d.png"]
    with Store.open(tmp_path / "p") as store:
        assert [c.name for c in store.settings.classes] == ["background", "bird"]
        assert (store.read_mask(store.item_named("c.png").id) == 1).sum() == 100


@pytest.mark.parametrize(
    ("header", "rows", "task"),
    [
        ("image_name,tags", ("a.png,red blue", "b.png,green"), "tags"),
        ("name,keypoint,x,y,visibility,split", ("a.png,eye,1,2,,train", "b.png,tail,3,4,,train"), "csv"),
        ("label,text", ("good,red", "bad,green"), "text"),
    ],
)
def test_one_table_of_two_is_read_alone(tmp_path: Path, header: str, rows: tuple[str, str], task: str) -> None:
    for name in "abc":
        picture(tmp_path / "in" / f"{name}.png")
    for number, row in enumerate(rows):
        (tmp_path / "in" / f"{number}.csv").write_text(f"{header}\n{row}\n")
    found = recognise(tmp_path / "in" / "1.csv")
    assert found.format == task
    report = import_into(tmp_path / "p", importer(task).plan(found.source))
    assert (report.items, report.labelled, report.problems) == (1, 1, ())
    assert names_in(tmp_path / "p") == (["1_1.txt"] if task == "text" else ["b.png"])


def test_a_damaged_or_foreign_file_is_told_and_its_folder_is_not_imported_instead(tmp_path: Path) -> None:
    file = two_coco_files(tmp_path / "in")
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(BadTable, match=r"instances_val\.json: it is cut off in line 1, column 301"):
        recognise(file)
    (tmp_path / "in" / "prices.csv").write_text("fruit,price\napple,3\n")
    with pytest.raises(BadInput, match=r"prices\.csv is no file of annotations"):
        recognise(tmp_path / "in" / "prices.csv")


def test_the_window_opens_the_import_of_the_file_and_of_a_picture_its_folder(tmp_path: Path) -> None:
    file = two_coco_files(tmp_path / "in")
    assert read_window_options([str(file)]).project == file
    assert read_window_options([str(tmp_path / "in" / "images" / "a.png")]).project == tmp_path / "in" / "images"
