"""Watching a run on the terminal: a bar and a line an epoch for people, every event for programs, Ctrl+C to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from studio.cli.cards import listening, tell_dealt
from studio.cli.output import Output
from studio.cli.tensorboard_beside import Hear, require_tensorboard_for, written_beside
from studio.core.cards import Card
from studio.core.counting import counted
from studio.core.errors import RunIsTaken, StudioError
from studio.core.events import (
    BatchFound,
    BatchTried,
    EpochAdded,
    EpochEnd,
    LrFound,
    LrPoint,
    RateLowered,
    RunEvent,
    StageStarted,
    Started,
    Step,
    Warned,
    WentBack,
    encode_event,
)
from studio.core.events import (
    Progress as ProgressEvent,
)
from studio.core.learning_words import weights_sentence
from studio.core.likely_device import require_device
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import Purpose, RunSpec, size_in_words
from studio.core.review import SCORES_FILE
from studio.core.run_lock import is_held
from studio.engine import Engine, LocalEngine, Run
from studio.store import RunRecord, Store

_SCORED = frozenset({Purpose.TRAIN, Purpose.SCORE, Purpose.LABEL_ERRORS})
"""Runs whose items can be reviewed."""

EXIT_CODES = {OutcomeKind.FINISHED: 0, OutcomeKind.STOPPED: 0, OutcomeKind.BAD_INPUT: 2}


def make_engine() -> Engine:
    """The engine that commands use; a test puts another one here."""
    return LocalEngine(keep_warm=False)


def carry_out(
    store: Store, spec: RunSpec, output: Output, *, device: str, tensorboard: Path | None = None
) -> tuple[RunRecord, RunOutcome]:
    """Make a run of `spec`, watch it to its end, and keep its outcome and scores in the project. `tensorboard` is the
    folder below which what it says is written for TensorBoard.

    Raises NothingToTrainOn, UnknownRun, CannotWrite, MissingPackage, and BadInput for a device that is not there before
    it starts, and then there is no run; afterwards the outcome says what happened.
    """
    require_device(device)
    require_tensorboard_for(tensorboard)
    record = store.create_run(spec)
    with ExitStack() as opened:
        try:
            hear = opened.enter_context(written_beside(record, tensorboard, output.warned))
        except StudioError:
            store.delete_run(record.id)
            raise
        return _watch(store, record, output, hear, device=device, resume=False)


def watch(
    store: Store,
    record: RunRecord,
    output: Output,
    *,
    device: str,
    resume: bool,
    tensorboard: Path | None = None,
) -> tuple[RunRecord, RunOutcome]:
    """Start the run in `record`'s folder and stay until it has ended. Raises RunIsTaken while another program does,
    CannotWrite, MissingPackage, and BadInput for a device that is not there."""
    require_device(device)
    require_tensorboard_for(tensorboard)
    if is_held(record.folder):
        raise RunIsTaken(record.folder)
    with written_beside(record, tensorboard, output.warned) as hear:
        return _watch(store, record, output, hear, device=device, resume=resume)


def _watch(
    store: Store,
    record: RunRecord,
    output: Output,
    hear: Hear,
    *,
    device: str,
    resume: bool,
) -> tuple[RunRecord, RunOutcome]:
    output.event("run", run=record.id, folder=str(record.folder), purpose=record.spec.purpose)
    output.say(f"Run {record.id} in {record.folder}")
    engine = make_engine()
    dealt: list[tuple[Card, str]] = []
    try:
        run = engine.submit(record.folder, resume=resume, device=device)
        with _stoppable(run, output):
            _show(listening(_heard(run, hear), record.spec, dealt), output)
        outcome = run.wait()
    finally:
        engine.close()
    assert outcome is not None  # without a timeout it waits for the end
    store.set_outcome(record.id, outcome)
    if outcome.learnt_something and record.spec.purpose in _SCORED and _has_scores(record.folder):
        store.review.load_scores(record.id)
    tell_dealt(dealt, output)
    output.event(
        "outcome",
        run=record.id,
        kind=outcome.kind,
        sentence=outcome.sentence,
        remedy=outcome.remedy,
        purpose=record.spec.purpose,
    )
    output.say(outcome.sentence, style=None if outcome.learnt_something else "red")
    return store.run(record.id), outcome


def exit_code(outcome: RunOutcome) -> int:
    return EXIT_CODES.get(outcome.kind, 1)


def _has_scores(folder: Path) -> bool:
    return (folder / SCORES_FILE).is_file()


@contextmanager
def _stoppable(run: Run, output: Output) -> Iterator[None]:
    """Ctrl+C once: stop and keep; twice: kill."""
    presses = 0

    def pressed(*_: object) -> None:
        nonlocal presses
        presses += 1
        if presses == 1:
            run.stop()
            output.say(
                "Stopping after this batch; what was learnt is kept. Ctrl+C again ends it at once.", style="yellow"
            )
        else:
            run.kill()

    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _heard(run: Run, hear: Hear) -> Iterator[RunEvent]:
    for event in run.events():
        hear(event)
        yield event


def _show(events: Iterator[RunEvent], output: Output) -> None:
    if output.as_json:
        for event in events:
            output.line(encode_event(event))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"), TimeElapsedColumn())
    with Progress(*columns, console=output.console, transient=True) as bars:
        view = _View(output, bars, bars.add_task("Starting", total=None, figures=""))
        for event in events:
            view.show(event)


class _View:
    """One bar for what goes on now, one printed line for what stays."""

    def __init__(self, output: Output, bars: Progress, bar: TaskID) -> None:
        self._output = output
        self._bars = bars
        self._bar = bar
        self._purpose = ""
        self._epochs = 0
        self._steps = 0

    def show(self, event: RunEvent) -> None:
        for kind, shown in self._kinds().items():
            if isinstance(event, kind):
                shown(event)

    def _kinds(self) -> dict[type, Callable[..., None]]:
        return {
            Started: self._started,
            StageStarted: self._stage,
            Step: self._step,
            EpochEnd: self._epoch,
            LrPoint: self._lr_point,
            LrFound: self._lr_found,
            BatchTried: self._batch_tried,
            BatchFound: lambda event: self._output.say(event.sentence),
            ProgressEvent: self._progress,
            Warned: self._output.warned,
            RateLowered: self._lowered,
            EpochAdded: self._epoch_added,
            WentBack: lambda event: self._output.say(f"! {event.sentence}", style="yellow"),
        }

    def _started(self, event: Started) -> None:
        self._purpose, self._epochs, self._steps = event.purpose, event.epochs, event.steps
        self._output.say(
            f"{event.train_items:,} training and {event.valid_items:,} validation items on {event.device} in "
            f"{event.precision}; {event.parameters / 1e6:.1f} million parameters. {event.weights}"
        )
        if event.class_weights:
            self._output.say(weights_sentence(event.class_weights))
        if event.resumed_at:
            self._output.say(f"Resumed after step {event.resumed_at:,} of {event.steps:,}.")

    def _lowered(self, event: RateLowered) -> None:
        self._output.say(f"After step {event.step:,} every rate is divided by {event.rate_divisor:g}.")

    def _epoch_added(self, event: EpochAdded) -> None:
        self._epochs, self._steps = event.total_epochs, event.total_steps
        self._output.say(f"Stage {event.stage + 1} now has {counted(event.epochs, 'epoch')}.")

    def _stage(self, event: StageStarted) -> None:
        if self._purpose == Purpose.LR_FIND:
            return
        self._output.say(
            f"Stage {event.stage + 1}: {counted(event.epochs, 'epoch')} of {size_in_words(event.height, event.width)}, "
            f"batch {event.batch_size}{_what_learns(event)}"
        )

    def _step(self, event: Step) -> None:
        self._bars.update(
            self._bar,
            description=f"Epoch {event.epoch}/{self._epochs}",
            total=self._steps,
            completed=event.step,
            figures=f"loss {event.smoothed:.4f}  lr {event.lrs[-1]:.2g}  {event.images_per_second:.0f} images/s  "
            f"{_duration(event.seconds_left)} left",
        )

    def _epoch(self, event: EpochEnd) -> None:
        metrics = "  ".join(f"{m.name} {m.value:.4g}" for m in event.metrics)
        self._output.say(
            f"epoch {event.epoch:>3}  train {event.train_loss:.4f}  valid {event.valid_loss:.4f}  {metrics}  "
            f"{_duration(event.seconds)}"
        )

    def _lr_point(self, event: LrPoint) -> None:
        self._bars.update(
            self._bar,
            description="Finding rates",
            total=self._steps or None,
            completed=event.step,
            figures=f"lr {event.lr:.2g}  loss {event.smoothed:.4f}",
        )

    def _batch_tried(self, event: BatchTried) -> None:
        speed = f"{event.images_per_second:.3g}/s" if event.fits else "too large"
        self._bars.update(
            self._bar, description=f"Batches of {event.batch_size}", total=None, completed=0, figures=speed
        )

    def _lr_found(self, event: LrFound) -> None:
        rows = [(s.rule, f"{s.lr:.2e}") for s in event.suggestions]
        self._output.table(("suggestion", "learning rate"), rows)
        if not rows:
            self._output.say(f"The sweep gave no suggestion ({event.stopped}); try a smaller batch or another seed.")

    def _progress(self, event: ProgressEvent) -> None:
        self._bars.update(
            self._bar,
            description=event.what,
            total=event.total,
            completed=event.done,
            figures=f"{event.done:,}/{event.total:,}",
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _what_learns(event: StageStarted) -> str:
    if event.language:
        return ", the language model"
    if event.frozen:
        return ", encoder frozen"
    return f", the last {event.unfrozen} parameter groups" if event.unfrozen else ""
