"""`studio queue`: what to label next."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from studio.cli import run_watch
from studio.cli.options import DeviceOption, JsonOption, ProjectArgument
from studio.cli.output import Output
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.events import Progress, Proposed, Ranked, Warned
from studio.core.label_queue import QUEUE_PLACES
from studio.core.likely_device import require_device
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.engine import Run
from studio.store import Store
from studio.store.job_making import make_queue_job, preferred_run, remove_job


def queue(
    project: ProjectArgument,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="The run whose model chooses; by default the kept one, else the newest.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", help="How many.", min=1)] = QUEUE_PLACES,
    at_random: Annotated[
        bool, typer.Option("--at-random", help="Draw them instead: what the model's choice can be compared with.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed may choose others.", min=0)] = 0,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Choose the training items to label next: those that a run's model is least sure about, unlike each other and
    unlike what is labelled. The Label page has them as a queue, each with the model's proposal; nothing is a label
    until you accept it."""
    require_device(device)
    output = Output(as_json=as_json)
    with Store.open(project) as store:
        chosen = run if run is not None else _kept_or_newest(store)
        store.run(chosen)
        outcome = _carry_out(store, chosen, output, places=top, seed=seed, at_random=at_random, device=device)
        if outcome.kind is not OutcomeKind.FINISHED:
            output.result("outcome", outcome.sentence, kind=outcome.kind)
        if outcome.learnt_something:
            _tell(store, output)
    raise typer.Exit(run_watch.exit_code(outcome))


def _kept_or_newest(store: Store) -> str:
    run = preferred_run(store)
    if run is None:
        raise BadInput("No run of this project has learnt anything yet; train one, then it says what to label next.")
    return run


def _carry_out(
    store: Store, run: str, output: Output, *, places: int, seed: int, at_random: bool, device: str
) -> RunOutcome:
    folder = make_queue_job(store.root, run, places=places, seed=seed, at_random=at_random)
    engine = run_watch.make_engine()
    try:
        job = engine.propose(folder, device=device)
        with _stopping(job):
            _keep(store, run, job, output, at_random=at_random)
        outcome = job.wait()
    finally:
        engine.close()
        remove_job(folder)
    assert outcome is not None
    return outcome


def _keep(store: Store, run: str, job: Run, output: Output, *, at_random: bool) -> None:
    """What the worker says goes into the project as it comes."""
    problems: list[str] = []
    with output.progress("What to label next") as progress:
        for event in job.events():
            if isinstance(event, Ranked):
                store.queue.replace("" if at_random else run, event.queue)
            elif isinstance(event, Proposed):
                store.proposals.keep(run, event)
            elif isinstance(event, Progress):
                progress(event.done, event.total)
            elif isinstance(event, Warned):
                problems.append(event.sentence)
    output.problems(problems)


@contextmanager
def _stopping(job: Run) -> Iterator[None]:
    """Ctrl+C once: stop, and keep what was proposed by then; twice: leave at once."""

    def pressed(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        job.stop()

    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(store: Store, output: Output) -> None:
    queued = store.queue.left()
    items = store.items([one.item for one in queued])
    state = store.queue.state()
    rows: list[tuple[str, ...]] = []
    for place, (one, item) in enumerate(zip(queued, items, strict=True), start=1):
        output.event("queued", place=place, item=item.id, name=item.name, uncertainty=one.uncertainty)
        rows.append((str(place), item.name, f"{one.uncertainty:.1%}" if one.uncertainty is not None else "–"))
    output.table(("#", "item", "uncertain"), rows)
    by = f"chosen by run {state.run}" if state.run else "drawn at random"
    output.result(
        "queue",
        f"{counted(state.left, 'item')} to label next, {by}; Ctrl+J on the Label page goes from one to the next."
        if state.left
        else "Nothing is queued.",
        run=state.run,
        items=state.left,
    )
