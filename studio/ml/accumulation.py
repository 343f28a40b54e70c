"""The gradients of one batch, and what is done where it does not fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.optim import Optimizer

from studio.core.recipe import OnMemory
from studio.ml.data.batches import Batch
from studio.ml.device import MixedPrecision, give_back_memory, is_out_of_memory
from studio.ml.objectives import Objective

Forward = Callable[[Tensor], Tensor]
"""A network, or what computes the same."""

LEAST_ROWS: Final = 2
"""In a part: batch norm has no statistics of a single image that is one pixel at its coarsest."""


def most_parts(batch: Batch) -> int:
    return max(1, len(batch.rows) // LEAST_ROWS)


def accumulate(
    network: Forward, objective: Objective, precision: MixedPrecision, batch: Batch, *, parts: int
) -> tuple[Tensor, Tensor]:
    """Add the batch's gradients to those that are there; returns its output and loss.

    Each part weighs what it counts, so that the sum is the gradient of the whole batch's mean loss; only batch norm
    sees the parts one by one.
    """
    if parts == 1:
        with precision.forward():
            output = network(batch.images)
        loss = objective.loss(output, batch.target)
        precision.backward(loss)
        return output, loss
    total = objective.counted(batch.target) or 1
    outputs: list[Tensor] = []
    losses: list[Tensor] = []
    for images, target in zip(batch.images.tensor_split(parts), batch.target.tensor_split(parts), strict=True):
        with precision.forward():
            output = network(images)
        loss = objective.loss(output, target) * (objective.counted(target) / total)
        precision.backward(loss)
        outputs.append(output.detach())
        losses.append(loss.detach())
    return torch.cat(outputs), torch.stack(losses).sum()


def accumulate_fitting(
    network: Forward,
    objective: Objective,
    precision: MixedPrecision,
    optimizer: Optimizer,
    batch: Batch,
    *,
    parts: int,
    choice: OnMemory,
    divided: Callable[[int], None],
    lowered: Callable[[], None],
) -> tuple[Tensor, Tensor]:
    """The batch's gradients in the place of those that were there; returns output and loss.

    They are computed in `parts`, and where that does not fit into memory as `choice` says: in half precision, which
    `lowered` hears, or in twice as many parts as often as it takes, of which `divided` hears each new number. Raises
    the error where there is nothing left to try. What a failed try held is free again; only batch norm's running means
    remember it.
    """
    most = most_parts(batch)
    parts = min(parts, most)
    while True:
        optimizer.zero_grad(set_to_none=True)
        try:
            return accumulate(network, objective, precision, batch, parts=parts)
        except Exception as error:
            if not is_out_of_memory(error) or choice is OnMemory.STOP:
                raise
            lowers = choice is OnMemory.PRECISION and precision.lower()
            if not lowers and parts >= most:
                raise
        give_back_memory(batch.images.device)
        if lowers:
            lowered()
        else:
            parts = min(parts * 2, most)
            divided(parts)
