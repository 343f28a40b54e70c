"""What the notebook says below a cell."""

from __future__ import annotations


def say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - a notebook shows it
