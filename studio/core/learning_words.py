"""What a recipe does to labels and weights while it trains, in words: for its line in the window and its model card."""

from __future__ import annotations

from studio.core.recipe import RunSpec


def learning_words(spec: RunSpec) -> list[str]:
    """A few words for each thing that is on: labels smoothed by 0.1."""
    words: list[str] = []
    if spec.label_smoothing:
        words.append(f"labels smoothed by {spec.label_smoothing:g}")
    return words
