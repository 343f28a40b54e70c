"""What a recipe does to labels and weights while it trains, in words: for its line in the window and its model card."""

from __future__ import annotations

from collections.abc import Mapping

from studio.core.recipe import ClassWeights, RunSpec


def learning_words(spec: RunSpec) -> list[str]:
    """A few words for each thing that is on: labels smoothed by 0.1."""
    words: list[str] = []
    if spec.label_smoothing:
        words.append(f"labels smoothed by {spec.label_smoothing:g}")
    if spec.class_weights is ClassWeights.BALANCED:
        words.append("classes balanced")
    if spec.average_weights:
        words.append(f"weights averaged ({spec.average_weights:g})")
    if spec.mixup:
        words.append(f"MixUp {spec.mixup:g}")
    return words


def weights_sentence(weights: Mapping[str, float]) -> str:
    """The weights that a run used, by class; empty where it used none."""
    return f"Classes weigh: {', '.join(f'{name} {weight:.3g}' for name, weight in weights.items())}." if weights else ""
