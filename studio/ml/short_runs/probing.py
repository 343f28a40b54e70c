"""The probe as a run: a few steps with batches of growing size, then which size to take."""

from __future__ import annotations

from studio.core.events import BatchFound, BatchTried
from studio.core.outcome import OutcomeKind
from studio.ml.batch_probe import SMALLEST, Tried, best_size, found_sentence, probe_batch_size
from studio.ml.control import StopRequested
from studio.ml.parameter_groups import begin_stage
from studio.ml.short_runs.workplace import Workplace


def probe(at: Workplace) -> OutcomeKind:
    """Raises what a training step may raise, where not even the smallest batch fits."""

    def say(tried: Tried) -> None:
        at.log.emit(
            BatchTried(
                batch_size=tried.batch_size,
                fits=tried.fits,
                images_per_second=tried.images_per_second,
                memory=tried.memory,
            )
        )

    at.tell_doing(f"A batch of {SMALLEST} {at.stage.size_in_words}")
    try:
        batches = at.source.load_train(0)
    except StopRequested:
        return OutcomeKind.STOPPED
    begin_stage(at.network, at.stage)
    try:
        tried = probe_batch_size(
            at.network,
            objective=at.objective,
            batches=batches,
            precision=at.precision,
            make_optimizer=at.make_optimizer,
            device=at.device,
            on_tried=say,
            check=at.commands.check,
            parts=at.spec.parts,
        )
    except StopRequested:
        return OutcomeKind.STOPPED
    finally:
        batches.images.close()
    at.log.emit(BatchFound(batch_size=best_size(tried), sentence=found_sentence(tried, at.stage)))
    return OutcomeKind.FINISHED
