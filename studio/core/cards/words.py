"""When a card is dealt, in words that end a sentence: `Dealt when …`."""

from __future__ import annotations

from typing import Final

from studio.core.cards.triggers import Trigger

WHEN: Final[dict[Trigger, str]] = {
    Trigger.OUT_OF_MEMORY: "a batch does not fit into memory",
    Trigger.NO_NUMBER: "the loss is no number any more",
    Trigger.CLASS_NEVER_PREDICTED: "a labelled class is in no prediction, two epochs in a row",
    Trigger.TOO_GOOD: "the main metric is next to perfect after the first epoch",
    Trigger.FORGETS: "fine-tuning costs what the model knew before",
    Trigger.VALID_PARTS: "the validation loss rises while the training loss falls",
    Trigger.GREAT_RATE: "the loss rises a little with the rate, and then falls lower than before",
    Trigger.LOSS_SPIKES: "single batches have a loss far above the others",
    Trigger.STANDS_STILL: "the loss stays where it is for a hundred steps",
    Trigger.RATE_FOUND_FROZEN: "the finder has looked at a frozen network",
    Trigger.RATE_FOUND_UNFROZEN: "the finder has looked at the whole network",
    Trigger.STOPPED_EARLY: "a stage ended early",
    Trigger.ONLY_HEAD: "a run has trained the head alone",
    Trigger.METRIC_JUMPS: "the main metric goes up and down with few validation items",
    Trigger.VALID_BELOW_TRAIN: "the validation loss is below the training loss",
    Trigger.ONLY_FELL: "the loss fell all the way through a cycle of the rate",
    Trigger.LAST_EPOCH_BEST: "a run ends while its validation loss still falls",
    Trigger.ONE_SIZE: "a run is done that saw one small size only",
    Trigger.FEW_LABELS: "a run begins with no more than twenty items",
}
