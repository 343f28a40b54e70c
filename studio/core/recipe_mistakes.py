"""What is wrong with a recipe, in words that say nothing of the library that reads it."""

from __future__ import annotations

import re
from typing import Final

_PLACE: Final = re.compile(r"(?P<why>.*?) - at `\$(?P<path>[^`]*)`$", re.DOTALL)
"""How msgspec ends a sentence about a value within."""

_STAGE: Final = re.compile(r"\.stages\[(?P<index>\d+)\]\.?")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<field>.*)`", re.DOTALL)
_NO_CHOICE: Final = re.compile(r"Invalid (?:enum )?value (?P<value>.*)", re.DOTALL)
_MALFORMED: Final = re.compile(r"JSON is malformed: (?P<why>.*)", re.DOTALL)
_CUT_OFF: Final = "Input data was truncated"

_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text in quotes",
    "bool": "true or false",
    "null": "null",
    "object": "a {…} of fields",
    "array": "a […] of values",
}
"""What msgspec calls them, and a person."""


def place_of(error: Exception) -> str:
    """Where the mistake is, such as `.stages[0].lr.high`; empty where it is in the recipe as a whole."""
    return _path_and_reason(error)[0]


def mistake_in_words(error: Exception) -> str:
    """For what `decode_spec` raises: the place and what is wrong there, without a full stop."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    path, why = _path_and_reason(error)
    if why == _CUT_OFF:
        return "it is empty or cut off"
    if malformed := _MALFORMED.fullmatch(why):
        return f"it is no JSON: {malformed['why']}"
    place = _in_words(path)
    if unknown := _UNKNOWN.fullmatch(why):
        return f"{place or 'the recipe'} has a field {unknown['field']} that this program does not know"
    if missing := _MISSING.fullmatch(why):
        return f"{place or 'the recipe'} lacks the field {missing['field']}"
    if no_choice := _NO_CHOICE.fullmatch(why):
        why = f"{no_choice['value']} is none of its values"
    plain = re.sub(r"`(\w+)( \| null)?`", _kind_in_words, why)
    plain = plain[:1].lower() + plain[1:]
    return f"{place}: {plain}" if place else plain


def _path_and_reason(error: Exception) -> tuple[str, str]:
    message = str(error)
    found = _PLACE.fullmatch(message)
    return (found["path"], found["why"]) if found else ("", message)


def _in_words(path: str) -> str:
    """`.stages[0].lr` as `stage 1, lr`."""
    stage = _STAGE.match(path)
    if stage is None:
        return path.removeprefix(".")
    rest = path[stage.end() :]
    return ", ".join(filter(None, (f"stage {int(stage['index']) + 1}", rest)))


def _kind_in_words(found: re.Match[str]) -> str:
    """Names of fields stay as they are."""
    return f"{_KINDS[found[1]]}{' or null' if found[2] else ''}" if found[1] in _KINDS else found[0]
