"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProjectArgument = Annotated[Path, typer.Argument(metavar="PROJECT", help="The project's folder.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")]
RunOption = Annotated[str, typer.Option("--run", metavar="RUN", help="The run, such as 0003.", show_default=False)]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
TensorboardOption = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Also write what the run says to DIR/RUN, for TensorBoard."),
]
