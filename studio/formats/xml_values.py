"""XML from other programs, read without ever expanding an entity or opening another file, and written."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET  # only to build and to write; everything is read by defusedxml
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from studio.core.atomic import why
from studio.core.errors import BadInput, BadTable
from studio.formats.json_values import ends_of

_HEAD: Final = 4096
_LITTLE: Final = 65_536
"""Bytes of a file that is read as a whole to see whether it is damaged."""

_NOTHING: Final = 1e-9
"""What adding and subtracting leaves of a number's rounding."""
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file can hold, not even escaped."""


def children_of_root(path: Path, root: str) -> Iterator[ET.Element]:
    """The elements directly below the root, one after the other; each is forgotten by the reader once the next is asked
    for, so that a file of any size can be gone through.

    Raises BadTable where the file is no XML, has another root or declares entities, BadInput where it cannot be read.
    """
    from defusedxml.ElementTree import iterparse  # noqa: PLC0415 - only who reads XML waits for it

    try:
        with path.open("rb") as file:
            yield from _children(iterparse(file, events=("start", "end"), forbid_dtd=True), path, root)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({why(error)}); check the path and its permissions.") from error
    except (SyntaxError, ValueError, LookupError) as error:
        raise BadTable(path, f"it is no XML that can be read ({_fault(error)})", "export it again") from error


def _children(events: Iterable[tuple[str, ET.Element]], path: Path, root: str) -> Iterator[ET.Element]:
    depth = 0
    top: ET.Element | None = None
    for event, element in events:
        if event == "end":
            depth -= 1
            if depth == 1 and top is not None:
                yield element
                top.clear()
            continue
        depth += 1
        if top is None:
            top = element
            if element.tag != root:
                raise BadTable(path, f"its root is <{element.tag}> and not <{root}>", "choose another file")


def read_xml(path: Path, root: str) -> ET.Element:
    """The whole file, for small ones. Raises BadTable, BadInput."""
    whole = ET.Element(root)
    whole.extend(list(children_of_root(path, root)))
    return whole


def parse_xml(text: str) -> ET.Element | None:
    """XML that was kept as text; None where it is damaged."""
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415 - only who reads XML waits for it

    try:
        return fromstring(text, forbid_dtd=True)
    except (SyntaxError, ValueError):
        return None


def begins_with(path: Path, root: str) -> bool:
    """Whether the first element of a file is <root>, by a look at its beginning."""
    return root_of(path) == root


def root_of(path: Path) -> str | None:
    """The name of a file's first element, by a look at its beginning; None where there is none or it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    found = re.search(rb"<([A-Za-z_][\w.-]*)", head)
    return found[1].decode() if found else None


def damage(path: Path) -> BadTable | None:
    """What is wrong with a file that is to be XML, by a look at its ends, and at all of it where that is little; None
    where nothing is to be seen."""
    ends, root = ends_of(path).strip(), root_of(path)
    if root is None:
        what = "it is no XML, for it has no element" if ends else "it is empty"
        return BadTable(path, what, "export or download it again, or take it out") if path.is_file() else None
    if len(ends) >= _LITTLE and ends.endswith(f"</{root}>".encode()):
        return None
    try:
        for _element in children_of_root(path, root):
            pass
    except BadTable as error:
        return error
    except BadInput:
        return None  # it cannot be opened, which is no fault of its contents
    return None


def as_text(element: ET.Element) -> str:
    """An element as it is kept within JSON."""
    return ET.tostring(element, encoding="unicode").strip()


def document(root: ET.Element) -> bytes:
    """A whole file, indented."""
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def add(parent: ET.Element, tag: str, text: object = "") -> ET.Element:
    """A new element at the end of `parent`."""
    element = ET.SubElement(parent, tag)
    element.text = writable(str(text))
    return element


def writable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def number(text: str | None, what: str) -> float:
    """Raises ValueError with a sentence's end where the text is no finite number."""
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"its {what} {text!r} is no number" if text else f"it has no {what}")
    return value


def short(value: float) -> str:
    """A number with two decimals where they are enough, else with as many as it takes to read it back."""
    return f"{value:.2f}" if abs(value - round(value, 2)) < _NOTHING else repr(float(value))


def _fault(error: Exception) -> str:
    name = type(error).__name__
    if name in ("DTDForbidden", "EntitiesForbidden", "ExternalReferenceForbidden"):
        return "it declares entities, which could fill the memory or open other files"
    return str(error) or name
