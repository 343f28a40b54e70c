"""`studio predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.options import DeviceOption, JsonOption
from studio.cli.output import Output
from studio.core.errors import BadInput
from studio.store import Store
from studio.store.settings_file import SETTINGS_FILE


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_DIR|PROJECT",
            help="A run's folder, such as PROJECT/runs/0003; of a project the kept model, else the newest.",
            show_default=False,
        ),
    ],
    images: Annotated[
        Path, typer.Argument(metavar="IMAGES", help="A picture, or a folder of them.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the answers go.", show_default=False)],
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Label pictures with a run's model: masks as PNG, keypoints as points.csv. Its folder is enough, without a
    project."""
    from studio.ml.predict import predict as predict_on

    output = Output(as_json=as_json)
    run = _run_of(run)
    problems: list[str] = []
    with output.progress("Predicting") as progress:
        written = predict_on(run, images, out, device=device, progress=progress, warn=problems.append)
    output.problems(problems)
    output.result(
        "predicted", f"{out} has {len(written):,} new files.", out=str(out.absolute()), files=[str(p) for p in written]
    )


def _run_of(folder: Path) -> Path:
    """The folder of the run to predict with where `folder` is a project. Raises BadInput where none has a model."""
    if not (folder / SETTINGS_FILE).is_file():
        return folder
    with Store.open(folder) as store:
        record = store.model_run()
    if record is None:
        raise BadInput(f"No run of {folder} has a model yet; train one with `studio train {folder}`.")
    return record.folder
