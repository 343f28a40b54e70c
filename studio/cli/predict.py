"""`studio predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import DeviceOption, JsonOption
from studio.cli.output import Output


def predict(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="A run's folder, such as PROJECT/runs/0003.", show_default=False)
    ],
    images: Annotated[
        Path, typer.Argument(metavar="IMAGES", help="A picture, or a folder of them.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the answers go.", show_default=False)],
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Label pictures with a run's model: masks as PNG, keypoints as points.csv. The project itself is not needed."""
    from studio.ml.predict import predict as predict_on

    output = Output(as_json=as_json)
    problems: list[str] = []
    with output.progress("Predicting") as progress:
        written = predict_on(run, images, out, device=device, progress=progress, warn=problems.append)
    output.problems(problems)
    output.result(
        "predicted", f"{out} has {len(written):,} new files.", out=str(out.absolute()), files=[str(p) for p in written]
    )
