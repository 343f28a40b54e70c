"""`studio export-model`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import JsonOption
from studio.cli.output import Output


def export_model(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="A run's folder, such as PROJECT/runs/0003.", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new folder of the model.", show_default=False)],
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write model.onnx.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a run's model to a folder of its own: weights, classes, a torch.export program and a model card.

    Each program is checked against PyTorch on pictures of the run before the folder appears.
    """
    from studio.ml.exporting import export_model as export

    output = Output(as_json=as_json)
    with output.progress("Exporting") as progress:
        exported = export(run, out, onnx=onnx, progress=progress)
    checked = ", ".join(f"{name} differs by at most {value:.1e}" for name, value in exported.differences.items())
    output.result(
        "exported",
        f"{out} has the model; against PyTorch on pictures of the run {checked}.",
        out=str(out.absolute()),
        differences=exported.differences,
    )
