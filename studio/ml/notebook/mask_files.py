"""Masks that a chain names and that are no files, such as those of pictures that nobody has labelled yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.core.errors import BadInput
from studio.ml.notebook.labels import Labelled
from studio.ml.notebook.saying import say


def with_masks_that_are_there(
    train: Sequence[Labelled], valid: Sequence[Labelled]
) -> tuple[tuple[Labelled, ...], tuple[Labelled, ...]]:
    """Both sets, where a mask that is no file is None; a sentence says how many there are. Raises BadInput where one
    of the sets has none that is."""
    missing: list[Path] = []
    named = [sum(label is not None for _, label in pairs) for pairs in (train, valid)]
    kept = tuple(_there(pairs, missing) for pairs in (train, valid))
    if not missing:
        return kept[0], kept[1]
    found = f"{len(missing):,} of {sum(named):,} masks are missing, the first is {missing[0]}"
    for name, pairs in zip(("training", "validation"), kept, strict=True):
        if all(label is None for _, label in pairs):
            raise BadInput(f"{found}, and none of the {name} set is there; look at what the chain labels by.")
    say(f"{found}; their pictures are left out. Look at what the chain labels by if they should be there.")
    return kept[0], kept[1]


def _there(pairs: Sequence[Labelled], missing: list[Path]) -> tuple[Labelled, ...]:
    kept: list[Labelled] = []
    for path, label in pairs:
        file = Path(str(label)) if label is not None else None
        is_missing = file is not None and not file.is_file()
        if file is not None and is_missing:
            missing.append(file)
        kept.append((path, None if is_missing else label))
    return tuple(kept)
