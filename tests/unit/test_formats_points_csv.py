"""Keypoints in a table: what is read, what is told, and that an export reads back the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import BadTable
from studio.core.items import Split
from studio.core.points import Keypoint, Points, Visibility
from studio.formats import ImportPlan, importer, recognise
from tests.unit import data_sets

HEADER = "name,keypoint,x,y,visibility,split"


def source_with(folder: Path, *rows: str, header: str = HEADER) -> Path:
    for number, name in enumerate(("a_1.png", "a_2.png", "b_1.png")):
        data_sets.picture(folder / "images" / name, seed=number)
    (folder / "keypoints.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def plan_of(source: Path, **answers: str) -> ImportPlan:
    return importer("csv").plan(source, **answers)


def points_of(plan: ImportPlan) -> dict[str, Points]:
    return {plan.items[i].name: p for i, p in plan.annotations if isinstance(p, Points)}


def test_points_visibility_and_split_are_read(tmp_path: Path) -> None:
    source = source_with(
        tmp_path,
        "a_1.png,eye,10.5,5.25,visible,train",
        "a_1.png,nose,12,8,hidden,train",
        "a_2.png,eye,3,4,,valid",
        "b_1.png,,,,,test",
    )
    assert recognise(source).format == "csv"
    assert recognise(source).questions == ()
    plan = plan_of(source)
    assert points_of(plan) == {
        "a_1.png": Points(
            (
                Keypoint(index=0, x=10.5, y=5.25),
                Keypoint(index=1, x=12, y=8, visibility=Visibility.HIDDEN),
            )
        ),
        "a_2.png": Points((Keypoint(index=0, x=3, y=4),)),
    }
    assert [item.split for item in plan.items] == [Split.TRAIN, Split.VALID, Split.TEST]
    assert [k.name for k in plan.settings.keypoints] == ["eye", "nose"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_recognised(tmp_path: Path, separator: str) -> None:
    rows = ["a_1.png,eye,1,2,visible,train".replace(",", separator)]
    source = source_with(tmp_path, *rows, header=HEADER.replace(",", separator))
    assert points_of(plan_of(source)) == {"a_1.png": Points((Keypoint(index=0, x=1, y=2),))}


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    source = source_with(tmp_path, "a_1.png,1", header="name,x")
    with pytest.raises(BadTable, match="no column keypoint and no column y"):
        plan_of(source)


def test_rows_that_cannot_be_used_cost_a_sentence_each_and_the_rest_comes(tmp_path: Path) -> None:
    source = source_with(
        tmp_path,
        "a_1.png,eye,1,2,visible,train",
        "a_1.png,nose,left,2,visible,train",
        "a_2.png,eye,1,2,maybe,train",
        "ghost.png,eye,1,2,visible,train",
        "b_1.png,eye,400,2,visible,train",
    )
    plan = plan_of(source)
    assert list(points_of(plan)) == ["a_1.png"]
    text = "\n".join(plan.problems)
    assert "line 3" in text
    assert "'maybe'" in text
    assert "ghost.png" in text
    assert "(400.0, 2.0)" in text
    assert len(plan.items) == 3


def test_without_a_split_column_the_split_is_asked_for(tmp_path: Path) -> None:
    source = source_with(tmp_path, "a_1.png,eye,1,2", header="name,keypoint,x,y")
    assert [q.id for q in recognise(source).questions] == ["valid"]
    assert [i.name for i in plan_of(source, valid="b").items if i.split is Split.VALID] == ["b_1.png"]
