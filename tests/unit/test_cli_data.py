"""`studio import`, `export` and `demo`, as a person and as a program meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.app import run_command
from studio.core.items import Split
from studio.core.masks import read_mask
from studio.demo import faces, read_notes
from studio.store import ItemFilter, Store
from tests.unit import data_sets


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Every line of standard output, each of which must be an event."""
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all("event" in event for event in found)
    return found


def test_an_import_says_what_it_found_and_what_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = data_sets.camvid(tmp_path / "set")
    assert run_command(["import", str(source), str(tmp_path / "project")]) == 0
    text = capsys.readouterr().out
    assert "4 images, 4 masks in labels, 3 classes (void: void)" in text
    assert "4 new items (2 train, 2 valid), 4 labelled." in text


def test_an_import_speaks_json_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = data_sets.camvid(tmp_path / "set")
    data_sets.gray(source / "labels" / "seqA_001_P.png", data_sets.stripes(size=(8, 8)))
    assert run_command(["import", str(source), str(tmp_path / "project"), "--json"]) == 0
    told = events(capsys)
    assert [e["event"] for e in told if e["event"] != "progress"] == ["found", "problem", "imported"]
    assert "seqA_001_P.png" in str(told[-2]["sentence"])
    last = told[-1]
    assert (last["items"], last["labelled"], last["classes"], last["void"]) == (4, 3, 3, ["void"])
    assert last["by_split"] == {"train": 2, "valid": 2, "test": 0, "production": 0}


def test_many_problems_are_counted_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = data_sets.camvid(tmp_path / "set", names=[f"a_{n:03d}" for n in range(30)], valid="a_001\n")
    for path in (source / "labels").iterdir():
        path.write_bytes(b"")
    assert run_command(["import", str(source), str(tmp_path / "project")]) == 0
    text = capsys.readouterr().out
    assert text.count("! ") == 21
    assert "and 10 more" in text
    assert "30 problems" in text


def test_every_option_of_an_import_arrives(tmp_path: Path) -> None:
    data_sets.biwi(tmp_path / "biwi")
    assert (
        run_command(["import", str(tmp_path / "biwi"), str(tmp_path / "p1"), "--format", "biwi", "--valid", "1,2"]) == 0
    )
    with Store.open(tmp_path / "p1") as store:
        assert len(store.item_ids(ItemFilter(splits=(Split.VALID,)))) == 4
    for number in range(20):
        data_sets.picture(tmp_path / "plain" / f"img{number}.png")
    options = ["--task", "keypoints", "--keypoints", "nose, tail", "--valid", "0.25", "--seed", "3"]
    assert run_command(["import", str(tmp_path / "plain"), str(tmp_path / "p2"), *options]) == 0
    with Store.open(tmp_path / "p2") as store:
        assert [k.name for k in store.settings.keypoints] == ["nose", "tail"]
        assert (store.settings.split_rule.seed, store.settings.split_rule.valid_share) == (3, 0.25)
        assert store.counts().by_split[Split.VALID] == 5
    options = ["--classes", "cat,dog", "--format", "folder"]
    assert run_command(["import", str(tmp_path / "plain"), str(tmp_path / "p3"), *options]) == 0
    with Store.open(tmp_path / "p3") as store:
        assert [c.name for c in store.settings.classes] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{set}", "{project}", "--format", "photoshop"], "There is no import format photoshop"),
        (["{set}", "{project}", "--task", "keypoints"], "takes no option task"),
        (["{set}", "{project}", "--classes", "a, b,a"], "The classes have a more than once; name each of them once."),
        (["{set}", "{project}", "--valid", "nobody"], "no group or file nobody"),
        (["{set}/nowhere", "{project}"], "does not exist"),
        (["{set}/images", "{project}", "--format", "biwi"], "has no frames like"),
        (["{set}", "{set}"], "has a folder labels already"),
    ],
)
def test_an_import_that_cannot_be_ends_with_code_2_and_leaves_no_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    places = {"set": data_sets.camvid(tmp_path / "set"), "project": tmp_path / "project"}
    assert run_command(["import", *(a.format(**places) for a in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "project").exists()
    assert not (tmp_path / "set" / "studio.toml").exists()


def test_an_export_takes_the_format_that_fits_and_says_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["import", str(data_sets.camvid(tmp_path / "set")), str(tmp_path / "masks")])
    run_command(["import", str(data_sets.biwi(tmp_path / "biwi")), str(tmp_path / "points")])
    capsys.readouterr()
    assert run_command(["export", str(tmp_path / "masks"), str(tmp_path / "out1"), "--json"]) == 0
    last = events(capsys)[-1]
    assert (last["event"], last["format"], last["items"], last["labelled"]) == ("exported", "camvid", 4, 4)
    assert run_command(["export", str(tmp_path / "points"), str(tmp_path / "out2"), "--no-images"]) == 0
    assert "6 images, 6 of them with points" in capsys.readouterr().out
    assert not (tmp_path / "out2" / "images").exists()


def test_an_export_into_a_full_folder_ends_with_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["import", str(data_sets.camvid(tmp_path / "set")), str(tmp_path / "project")])
    assert run_command(["export", str(tmp_path / "project"), str(tmp_path / "set")]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_the_demo_is_made_once_without_a_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "FRAMES", 5)  # instead of 18: portraits enough for those that are missing and wrong
    arguments = ["demo", str(tmp_path / "demo"), "--task", "keypoints", "--no-window", "--json"]
    assert run_command(arguments) == 0
    last = events(capsys)[-1]
    assert (last["event"], last["project"]) == ("demo", str(tmp_path / "demo"))
    assert last["missing"] == list(read_notes(tmp_path / "demo").missing)
    made = (tmp_path / "demo" / "demo-notes.json").stat().st_mtime_ns
    assert run_command(arguments) == 0
    assert (tmp_path / "demo" / "demo-notes.json").stat().st_mtime_ns == made


def test_camvid11_imports_with_its_bar_and_camvid32_by_colour(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, options in (("camvid11", []), ("camvid32", ["--form", "color"])):
        arguments = ["import", str(shared_data / name), str(tmp_path / name), "--format", "camvid", "--json", *options]
        assert run_command(arguments) == 0
    first, second = (event for event in events(capsys) if event["event"] == "imported")
    assert (first["items"], first["classes"], first["void"]) == (195, 12, ["Unlabelled"])
    assert first["by_split"] == {"train": 150, "valid": 45, "test": 0, "production": 0}
    assert (second["items"], second["labelled"], second["classes"], second["void"]) == (20, 8, 32, ["Void"])
    label = tmp_path / "camvid32" / "labels" / "0016E5_08027.png"
    assert (read_mask(label)[0] == read_mask(shared_data / "camvid32/labels/0016E5_08027_P.png")[0]).all()
