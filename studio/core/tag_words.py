"""Classes of whole items in words: what a label and a prediction say, what they differ in first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.core.tags import PredictedTags, Tags


@dataclass(frozen=True, kw_only=True)
class LabelWords:
    """What the label and the prediction say about a whole item. `agree`: of the classes that the model can know they
    say the same."""

    label: str
    prediction: str
    agree: bool


def words_of(label: Tags | None, predicted: PredictedTags, names: Mapping[int, str]) -> LabelWords:
    """`names` by class id."""
    return LabelWords(
        label=label_words(label, predicted, names),
        prediction=prediction_words(label, predicted, names),
        agree=_agree(label, predicted),
    )


def label_words(label: Tags | None, predicted: PredictedTags | None, names: Mapping[int, str]) -> str:
    """`road, sky`; what the prediction lacks comes first. `names` by class id."""
    if label is None:
        return "unlabelled"
    found = predicted.tags.ids if predicted is not None else ()
    ids = sorted(label.ids, key=lambda class_id: class_id in found)
    return ", ".join(names.get(class_id, str(class_id)) for class_id in ids) or "none of them"


def prediction_words(label: Tags | None, predicted: PredictedTags, names: Mapping[int, str]) -> str:
    """`haze 63 %, road 91 %`; what the label lacks comes first, then the most probable."""
    known = label.ids if label is not None else ()
    said = [(class_id, share) for class_id, share in predicted.shares if class_id in predicted.tags.ids]
    said.sort(key=lambda entry: entry[0] in known)
    words = (f"{names.get(class_id, class_id)} {percent(share)}" for class_id, share in said)
    return ", ".join(words) or "none of them"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One class beside what label and model say about it. `share` is its probability, None where the model does not
    know the class. `in_label` is None of an item without a label."""

    name: str
    share: float | None
    in_label: bool | None
    predicted: bool

    @property
    def is_wrong(self) -> bool:
        return self.share is not None and self.in_label is not None and self.in_label is not self.predicted


def answers_of(label: Tags | None, predicted: PredictedTags, names: Mapping[int, str]) -> tuple[Answer, ...]:
    """One for each class that the model knows, the most probable first, then those that only the label knows; `names`
    by class id."""
    known = {class_id for class_id, _ in predicted.shares}
    foreign = [class_id for class_id in (label.ids if label is not None else ()) if class_id not in known]
    entries: list[tuple[int, float | None]] = [*predicted.shares, *((class_id, None) for class_id in foreign)]
    return tuple(
        Answer(
            name=names.get(class_id, str(class_id)),
            share=share,
            in_label=None if label is None else class_id in label.ids,
            predicted=class_id in predicted.tags.ids,
        )
        for class_id, share in entries
    )


def most_telling(answers: Sequence[Answer], room: int) -> list[Answer]:
    """At most `room` of them in their order: what is wrong before what label or model say, and that before the rest."""

    def rank(place: int) -> tuple[int, int]:
        answer = answers[place]
        return (0 if answer.is_wrong else 1 if answer.predicted or answer.in_label else 2), place

    chosen = sorted(range(len(answers)), key=rank)[: max(0, room)]
    return [answers[place] for place in sorted(chosen)]


def _agree(label: Tags | None, predicted: PredictedTags) -> bool:
    known = {class_id for class_id, _ in predicted.shares}
    return label is not None and set(label.ids) & known == set(predicted.tags.ids)


def percent(share: float) -> str:
    """Never 100 % of what is not quite sure, nor 0 % of what is possible."""
    return f"{min(99, max(1, round(100 * share)))} %" if 0 < share < 1 else f"{100 * share:.0f} %"
