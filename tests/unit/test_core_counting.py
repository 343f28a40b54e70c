"""Numbers with what they count."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.counting import counted
from studio.formats import importer, recognise
from studio.import_check import check_import
from tests.unit.data_sets import picture


@pytest.mark.parametrize(
    ("number", "one", "words"),
    [
        (1, "image", "1 image"),
        (0, "image", "0 images"),
        (12_345, "class", "12,345 classes"),
        (2, "entry", "2 entries"),
        (2, "key", "2 keys"),
        (2, "epoch", "2 epochs"),
        (2, "batch", "2 batches"),
    ],
)
def test_a_number_and_its_noun_agree(number: int, one: str, words: str) -> None:
    assert counted(number, one) == words


def test_a_verb_goes_along_where_it_is_given() -> None:
    assert [counted(n, "row has", "rows have") for n in (1, 2)] == ["1 row has", "2 rows have"]


def test_a_folder_with_a_single_picture_is_told_in_the_singular(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    recognised = recognise(tmp_path / "in")
    assert recognised.found == "A folder of pictures: 1 image, none labelled."
    preview = check_import(tmp_path / "p", importer(recognised.format).plan(recognised.source))
    assert preview.sentence.startswith("1 new item would come")
