"""A recipe as text that a person edits: the recipe, or what is wrong with it and on which line."""

from __future__ import annotations

import json
import re
from typing import Final

import msgspec

from studio.core.errors import BadInput
from studio.core.recipe import RunSpec, decode_spec, encode_spec
from studio.core.recipe_mistakes import mistake_in_words, place_of
from studio.core.settings import Task

_STEP: Final = re.compile(r"\.(?P<field>[^.\[\]]+)|\[(?P<index>\d+)\]")
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class WrongText(BadInput):
    """`line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"Line {line}: {why}.")
        self.line = line


def recipe_text(spec: RunSpec) -> str:
    return encode_spec(spec).decode("utf-8")


def read_text(text: str, task: Task) -> RunSpec:
    """Raises WrongText for what is no JSON, no recipe, or one of another task."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise WrongText(error.lineno, f"this is no JSON ({error.msg[0].lower()}{error.msg[1:]})") from error
    except RecursionError as error:
        raise WrongText(1, "this is nested too deeply for a recipe") from error
    try:
        spec = decode_spec(text)
    except msgspec.ValidationError as error:
        raise WrongText(line_of(text, place_of(error)), mistake_in_words(error)) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise WrongText(1, str(error)) from error
    if not spec.stages:
        raise WrongText(line_of(text, ".stages"), "a recipe needs at least one stage")
    if spec.task is not task:
        raise WrongText(line_of(text, ".task"), f"this is a recipe for {spec.task}, and the project is for {task}")
    return spec


def line_of(text: str, path: str) -> int:
    """Where the value at `path`, such as `.stages[0].lr.high`, begins in a JSON text, or what holds it where it is not
    there itself. Counts from 1."""
    place = _after_space(text, 0)
    for step in _STEP.finditer(path):
        within = _field(text, place, step["field"]) if step["field"] else _element(text, place, int(step["index"]))
        if within is None:
            break
        place = within
    return text.count("\n", 0, place) + 1


def _field(text: str, place: int, name: str) -> int | None:
    """Where the value of a field begins in the object at `place`."""
    if text[place] != "{":
        return None
    place = _after_space(text, place + 1)
    while text[place] == '"':
        key, place = json.JSONDecoder().raw_decode(text, place)
        place = _after_space(text, _after_space(text, place) + 1)
        if key == name:
            return place
        place = _after_value(text, place)
    return None


def _element(text: str, place: int, index: int) -> int | None:
    """Where an element of the array at `place` begins."""
    if text[place] != "[":
        return None
    place = _after_space(text, place + 1)
    for _ in range(index):
        if text[place] == "]":
            return None
        place = _after_value(text, place)
    return None if text[place] == "]" else place


def _after_value(text: str, place: int) -> int:
    """Behind the value at `place` and the comma after it."""
    _, place = json.JSONDecoder().raw_decode(text, place)
    place = _after_space(text, place)
    return _after_space(text, place + 1) if text[place] == "," else place


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
