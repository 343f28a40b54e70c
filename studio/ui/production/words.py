"""How each step stands, in a sentence."""

from __future__ import annotations

from studio.core.counting import counted
from studio.ui.production.standing import Standing, Step

_KEYS = "A accepts the model's answer, E opens the label, R keeps it, X leaves the item out."


def said(step: Step, standing: Standing, model: str) -> str:
    """`model`: what a person has taken in this window, empty for nothing."""
    if step is Step.MODEL:
        return model_in_words(standing, model)
    if step is Step.ERRORS:
        return _errors(standing)
    if step is Step.LOOK:
        return _look(standing)
    return _tune(standing) if step is Step.TUNE else " ".join(standing.compared)


def model_in_words(standing: Standing, model: str) -> str:
    if model:
        return dict(standing.models).get(model, model)
    if standing.scoring is not None:
        return standing.scoring.note
    return "" if standing.models else "No run of this project has a model yet; open another one, or train first."


def _errors(standing: Standing) -> str:
    if standing.scoring is None:
        return ""
    if standing.counts is None:
        return f"Run {standing.scoring.id} has not scored them yet."
    words = f"{counted(standing.counts.items, 'item')}, {standing.counts.labelled:,} labelled."
    return f"{words} {standing.otherwise}".strip()


def _look(standing: Standing) -> str:
    counts = standing.counts
    if counts is None:
        return ""
    without = counts.items - counts.learnable
    left = f"; {without:,} still without a label to learn" if without else ""
    return f"{counts.decided:,} of {counted(counts.items, 'item')} decided{left}. {_KEYS}"


def _tune(standing: Standing) -> str:
    if standing.tuned is not None:
        return f"Run {standing.tuned.id}: {standing.tuned.note}."
    if standing.counts is None:
        return ""
    return f"{counted(standing.counts.learnable, 'label')} to learn; watch it on the Train page."
