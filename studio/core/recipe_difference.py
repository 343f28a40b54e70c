"""In which fields two recipes differ, in a few words each."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec

from studio.core.recipe import RunSpec

_SILENT: Final = frozenset({"version", "note", "parent", "kind", "purpose"})

_NAMES: Final = {
    "batch_size": "batch",
    "high": "rate",
    "low": "low rate",
    "stages": "stages",
    "clip_norm": "clipping",
    "on_divergence": "if it diverges",
    "architecture": "model",
    "early_stop": "early end",
}


def differences(spec: RunSpec, other: RunSpec) -> list[str]:
    """What `spec` has otherwise than `other`, such as `stage 2 rate 1e-4 instead of 1e-3`; notes do not count."""
    mine, theirs = _flat(msgspec.to_builtins(spec)), _flat(msgspec.to_builtins(other))
    if len(spec.stages) != len(other.stages):
        mine = {path: value for path, value in mine.items() if path[0] != "stages"}
        theirs = {path: value for path, value in theirs.items() if path[0] != "stages"}
        mine[("stages",)], theirs[("stages",)] = len(spec.stages), len(other.stages)
    one_stage = len(spec.stages) == 1
    return [
        f"{_name(path, one_stage=one_stage)} {_text(mine.get(path))} instead of {_text(theirs.get(path))}"
        for path in {**mine, **theirs}
        if mine.get(path) != theirs.get(path)
    ]


def _flat(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every number, word and switch with the way to it."""
    parts: list[tuple[str | int, Any]]
    if isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        parts = [(key, part) for key, part in fields.items() if key not in _SILENT]
    elif isinstance(value, (list, tuple)) and any(isinstance(part, dict) for part in cast(list[Any], value)):
        parts = list(enumerate(cast(list[Any], value)))
    else:
        return {path: value}
    return {way: found for key, part in parts for way, found in _flat(part, (*path, key)).items()}


def _name(path: tuple[str | int, ...], *, one_stage: bool) -> str:
    last = str(path[-1])
    words = _NAMES.get(last, last.replace("_", " "))
    number = path[1] if len(path) > 1 and path[0] == "stages" else None
    return f"stage {int(number) + 1} {words}" if number is not None and not one_stage else words


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
