"""The real program on a virtual screen, driven by its user's means: mouse, keys and eyes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.screen import Screen, wait_until

_ROOT = Path(__file__).parents[2]


class Program:
    """The window, started on a project. The probe only tells where things are; everything is done by real events."""

    def __init__(self, screen: Screen, arguments: list[str], *, home: Path) -> None:
        self.screen = screen
        self.log = home / "window.log"
        environment = screen.environment(
            {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "PYTHONPATH": str(_ROOT)}
        )
        environment.pop("XDG_CACHE_HOME", None)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("probe.py")), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=home,
            )

    def ask(self, request: str) -> object:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(request.encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the window is gone: {self.log.read_text()}")
        return json.loads(line)

    def where(self, name: str) -> tuple[int, int, int, int] | None:
        """x, y, width, height on the screen; None while no visible widget has this name."""
        place = self.ask(f"where {name}")
        return tuple(place) if isinstance(place, list) else None

    def text(self, name: str) -> str:
        return str(self.ask(f"text {name}") or "")

    def wait_for(self, name: str, *, seconds: float = 30) -> tuple[int, int, int, int]:
        wait_until(lambda: self.where(name) is not None, seconds=seconds)
        place = self.where(name)
        assert place is not None
        return place

    def click(self, name: str, *, at: tuple[float, float] = (0.5, 0.5)) -> None:
        """Click a widget at a share of its width and height."""
        x, y, width, height = self.wait_for(name)
        self.screen.click(x + width * at[0], y + height * at[1])

    def enter(self, name: str, text: str) -> None:
        """Replace what a field holds."""
        x, y, width, height = self.wait_for(name)
        self.screen.click(x + width * 0.3, y + height / 2)
        self.screen.key("Control_L+a")
        self.screen.type(text)
        self.screen.key("Tab")

    def place_on(self, name: str, x: float, y: float) -> tuple[float, float]:
        """A point of the screen, given as shares of a widget's size."""
        left, top, width, height = self.wait_for(name)
        return left + width * x, top + height * y

    def close(self) -> int:
        """Ask the window to close, as a desktop does at logout; its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            self._close_pipes()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def screenshots_folder() -> Path | None:
    """Where pictures for the README go; None in an ordinary test run."""
    folder = os.environ.get("STUDIO_SCREENSHOTS")
    return Path(folder) if folder else None
