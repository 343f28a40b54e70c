"""Importing Biwi head poses: centres projected with the camera, subjects held out, damaged files told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from studio.core.errors import BadInput, BadTable
from studio.core.items import Split
from studio.core.points import Points
from studio.formats import ImportPlan, importer, recognise
from tests.unit import data_sets


def plan_of(source: Path, **answers: str) -> ImportPlan:
    return importer("biwi").plan(source, **answers)


def centres_of(plan: ImportPlan) -> dict[str, tuple[float, float]]:
    found = {}
    for index, points in plan.annotations:
        assert isinstance(points, Points)
        (point,) = points.placed
        found[plan.items[index].name] = (point.x, point.y)
    return found


def held_out(plan: ImportPlan) -> set[str]:
    return {item.group for item in plan.items if item.split is Split.VALID}


def test_the_centre_is_projected_with_the_cameras_intrinsics(tmp_path: Path) -> None:
    plan = plan_of(data_sets.biwi(tmp_path))
    centres = centres_of(plan)
    assert centres["01/frame_00000_rgb.jpg"] == pytest.approx((320.0, 260.0))
    assert centres["01/frame_00001_rgb.jpg"] == pytest.approx((330.0, 260.0))
    assert [k.name for k in plan.settings.keypoints] == ["face centre"]
    assert plan.problems == []


def test_frames_of_another_size_than_the_cameras_have_their_centre_scaled(tmp_path: Path) -> None:
    source = data_sets.biwi(tmp_path, subjects=["01"], frames=2)
    data_sets.picture(source / "01" / "frame_00001_rgb.jpg", (320, 240))
    assert centres_of(plan_of(source))["01/frame_00001_rgb.jpg"] == pytest.approx((165.0, 130.0))


def test_a_frame_without_a_pose_is_an_item_without_a_label(tmp_path: Path) -> None:
    source = data_sets.biwi(tmp_path)
    (source / "02" / "frame_00001_pose.txt").unlink()
    plan = plan_of(source)
    assert len(plan.items) == 6
    assert "02/frame_00001_rgb.jpg" not in centres_of(plan)
    assert plan.problems == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 numbers"),
        ("1 0 0\n0 1 0\n0 0 1\n\n1 2\n", "11 numbers"),
        ("1 0 0\n0 1 0\n0 0 1\n\n1 2 far\n", "far"),
        (data_sets.pose(0, 0, -5), "before the camera"),
        (data_sets.pose(0, 0, float("nan")), "before the camera"),
        (data_sets.pose(5000, 0, 1000), "outside of the picture"),
    ],
)
def test_a_damaged_pose_costs_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    source = data_sets.biwi(tmp_path)
    (source / "01" / "frame_00000_pose.txt").write_text(text)
    plan = plan_of(source)
    assert len(centres_of(plan)) == 5
    assert len(plan.problems) == 1
    assert "frame_00000_pose.txt" in plan.problems[0]
    assert said in plan.problems[0]


@pytest.mark.parametrize("text", [None, "hello\n", "1 2 3\n"])
def test_a_subject_whose_camera_is_unknown_stays_unlabelled(tmp_path: Path, text: str | None) -> None:
    source = data_sets.biwi(tmp_path)
    (source / "02" / "rgb.cal").unlink()
    if text is not None:
        (source / "02" / "rgb.cal").write_text(text)
    plan = plan_of(source)
    assert {name[:2] for name in centres_of(plan)} == {"01", "13"}
    assert len(plan.items) == 6
    assert len(plan.problems) == 1
    assert "rgb.cal" in plan.problems[0]


@pytest.mark.parametrize(
    ("valid", "expected"),
    [("13", {"13"}), ("2", {"02"}), ("01, 02", {"01", "02"}), ("1-3", {"01", "02"}), ("02-13", {"02", "13"})],
)
def test_subjects_are_held_out_by_number_list_or_range(tmp_path: Path, valid: str, expected: set[str]) -> None:
    assert held_out(plan_of(data_sets.biwi(tmp_path), valid=valid)) == expected


def test_thirteen_is_held_out_by_default_as_in_lesson_3_and_else_the_last_subjects(tmp_path: Path) -> None:
    question = recognise(data_sets.biwi(tmp_path / "a")).questions[0]
    assert (question.id, question.default, question.choices) == ("valid", "13", ("01", "02", "13"))
    assert held_out(plan_of(tmp_path / "a")) == {"13"}
    subjects = [f"{n:02d}" for n in range(1, 13)]
    assert held_out(plan_of(data_sets.biwi(tmp_path / "b", subjects, frames=1))) == {"11", "12"}


@pytest.mark.parametrize("valid", ["99", "nobody", "01,02,13"])
def test_subjects_that_cannot_be_held_out_are_refused_with_those_that_can(tmp_path: Path, valid: str) -> None:
    with pytest.raises(BadInput, match="01, 02, 13"):
        plan_of(data_sets.biwi(tmp_path), valid=valid)


def test_a_share_holds_out_whole_subjects(tmp_path: Path) -> None:
    plan = plan_of(data_sets.biwi(tmp_path, [f"{n:02d}" for n in range(1, 11)]), valid="0.3")
    assert len(held_out(plan)) == 3
    assert all((item.split is Split.VALID) == (item.group in held_out(plan)) for item in plan.items)


def test_a_folder_around_the_subjects_is_looked_into(tmp_path: Path) -> None:
    data_sets.biwi(tmp_path / "download" / "hpdb")
    found = recognise(tmp_path / "download")
    assert (found.format, found.source) == ("biwi", tmp_path / "download" / "hpdb")


# --- centers.csv ---


def with_centers(source: Path, header: str, *rows: str) -> Path:
    for number in range(3):
        data_sets.picture(source / "01" / f"frame_{number:05d}_rgb.png", (64, 48))
    (source / "centers.csv").write_text("\n".join([header, *rows]))
    return source


def test_projected_centres_are_taken_from_the_table(tmp_path: Path) -> None:
    source = with_centers(
        tmp_path, "file,u_px,v_px", "01/frame_00000_rgb.png,12.5,30.25", "01\\frame_00001_rgb.png,1,2"
    )
    assert recognise(source).format == "biwi"
    assert centres_of(plan_of(source)) == {"01/frame_00000_rgb.png": (12.5, 30.25), "01/frame_00001_rgb.png": (1, 2)}


def test_a_table_without_a_column_is_refused_and_the_column_named(tmp_path: Path) -> None:
    source = with_centers(tmp_path, "file,u_px", "01/frame_00000_rgb.png,12.5")
    with pytest.raises(BadTable, match=r"centers\.csv: it has no column v_px \(it has file, u_px\)"):
        plan_of(source)


def test_rows_that_cannot_be_used_cost_a_sentence_each(tmp_path: Path) -> None:
    source = with_centers(
        tmp_path,
        "file,u_px,v_px",
        "01/frame_00000_rgb.png,12.5,30.25",
        "01/gone.png,1,2",
        "01/frame_00001_rgb.png,abc,2",
        "01/frame_00002_rgb.png,900,2",
    )
    plan = plan_of(source)
    assert list(centres_of(plan)) == ["01/frame_00000_rgb.png"]
    assert len(plan.items) == 3
    text = "\n".join(plan.problems)
    assert "line 3: 01/gone.png" in text
    assert "line 4: (abc, 2)" in text
    assert "(900.0, 2.0)" in text


# --- the real data ---


def test_biwi_composite_has_twenty_subjects_and_a_centre_in_every_frame(shared_data: Path) -> None:
    plan = plan_of(shared_data / "biwi_composite", valid="13-15")
    assert len(plan.items) == 360
    assert held_out(plan) == {"13", "14", "15"}
    centres = centres_of(plan)
    assert len(centres) == 360
    lines = (shared_data / "biwi_composite/01/frame_00003_pose.txt").read_text().split()
    x, y, z = (float(number) for number in lines[-3:])
    camera = [float(n) for n in (shared_data / "biwi_composite/01/rgb.cal").read_text().split()[:9]]
    expected = (x * camera[0] / z + camera[2], y * camera[4] / z + camera[5])
    assert centres["01/frame_00003_rgb.jpg"] == pytest.approx(expected)


def test_the_ten_real_frames_import_from_their_table(shared_data: Path) -> None:
    source = shared_data / "biwi_frames"
    with (source / "centers.csv").open(newline="") as file:
        expected = {row["file"]: (float(row["u_px"]), float(row["v_px"])) for row in csv.DictReader(file)}
    plan = plan_of(source)
    assert centres_of(plan) == expected
    assert len(expected) == 10
    assert plan.problems == []
