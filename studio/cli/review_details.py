"""What `studio review` says beyond each item's loss: how each tag fares, and which words of a text weighed most."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.cli.output import Output
from studio.core.errors import StudioError
from studio.core.tag_figures import TagFigures
from studio.core.texts import as_read, read_document
from studio.core.tokens import tokenize


def show_tags(output: Output, figures: Sequence[TagFigures], names: Mapping[int, str]) -> None:
    """Those with the most mistakes first; an event each for programs, a table for people."""
    worst_first = sorted(figures, key=lambda tag: -(tag.missing + tag.too_many))
    for tag in worst_first:
        output.event(
            "tag",
            name=names.get(tag.class_id, str(tag.class_id)),
            precision=tag.precision,
            recall=tag.recall,
            found=tag.found,
            missing=tag.missing,
            too_many=tag.too_many,
        )
    rows = [
        (
            names.get(tag.class_id, str(tag.class_id)),
            _share(tag.precision),
            _share(tag.recall),
            f"{tag.missing:,}",
            f"{tag.too_many:,}",
        )
        for tag in worst_first
    ]
    output.table(("tag", "precision", "recall", "missing", "too many"), rows, title="Tag by tag, over validation items")


def weighed_words(path: Path, words: Sequence[tuple[int, float]]) -> list[tuple[str, float]]:
    """`ItemScore.words` as they are written in the document's tokens; none where it cannot be read or split."""
    if not words:
        return []
    with contextlib.suppress(StudioError):
        tokens = tokenize(as_read(read_document(path)))
        return [(tokens[place], share) for place, share in words if place < len(tokens)]
    return []


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
