"""What a fine-tuning learns: the corrections of all runs whose judgement led to the same model."""

from __future__ import annotations

from collections.abc import Mapping

from studio.core.fine_tuning import lessons, teacher_of
from studio.core.recipe import RunSpec
from studio.core.review import Correction
from studio.store import Store


def taught_alike(specs: Mapping[str, RunSpec], run: str) -> list[str]:
    """The runs whose corrections teach the model that those of `run` do: a training, and the searches for label errors
    that followed its recipe. `specs` are those of all runs."""
    teacher = teacher_of(specs[run], run)
    return [run] if teacher is None else [other for other, spec in specs.items() if teacher_of(spec, other) == teacher]


def corrections_for(store: Store, run: str) -> list[Correction]:
    """In the order of the last decisions, each item once."""
    return store.review.corrections(*taught_alike({record.id: record.spec for record in store.runs()}, run))


def lessons_for(store: Store, run: str) -> tuple[int, ...]:
    """The items that a fine-tuning which starts from `run` learns."""
    return lessons(corrections_for(store, run), store.production.learnable(run))
