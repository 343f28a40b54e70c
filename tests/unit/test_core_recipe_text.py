"""A recipe as text: what is wrong is said with the line where it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import BadInput
from studio.core.recipe import LearningRate, RunSpec, Stage
from studio.core.recipe_files import read_recipe
from studio.core.recipe_text import WrongText, line_of, read_text, recipe_text
from studio.core.settings import Task

SPEC = RunSpec(
    task=Task.SEGMENTATION,
    stages=(
        Stage(epochs=3, height=64, width=96, lr=LearningRate(high=1e-2)),
        Stage(epochs=5, height=128, width=192, lr=LearningRate(high=1e-3, low=1e-5)),
    ),
    note="a „note“ with { and [",
)


def test_what_is_written_is_read_back() -> None:
    assert read_text(recipe_text(SPEC), Task.SEGMENTATION) == SPEC


@pytest.mark.parametrize(
    ("old", "new", "marked", "why"),
    [
        ('"epochs": 5', '"epochs": "five"', '"epochs": "five"', "expected a whole number, got a text in quotes"),
        ('"epochs": 5', '"epochs": 0', '"height": 128', "a stage needs at least one epoch"),
        ('"low": 0.00001', '"low": "x"', '"low": "x"', "expected a number or null, got a text in quotes"),
        ('"height": 128', '"heigth": 128', '"epochs": 5', "stage 2 has a field heigth that this program does not know"),
        ('"seed": 42', '"seed": 42,,', '"seed": 42,,', "this is no JSON"),
        ('"task": "segmentation"', '"task": "text"', '"task": "text"', "this is a recipe for text, and"),
        (
            '"encoder": "resnet18"',
            '"encoder": "resnet19"',
            '"encoder": "resnet19"',
            "there is no encoder called resnet19",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, marked: str, why: str) -> None:
    text = recipe_text(SPEC)
    assert text.count(old) == 1
    wrong = text.replace(old, new)
    with pytest.raises(WrongText) as told:
        read_text(wrong, Task.SEGMENTATION)
    assert why in told.value.sentence
    near = next(number for number, line in enumerate(wrong.splitlines(), 1) if marked in line)
    assert abs(told.value.line - near) <= 2
    assert told.value.sentence.startswith(f"Line {told.value.line}: ")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"task": "segmentation", "stages": []}', "NaN", '{"task": NaN}', "1"]
)
def test_what_is_no_recipe_is_told(text: str) -> None:
    with pytest.raises(WrongText) as told:
        read_text(text, Task.SEGMENTATION)
    assert told.value.line == 1


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z{\"]{1,4}", fullmatch=True), inner),
    max_leaves=12,
)


@given(Json, st.sampled_from([None, 2]), st.data())
def test_the_line_of_every_value_is_found(value: Any, indent: int | None, data: st.DataObject) -> None:
    """A value that no other is like is put somewhere within; its line is looked for in the text."""
    path = ""
    place = value
    while isinstance(place, dict | list) and place:
        if isinstance(place, dict):
            key = data.draw(st.sampled_from(sorted(place)))
            step = f".{key}"
        else:
            key = data.draw(st.integers(0, len(place) - 1))
            step = f"[{key}]"
        if data.draw(st.booleans()) or not isinstance(place[key], dict | list) or not place[key]:
            place[key] = "here it is"
            path += step
            break
        place, path = place[key], path + step
    else:
        return
    text = json.dumps(value, indent=indent)
    wanted = text[: text.index('"here it is"')].count("\n") + 1
    assert line_of(text, path) == wanted


def test_a_place_that_is_not_there_is_where_it_would_be() -> None:
    text = recipe_text(SPEC)
    assert line_of(text, ".stages[7].lr") == line_of(text, ".stages")
    assert line_of(text, ".nothing") == 1


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"epochs": 5', '"epochz": 5', "stage 2 has a field epochz that this program does not know"),
        ('"seed": 42', '"sead": 42', "the recipe has a field sead that this program does not know"),
        ('"epochs": 5,', "", "stage 2 lacks the field epochs"),
        ('"epochs": 5', '"epochs": "five"', "stage 2, epochs: expected a whole number, got a text in quotes"),
        ('"task": "segmentation"', '"task": "dreams"', "task: 'dreams' is none of its values"),
        ('"seed": 42', '"seed" 42', "it is no JSON: "),
    ],
)
def test_a_file_that_is_no_recipe_is_told_in_the_programs_words(old: str, new: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    text = recipe_text(SPEC)
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as told:
        read_recipe(file)
    assert told.value.sentence.startswith(f"{file} is no recipe ({why}")


@pytest.mark.parametrize("kept", [0, 30])
def test_a_file_that_was_cut_off_is_told_so(kept: int, tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    file.write_text(recipe_text(SPEC)[:kept], encoding="utf-8")
    with pytest.raises(BadInput, match="it is empty or cut off"):
        read_recipe(file)
