"""Classes of whole items in words: what a label and a prediction say, what they differ in first."""

from __future__ import annotations

from collections.abc import Mapping
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


def _agree(label: Tags | None, predicted: PredictedTags) -> bool:
    known = {class_id for class_id, _ in predicted.shares}
    return label is not None and set(label.ids) & known == set(predicted.tags.ids)


def percent(share: float) -> str:
    """Never 100 % of what is not quite sure, nor 0 % of what is possible."""
    return f"{min(99, max(1, round(100 * share)))} %" if 0 < share < 1 else f"{100 * share:.0f} %"
