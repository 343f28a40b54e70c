"""The options of `studio [PROJECT]`, which opens the window: read by argparse, because typer would cost its start."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path

from studio.cli.names import COMMANDS
from studio.core.errors import BadInput
from studio.ui.options import WindowOptions

TOOLS = (
    "brush", "eraser", "polygon", "lasso", "rectangle", "ellipse", "fill", "region", "wand", "scissors", "grabcut",
    "superpixels", "pick", "hand", "point",
)  # fmt: skip
PAGES = ("label", "train", "review", "cards")


def read_window_options(arguments: Sequence[str]) -> WindowOptions:
    """Ends the process with code 2 and a usage line for an option that does not exist. Raises BadInput for a project
    that is not there."""
    parser = argparse.ArgumentParser(
        prog="studio",
        usage="studio [PROJECT] [options]   or   studio COMMAND --help",
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("project", nargs="?", type=Path)
    parser.add_argument("--item")
    parser.add_argument("--tool", choices=TOOLS)
    parser.add_argument("--brush-size", type=_brush_size, metavar="PX")
    parser.add_argument("--class", dest="label_class", metavar="NAME")
    parser.add_argument("--page", choices=PAGES)
    options = parser.parse_args(arguments)
    project = options.project
    return WindowOptions(
        project=_folder(project) if project is not None else None,
        item=options.item,
        tool=options.tool,
        brush_size=options.brush_size,
        label_class=options.label_class,
        page=options.page,
    )


def _folder(project: Path) -> Path:
    """A file stands for the folder it lies in: a project's studio.toml, a data set's codes.txt, a picture; but not
    an annotation file, which is imported for itself."""
    if not project.exists():
        raise _not_there(str(project))
    if project.is_dir():
        return project.absolute()
    from studio.formats import is_annotation_file

    return project.absolute() if is_annotation_file(project) else project.absolute().parent


def _brush_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{text} is not a diameter from 1 to 4096 pixels")
    return int(text)


def _not_there(name: str) -> BadInput:
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    if near:
        return BadInput(f"There is no project or command {name}; did you mean `studio {near[0]}`?")
    return BadInput(f"{name} does not exist; name a project, a folder of images, or a command from `studio --help`.")
