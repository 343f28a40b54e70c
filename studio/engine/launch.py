"""How a worker is started: its command line, its environment, and what sets it apart from the program's own process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import studio

_NICENESS: Final = 10

_KEPT_BYTES: Final = 2**30
"""Memory up to this size stays with the process when it is freed. glibc would give each large tensor back to the system
and get it again in the next step, page by page, which takes a tenth of the time of a step on the processor."""


def worker_command() -> list[str]:
    """The program itself, as a worker: through the interpreter, or the frozen bundle's own file."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "worker"]
    return [sys.executable, "-m", "studio", "worker"]


def scribbler_command() -> list[str]:
    """The program itself, as the worker that learns from strokes, which never loads PyTorch."""
    return [*worker_command()[:-1], "scribbler"]


def worker_environment() -> dict[str, str]:
    """The environment of a worker.

    It never imports from the folder that the program happens to be started in, because a folder of pictures may hold a
    `torch.py`; it has no Qt, not even through a plotting library; and a crash in native code leaves a traceback.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "QML_"))}
    environment |= {
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "agg",
        "MALLOC_MMAP_THRESHOLD_": str(_KEPT_BYTES),
        "MALLOC_TRIM_THRESHOLD_": str(_KEPT_BYTES),
    }
    home = Path(studio.__file__).resolve().parents[1]
    if not getattr(sys, "frozen", False) and home not in _installed_packages():
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(home), known] if known else [str(home)])
    return environment


def _installed_packages() -> set[Path]:
    """Where the interpreter looks for packages anyway."""
    return {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}


def start_worker(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker with three pipes and nothing else of this process, at a lower priority. Raises OSError.

    It gets a process group of its own: Ctrl+C in the terminal is for the program, which then asks the worker to stop.
    Not a session of its own, because Linux weighs the sessions first and would give its niceness no meaning.
    """
    if sys.platform == "win32":
        flags = (
            subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            close_fds=True,
            creationflags=flags,
        )
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        close_fds=True,
        process_group=0,
    )
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    return process


def wait_for_exit(process: subprocess.Popen[bytes]) -> int:
    """Wait for a worker and end what it started itself; its exit code, or minus the number of the signal that ended it.

    Processes that load data would otherwise outlive a worker that was killed, hold its memory and keep its pipes open.
    """
    if sys.platform != "win32":
        if hasattr(os, "waitid"):  # the worker stays a zombie meanwhile, so that nobody else gets its number
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        else:
            process.wait()
        _kill_members(process.pid)
    return process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a worker and everything it started, at once; does nothing when it has ended."""
    if process.returncode is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        _kill_members(process.pid)


def _kill_members(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all are gone
        os.killpg(group, signal.SIGKILL)
