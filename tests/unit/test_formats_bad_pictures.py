"""A file that is called like a picture and is none is told when it is imported, not only when it is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studio.cli.app import run_command
from studio.core import images
from studio.formats import importer
from studio.formats.picture_look import unreadable
from studio.import_check import check_import
from studio.ingest import import_into
from tests.unit.data_sets import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "in"
    picture(source / "good.png")
    Image.open(source / "good.png").convert("RGB").save(source / "good.jpg")
    (source / "text.jpg").write_text("this is no picture, whatever its name says")
    for name in ("good.png", "good.jpg"):
        data = (source / name).read_bytes()
        (source / name.replace("good", "cut")).write_bytes(data[: len(data) // 2])
    (source / "empty.jpg").write_bytes(b"")
    return source


BAD = ["cut.jpg", "cut.png", "empty.jpg", "text.jpg"]


def test_import_and_dry_run_name_every_file_that_is_no_picture(folder: Path, tmp_path: Path) -> None:
    preview = check_import(tmp_path / "p", importer("folder").plan(folder))
    report = import_into(tmp_path / "p", importer("folder").plan(folder))
    for problems in (preview.problems, report.problems):
        assert sorted(Path(problem.split(" cannot be read")[0]).name for problem in problems) == BAD
    assert report.items == 6


def test_the_command_line_tells_it(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["import", str(folder), str(tmp_path / "p"), "--json"]) == 0
    assert "text.jpg cannot be read as an image" in capsys.readouterr().out


def test_tagged_pictures_are_looked_at_too(folder: Path, tmp_path: Path) -> None:
    rows = "\n".join(f"{path.name},red" for path in sorted(folder.iterdir()))
    (folder / "tags.csv").write_text(f"image_name,tags\n{rows}\n")
    preview = check_import(tmp_path / "p", importer("tags").plan(folder))
    report = import_into(tmp_path / "p", importer("tags").plan(folder))
    for problems in (preview.problems, report.problems):
        assert sorted(Path(problem.split(" cannot be read")[0]).name for problem in problems) == BAD


def test_pictures_in_order_are_not_decoded_and_no_more_are_looked_at_than_asked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    read_header = images.read_header
    monkeypatch.setattr(images, "read_header", lambda path: (opened.append(path), read_header(path))[1])
    assert unreadable(folder / "good.png") is None
    assert unreadable(folder / "good.jpg") is None
    assert opened == []
    report = import_into(tmp_path / "p", importer("folder").plan(folder), look_at_most=2)
    assert {path.name for path in opened} == {"cut.jpg", "cut.png"}
    assert len(report.problems) == 2
