"""What the short runs work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from studio.core.recipe import RunSpec, Stage
from studio.ml.control import Commands
from studio.ml.data.stage_data import DataSource
from studio.ml.device import MixedPrecision
from studio.ml.event_log import EventSink
from studio.ml.objectives import Objective
from studio.ml.text.text_source import TextSource


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """`tell_doing` hears what would need the memory, for the sentence of a run that has too little of it; `warn` takes
    a sentence and one of `Concern`."""

    spec: RunSpec
    source: DataSource | TextSource
    objective: Objective
    network: nn.Module
    precision: MixedPrecision
    device: torch.device
    make_optimizer: Callable[[nn.Module], Optimizer]
    commands: Commands
    log: EventSink
    warn: Callable[[str, str], None]
    tell_doing: Callable[[str], None]

    @property
    def stage(self) -> Stage:
        """The recipe's first, which a short run is about."""
        return self.spec.stages[0]
