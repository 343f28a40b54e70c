"""The learning-rate finder as a run: the first stage's batches at growing rates, then what the curve suggests."""

from __future__ import annotations

from studio.core.events import Concern, LrFound, LrPoint, StageStarted
from studio.core.outcome import OutcomeKind
from studio.ml.callbacks.fitting_memory import divided_sentence, lowered_sentence
from studio.ml.control import StopRequested
from studio.ml.data.batches import SplitBatches
from studio.ml.lr_finder import Sweep, SweepPoint, find_learning_rate
from studio.ml.parameter_groups import begin_stage
from studio.ml.short_runs.workplace import Workplace


def find_rate(at: Workplace) -> OutcomeKind:
    """Raises what a training step may raise; the network is as before."""
    stage = at.stage
    at.tell_doing(f"A batch of {stage.batch_size} {stage.size_in_words}")
    try:
        batches = at.source.load_train(0)
    except StopRequested:
        return OutcomeKind.STOPPED
    begin_stage(at.network, stage)
    at.log.emit(
        StageStarted(
            stage=0,
            epochs=stage.epochs,
            height=stage.height,
            width=stage.width,
            batch_size=stage.batch_size,
            frozen=stage.frozen,
            unfrozen=stage.unfrozen,
            language=stage.language,
        )
    )
    try:
        sweep = _sweep(at, batches)
    finally:
        batches.images.close()
    at.log.emit(LrFound(suggestions=sweep.suggestions(), stopped=sweep.stopped))
    return OutcomeKind.STOPPED if sweep.stopped == "cancelled" else OutcomeKind.FINISHED


def _sweep(at: Workplace, batches: SplitBatches) -> Sweep:
    def say(point: SweepPoint) -> None:
        at.log.emit(LrPoint(step=point.step, lr=point.lr, loss=point.loss, smoothed=point.smoothed))

    def divided(step: int, parts: int) -> None:
        at.warn(divided_sentence(at.stage, step=step, parts=parts), Concern.MEMORY)

    def lowered(step: int) -> None:
        at.warn(lowered_sentence(at.stage, step=step, precision=at.precision.precision), Concern.MEMORY)

    return find_learning_rate(
        at.network,
        objective=at.objective,
        batches=batches,
        precision=at.precision,
        make_optimizer=at.make_optimizer,
        on_point=say,
        check=at.commands.check,
        parts=at.spec.parts,
        choice=at.spec.on_memory,
        divided=divided,
        lowered=lowered,
    )
