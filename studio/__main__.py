"""The two doors: the window, or the command line. The way to the window loads nothing that it does not need."""

from __future__ import annotations

import sys


def main() -> int:
    """What `studio` runs; returns the exit code: 0 done, 2 bad input, 1 failed."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    if first == "worker":
        from studio.ml.worker import main as work

        return work()
    if first == "make-tiles":
        from studio.core.pyramid_maker import main as make_tiles

        return make_tiles(arguments[1:])
    if first == "scribbler":
        from studio.scribble.worker import main as scribble

        return scribble()
    from studio.cli.names import COMMANDS, GLOBAL_OPTIONS

    if first in COMMANDS or first in GLOBAL_OPTIONS:
        from studio.cli.app import run_command

        return run_command(arguments)
    return _open_window(arguments)


def _open_window(arguments: list[str]) -> int:
    from studio.cli.window_args import read_window_options
    from studio.core.errors import StudioError

    try:
        options = read_window_options(arguments)
        from studio.ui.app import run

        return run(options)
    except StudioError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
