"""What a rate finder measured, in words, and whether the stage that would take its rate is another."""

from __future__ import annotations

from studio.core.events import StageStarted
from studio.core.recipe import Stage
from studio.ui.train.stage_painting import part_in_words


def measured_text(measured: StageStarted) -> str:
    """`measured on 64×64, batch 4`, of texts `measured on 256 tokens, batch 8`."""
    return f"measured on {_conditions(measured)}{_part_named(measured)}"


def otherwise_text(measured: StageStarted, stage: Stage, number: int) -> str:
    """That stage `number`, counted from 1, has another size, batch or part to train; empty where it has not."""
    same_part = part_in_words(measured) == part_in_words(stage)
    if _conditions(measured) == _conditions(stage) and same_part:
        return ""
    part = "" if same_part else f", {part_in_words(stage)}"
    return f"Stage {number} has {_conditions(stage)}{part}: another rate may suit it."


def _conditions(stage: StageStarted | Stage) -> str:
    size = f"{stage.width:,} tokens" if stage.height == 1 else f"{stage.height}×{stage.width}"
    return f"{size}, batch {stage.batch_size:,}"


def _part_named(measured: StageStarted) -> str:
    """Left out where it goes without saying."""
    part = part_in_words(measured)
    return "" if part == "the whole network" else f", {part}"
