"""A run in words: what it is doing, how fast, how it ended, how it did. No Qt."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from studio.core.counting import counted
from studio.core.events import BatchTried, Metric, Progress
from studio.core.learning_words import weights_sentence
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import Judge, Purpose, RunSpec
from studio.ui.run_control import RunState
from studio.ui.run_history import RunHistory
from studio.ui.train.curves import value_text
from studio.ui.train.rates import rate_text
from studio.ui.train.summary import duration

_RUN_STATES = {RunState.PREPARING: "Preparing", RunState.STOPPING: "Stopping after this batch"}


@dataclass(frozen=True, kw_only=True)
class HeaderWords:
    """`share` is how much is done, 0–1, or None while nobody can tell."""

    title: str
    facts: str
    share: float | None
    weights: str = ""
    """What the network started from, in a sentence that gives reasons, and how much each class weighs."""


def live_words(run: str, state: RunState, history: RunHistory, preparing: str = "") -> HeaderWords:
    """The line over the plots while a run is going."""
    title = _live_title(state, history)
    name = f"Run {run}: " if run and state is not RunState.PREPARING else ""
    facts = preparing if state is RunState.PREPARING else "  ·  ".join(_live_facts(history))
    return HeaderWords(title=f"{name}{title}", facts=facts, share=_share(history), weights=_weights(history))


def recorded_words(run: str, spec: RunSpec, outcome: RunOutcome | None, history: RunHistory | None) -> HeaderWords:
    """The line over the plots of a run that is over."""
    facts: list[str] = []
    if history is not None:
        figure = figure_text(history)
        facts += [figure] if figure else []
        facts += _where(history)
    asked = epochs_asked(history) if history is not None else ""
    title = f"Run {run}: {purpose_text(spec, asked)}, {outcome.kind if outcome else 'no end recorded'}"
    weights = _weights(history) if history is not None else ""
    return HeaderWords(title=title, facts="  ·  ".join(facts), share=None, weights=weights)


def figure_text(history: RunHistory) -> str:
    """Pixel accuracy 0.727 (best 0.741 after epoch 9), or the rate or batch that a finder suggests; empty when there is
    neither."""
    end, best = history.end(), history.best()
    if end is not None and best is not None:
        (metric, epoch), (highest, best_epoch) = end, best
        at_best = f" (best {value_text(highest.value)} after epoch {best_epoch})" if epoch != best_epoch else ""
        return f"{metric.name} {value_text(metric.value)}{at_best}"
    if history.batch_found is not None:
        return f"suggests a batch of {history.batch_found.batch_size}"
    valley = history.suggestion("valley") or next((s.lr for s in history.suggestions), None)
    return f"suggests {rate_text(valley)}" if valley is not None else ""


def end_figure(history: RunHistory) -> str:
    """What the model reaches that the run left, alone, for a narrow list: 0.727, or the rate or batch that a finder
    suggests."""
    end = history.end()
    if end is not None:
        return value_text(end[0].value)
    if history.batch_found is not None:
        return f"{history.batch_found.batch_size}"
    valley = history.suggestion("valley") or next((s.lr for s in history.suggestions), None)
    return rate_text(valley) if valley is not None else ""


def latest_metrics(history: RunHistory) -> list[Metric]:
    return history.epochs[-1].metrics if history.epochs else []


def purpose_text(spec: RunSpec, epochs_asked: str = "") -> str:
    """10 epochs, rate finder, batch size, or fine-tuning; with `epochs_asked` where a person added some."""
    if spec.purpose is Purpose.LR_FIND:
        return "rate finder"
    if spec.purpose is Purpose.PROBE:
        return "batch size"
    if spec.purpose is Purpose.SCORE:
        return "production errors"
    if spec.label_errors is not None:
        folds = spec.label_errors.folds
        return f"label errors, {counted(folds, 'fold')}" if folds else f"label errors of run {spec.parent}"
    epochs = sum(stage.epochs for stage in spec.stages)
    count = epochs_asked or counted(epochs, "epoch")
    return f"fine-tuning, {count}" if spec.fine_tune is not None else count


def trains_no_network(spec: RunSpec) -> bool:
    """Whether it only asks a model that is there, about production errors or validation labels, or judges texts by
    their words: no batch or epoch comes that a curve could show."""
    if spec.purpose is Purpose.SCORE:
        return True
    search = spec.label_errors
    return search is not None and (not search.folds or search.by is Judge.WORDS)


def review_text(spec: RunSpec) -> str:
    """What the Review page has to show of a run that ended."""
    if spec.purpose is Purpose.SCORE:
        return "Look through the errors"
    if spec.label_errors is not None:
        return "See the suspicious labels"
    return "Compare before and after" if spec.fine_tune is not None else "Review the worst items"


def probe_text(history: RunHistory | None) -> str:
    """What a run that looks for a batch size has tried so far, a line each, in the place of curves."""
    if history is None or not history.batches_tried:
        return "Batches of growing size are tried; what each does appears here."
    found = history.batch_found
    return "\n".join([*map(_tried_text, history.batches_tried), *(["", found.sentence] if found is not None else [])])


def _tried_text(tried: BatchTried) -> str:
    speed = f"{tried.images_per_second:,.3g} a second" if tried.fits else "do not fit into memory"
    return f"{tried.batch_size} together: {speed}"


def steered_text(history: RunHistory) -> str:
    """What a person made otherwise while the run went on, `2 + 1 epochs, rates ÷ 3`; empty where nothing."""
    rates = f"rates ÷ {history.rate_divisor:g}" if history.rate_divisor > 1 else ""
    return ", ".join(part for part in (epochs_asked(history), rates) if part)


def epochs_asked(history: RunHistory) -> str:
    """Those of the recipe and those that were added: 2 + 1 epochs; empty where none was."""
    if history.started is None or history.epochs_added <= 0:
        return ""
    return f"{history.started.epochs - history.epochs_added} + {history.epochs_added} epochs"


def outcome_text(outcome: RunOutcome | None, *, is_live: bool) -> str:
    if is_live:
        return "running"
    return str(outcome.kind) if outcome is not None else "no end recorded"


def outcome_role(outcome: RunOutcome | None, *, is_live: bool) -> str:
    """The theme's colour role for a run's state."""
    if is_live:
        return "accent"
    if outcome is None or outcome.kind is OutcomeKind.STOPPED:
        return "warning"
    return "ok" if outcome.kind is OutcomeKind.FINISHED else "danger"


def date_text(when: dt.datetime, now: dt.datetime) -> str:
    """14:03 today, otherwise the day: 3 Nov 14:03, 3 Nov 2025."""
    if when.date() == now.date():
        return f"{when:%H:%M}"
    if when.year == now.year:
        return f"{when.day} {when:%b %H:%M}"
    return f"{when.day} {when:%b %Y}"


def _live_title(state: RunState, history: RunHistory) -> str:
    if state in _RUN_STATES:
        return _RUN_STATES[state]
    started, step = history.started, history.last_step
    if started is None:
        return "Starting"
    if history.progress is not None:
        return _progress_title(history.progress)
    if started.purpose == Purpose.LR_FIND:
        doing = "Finding the learning rate"
    elif started.purpose == Purpose.PROBE:
        doing = "Trying batches of growing size"
    elif started.purpose == Purpose.SCORE:
        doing = "Scoring production errors"
    elif started.purpose == Purpose.LABEL_ERRORS:
        at = f", epoch {step.epoch} of {started.epochs}" if step is not None and history.ending is None else ""
        doing = f"Looking for label errors{at}"
    elif history.ending is not None:
        doing = "Finishing"
    else:
        doing = f"Training epoch {step.epoch if step is not None else 1} of {started.epochs}"
    return f"Paused in epoch {step.epoch}" if state is RunState.PAUSED and step is not None else doing


def _progress_title(progress: Progress) -> str:
    what = progress.what[:1].upper() + progress.what[1:]
    return f"{what} {progress.done:,} of {progress.total:,}" if progress.total > 1 else what


def _live_facts(history: RunHistory) -> list[str]:
    facts: list[str] = []
    step = history.last_step
    if step is not None:
        facts.append(f"{counted(round(step.images_per_second), 'image')} a second")
        if step.seconds_left > 0:
            facts.append(f"{duration(step.seconds_left)} left")
    if history.batch_tried is not None:
        facts.append(_tried_text(history.batch_tried))
    facts += [f"{metric.name} {value_text(metric.value)}" for metric in latest_metrics(history)[:1]]
    return [*facts, *_where(history)]


def _where(history: RunHistory) -> list[str]:
    started = history.started
    if started is None:
        return []
    weighed = ["classes weighed"] if started.class_weights else []
    return [*_lowered(history), _in_short(started.weights), *weighed, f"{started.device}, {started.precision}"]


def _lowered(history: RunHistory) -> list[str]:
    """How often the run went back, and what is left of its rates after that and after a person lowered them."""
    back = history.went_back
    divisor = history.rate_divisor * (back.rate_divisor if back is not None else 1)
    rates = [f"rates ÷ {divisor:g}"] if divisor > 1 else []
    if back is None:
        return rates
    times = "once" if back.returns == 1 else f"{back.returns} times"
    return [", ".join([f"went back {times}", *rates])]


def _weights(history: RunHistory) -> str:
    started = history.started
    return f"{started.weights} {weights_sentence(started.class_weights)}".strip() if started is not None else ""


def _in_short(weights: str) -> str:
    """`from scratch` of a sentence that begins so."""
    short = re.split(r"[:,;(.]", weights, maxsplit=1)[0].strip()
    return short[:1].lower() + short[1:]


def _share(history: RunHistory) -> float | None:
    started = history.started
    if started is None:
        return None
    if history.progress is not None:
        return history.progress.done / max(1, history.progress.total)
    done = history.last_step.step if history.last_step is not None else len(history.lr_rates)
    return done / max(1, started.steps)
