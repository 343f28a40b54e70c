"""The part of YAML that data set files are written in, read into plain values and never into anything that runs.

Understood are maps and lists, in blocks by indentation and in flow (`[a, b]`, `{0: a}`), plain and quoted scalars and
comments. Text blocks (`|`, `>`) are passed over. Tags, anchors and aliases are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_KEY: Final = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{},#:-][^#:]*?|-?\d+)\s*:(?:\s+|$)(?P<rest>.*)$"""
)
_REFUSED: Final = ("!", "&", "*")
_WORDS: Final = {"null": None, "~": None, "": None, "true": True, "false": False}
_DEEPEST: Final = 30


def read_yaml(text: str) -> Any:
    """Maps (keys are text or whole numbers), lists, text, numbers, True, False and None.

    Raises ValueError with what is not understood, and where.
    """
    lines = list(_lines(text))
    if not lines:
        return None
    value, rest = _block(lines, 0, 0)
    if rest < len(lines):
        raise ValueError(f"line {lines[rest][0]} is not understood")
    return value


_Line = tuple[int, int, str]
"""Its number from 1, its indentation and its text."""


def _lines(text: str) -> Iterator[_Line]:
    skip_below: int | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _without_comment(raw).rstrip()
        indent = len(line) - len(line.lstrip(" "))
        if not line.strip() or line.strip() in ("---", "..."):
            continue
        if skip_below is not None and indent > skip_below:
            continue
        skip_below = None
        if "\t" in line[: len(line) - len(line.lstrip())]:
            raise ValueError(f"line {number} is indented with tabs")
        if re.search(r":\s+[|>][+-]?\d*$", line):
            skip_below = indent
            line = re.sub(r"[|>][+-]?\d*$", "", line).rstrip()
        yield number, indent, line.strip()


def _without_comment(line: str) -> str:
    quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and (place == 0 or line[place - 1] in " [{,:"):
            quote = character
        elif character == "#" and (place == 0 or line[place - 1] in " \t"):
            return line[:place]
    return line


def _block(lines: list[_Line], start: int, depth: int) -> tuple[Any, int]:
    """The value that begins at line `start`, and the line after it."""
    if depth > _DEEPEST:
        raise ValueError(f"line {lines[start][0]} is nested too deeply")
    number, indent, text = lines[start]
    if text == "-" or text.startswith("- "):
        return _list(lines, start, indent, depth)
    if _KEY.match(text):
        return _map(lines, start, indent, depth)
    joined, end = text, start + 1
    while end < len(lines) and _is_open(joined):
        joined, end = f"{joined} {lines[end][2]}", end + 1
    return _flow(joined, number), end


def _list(lines: list[_Line], start: int, indent: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    place = start
    while place < len(lines) and lines[place][1] == indent and (lines[place][2] + " ").startswith("- "):
        number, _, text = lines[place]
        inner = text[1:].strip()
        if inner:
            lines[place] = number, indent + len(text) - len(inner), inner
            value, place = _block(lines, place, depth + 1)
        else:
            value, place = _below(lines, place, indent, depth)
        values.append(value)
    return values, place


def _map(lines: list[_Line], start: int, indent: int, depth: int) -> tuple[dict[Any, Any], int]:
    values: dict[Any, Any] = {}
    place = start
    while place < len(lines) and lines[place][1] == indent:
        number, _, text = lines[place]
        found = _KEY.match(text)
        if not found:
            raise ValueError(f"line {number} is not understood")
        rest = found["rest"].strip()
        if rest:
            place += 1
            while place < len(lines) and _is_open(rest):
                rest, place = f"{rest} {lines[place][2]}", place + 1
            value = _flow(rest, number)
        else:
            value, place = _below(lines, place, indent, depth)
        values[_scalar(found["key"], number)] = value
    return values, place


def _below(lines: list[_Line], place: int, indent: int, depth: int) -> tuple[Any, int]:
    """What stands indented below a line; a list may also stand at the line's own indentation."""
    after = place + 1
    if after < len(lines):
        _, inner, text = lines[after]
        is_list = text == "-" or text.startswith("- ")
        if inner > indent or (is_list and inner == indent and not lines[place][2].startswith("-")):
            return _block(lines, after, depth + 1)
    return None, after


def _is_open(text: str) -> bool:
    return text[:1] in "[{" and text.count("[") + text.count("{") > text.count("]") + text.count("}")


def _flow(text: str, number: int) -> Any:
    """A scalar, or a list or map on one line."""
    if text[:1] not in ("[", "{"):
        return _scalar(text, number)
    value, rest = _flow_value(text, number, 0)
    if rest.strip():
        raise ValueError(f"line {number}: {rest.strip()!r} is not understood")
    return value


def _flow_value(text: str, number: int, depth: int) -> tuple[Any, str]:
    text = text.lstrip()
    if depth > _DEEPEST:
        raise ValueError(f"line {number} is nested too deeply")
    if text[:1] == "[":
        return _flow_items(text[1:], number, depth, end="]")
    if text[:1] == "{":
        pairs, rest = _flow_items(text[1:], number, depth, end="}")
        return dict(pairs), rest
    found = re.match(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\[\]{}]*)""", text)
    assert found is not None  # the last choice fits everything
    return _scalar(found[1].strip(), number), text[found.end() :]


def _flow_items(text: str, number: int, depth: int, *, end: str) -> tuple[list[Any], str]:
    """The values up to `end`, or pairs of a key and a value, and the text after it."""
    values: list[Any] = []
    while not text.lstrip().startswith(end):
        if end == "}":
            found = re.match(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,:\[\]{}]+):""", text)
            if not found:
                raise ValueError(f"line {number} has a map without keys")
            value, text = _flow_value(text[found.end() :], number, depth + 1)
            values.append((_scalar(found[1].strip(), number), value))
        else:
            value, text = _flow_value(text, number, depth + 1)
            values.append(value)
        text = text.lstrip()
        if text.startswith(","):
            text = text[1:]
        elif not text.startswith(end):
            raise ValueError(f"line {number}: {end} is missing")
    return values, text.lstrip()[1:]


def _scalar(text: str, number: int) -> Any:
    if text[:1] in _REFUSED:
        raise ValueError(
            f"line {number}: {text.split(maxsplit=1)[0]} is a tag, an anchor or an alias, which are not read"
        )
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text[1:-1])
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if re.fullmatch(r"[-+]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?", text):
        return float(text)
    return text


def write_scalar(value: object) -> str:
    """Text as YAML reads it back, quoted where it has to be."""
    text = str(value)
    plain = re.fullmatch(r"[\w./][\w ./()-]*", text) and text == text.strip()
    if not isinstance(value, str) or (plain and isinstance(_scalar(text, 0), str)):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
