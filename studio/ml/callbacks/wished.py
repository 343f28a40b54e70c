"""The callbacks that a run has only where its recipe asks for them."""

from __future__ import annotations

from studio.core.recipe import RunSpec
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.early_stop import EarlyStop
from studio.ml.callbacks.gradient_clipping import GradientClipping
from studio.ml.callbacks.kept_statistics import KeptStatistics
from studio.ml.callbacks.old_items_guard import OldItemsGuard
from studio.ml.event_log import EventSink


def wished_callbacks(spec: RunSpec, log: EventSink) -> list[Callback]:
    callbacks: list[Callback] = []
    if spec.clip_norm is not None:
        callbacks.append(GradientClipping(spec.clip_norm))
    if spec.early_stop is not None:
        callbacks.append(EarlyStop(spec.early_stop, log))
    if spec.fine_tune is not None:
        callbacks += [
            OldItemsGuard(log, stages=len(spec.stages), mixes=spec.fine_tune.least_forgetting),
            KeptStatistics(),
        ]
    return callbacks
