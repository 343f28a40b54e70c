"""`studio COMMAND`: every command with one line, errors as one sentence, exit code 0 done, 2 bad input, 1 failed."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import msgspec
import typer
from typer.exceptions import TyperException

from studio import __version__
from studio.cli import (
    cards,
    check,
    data,
    decisions,
    demo,
    doctor,
    export_model,
    fine_tune,
    history,
    keep,
    label_errors,
    predict,
    production_errors,
    queue,
    report,
    review,
    steer,
    tensorboard,
    training,
)
from studio.cli.window_args import PAGES, TOOLS
from studio.core.errors import StudioError

_CONTEXT = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="studio",
    help="Label images, train a model, see what it gets wrong, fix the labels, fine-tune on the fixes.\n\n"
    "`studio [PROJECT]` opens the window; --item NAME, --tool TOOL, --brush-size PX, --class NAME and "
    f"--page {'|'.join(PAGES)} say on what.\n\nThe tools are {', '.join(TOOLS)}.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=_CONTEXT,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Relearn Studio {__version__}")
        raise typer.Exit


@app.callback()
def _studio(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    pass


app.command("demo", short_help="Make the sample project and open it.")(demo.demo)
app.command("import", short_help="Bring a data set or a folder of images into a project.")(data.import_)
app.command("export", short_help="Write a project's labels in another program's layout.")(data.export)
app.command("check", short_help="Say what would spoil a run, before it is started.")(check.check)
app.command("lr-find", short_help="Find learning rates: loss against rate, with suggestions.")(training.lr_find)
app.command("train", short_help="Train a model on a project's labels.")(training.train)
app.command("steer", short_help="Lower the rate of a run that goes on, add an epoch, pause or stop it.")(steer.steer)
app.command("review", short_help="List the items that a run got worst.")(review.review)
app.command("decide", short_help="Say about reviewed items: accept, label-right, leave-out, relabel, ask or answer.")(
    decisions.decide
)
app.command("decisions", short_help="List what was decided about runs' mistakes: who, when, what changed.")(
    decisions.decisions
)
app.command("production-errors", short_help="Bring in what a model got wrong out there, scored by it.")(
    production_errors.production_errors
)
app.command("fine-tune", short_help="Train a run on, on the corrections it led to.")(fine_tune.fine_tune)
app.command("report", short_help="Say what a fine-tuning fixed and broke, item by item.")(report.report)
app.command("history", short_help="The rounds of the loop: labels, minutes, validation metric.")(history.history)
app.command("keep", short_help="Go on with a fine-tuned run's model, or with the one before.")(keep.keep)
app.command("label-errors", short_help="List labels that are probably wrong, with what is proposed.")(
    label_errors.label_errors
)
app.command("predict", short_help="Label pictures with a run's model.")(predict.predict)
app.command("queue", short_help="Say what to label next, by a run's model.")(queue.queue)
app.command("export-model", short_help="Write a model to a folder: weights, program, model card.")(
    export_model.export_model
)
app.command("tensorboard", short_help="Write runs as files that TensorBoard shows.")(tensorboard.tensorboard)
app.command("cards", short_help="Tricks of lesson 3 and after: search and read them.")(cards.cards)
app.command("doctor", short_help="Versions, devices, what is missing and how to get it.")(doctor.doctor)


@app.command("worker", short_help="The engine's child process; the program starts it by itself.")
def _worker() -> None:
    """Reads a run's start from standard input and carries it out. The program starts it by itself."""
    from studio.ml.worker import main

    raise typer.Exit(main())


def _speak_everywhere(*, as_json: bool) -> None:
    """No console is too old for our sentences: what it cannot show becomes a question mark. JSON is always UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if as_json else stream.encoding, errors="replace")


def run_command(arguments: Sequence[str]) -> int:
    """Carry a command out and return the exit code; a StudioError becomes its sentence."""
    as_json = "--json" in arguments
    _speak_everywhere(as_json=as_json)
    try:
        code = app(args=list(arguments), prog_name="studio", standalone_mode=not as_json)
        return code if isinstance(code, int) else 0
    except StudioError as error:
        return _failed(error.sentence, error.exit_code, as_json=as_json)
    except TyperException as error:  # wrong words, which typer tells people itself
        return _failed(error.format_message(), error.exit_code, as_json=as_json)
    except typer.Abort:
        return _failed("Interrupted.", 1, as_json=as_json)
    except SystemExit as end:  # how typer leaves, also when all went well
        return end.code if isinstance(end.code, int) else int(end.code is not None)


def _failed(sentence: str, exit_code: int, *, as_json: bool) -> int:
    if as_json:
        line = {"event": "failed", "sentence": sentence, "exit_code": exit_code}
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    else:
        sys.stderr.write(f"{sentence}\n")
    return exit_code
