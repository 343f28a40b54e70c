"""A virtual screen with real input: starts Xvfb, sends mouse and key events through XTEST and reads pixels back.

It knows nothing of the program under test, so that it can drive and time any program.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest


class Screen:
    """One Xvfb and a connection to it; use it as a context manager. Coordinates are screen pixels."""

    def __init__(self, width: int = 1920, height: int = 1080) -> None:
        self.width, self.height = width, height
        self._settings = tempfile.TemporaryDirectory()
        """What programs on this screen remember; nobody else's choices count here, and none of these stay."""
        read_end, write_end = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
            pass_fds=[write_end],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.name = f":{pipe.readline().strip()}"
        self._display = Display(self.name)
        self._root = self._display.screen().root

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._display.close()
        self._server.terminate()
        self._server.wait()
        self._settings.cleanup()

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
        mine = {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": self._settings.name}
        return {**env, **mine, **(extra or {})}

    def start(self, argv: Sequence[str], **options: object) -> subprocess.Popen:
        """Start a program on this screen; options as for Popen."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        options.setdefault("env", self.environment())
        return subprocess.Popen(argv, **options)

    def grab(self, x: int, y: int, width: int, height: int) -> np.ndarray:
        """(height, width, 3) uint8, in the order blue, green, red."""
        image = self._root.get_image(x, y, width, height, X.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(image.data, np.uint8).reshape(height, width, 4)[..., :3].copy()

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), self.grab(0, 0, self.width, self.height))

    def move(self, x: float, y: float) -> None:
        self._send(X.MotionNotify, x=round(x), y=round(y))

    def press(self, button: int = 1) -> None:
        self._send(X.ButtonPress, button)

    def release(self, button: int = 1) -> None:
        self._send(X.ButtonRelease, button)

    def click(self, x: float, y: float, *, button: int = 1, pause: float = 0.03) -> None:
        self.move(x, y)
        time.sleep(pause)
        self.press(button)
        time.sleep(pause)
        self.release(button)
        time.sleep(pause)

    def drag(self, path: Sequence[tuple[float, float]], *, button: int = 1, pause: float = 0.005) -> None:
        self.move(*path[0])
        time.sleep(0.05)
        self.press(button)
        for x, y in path[1:]:
            self.move(x, y)
            time.sleep(pause)
        self.release(button)
        time.sleep(0.05)

    def scroll(self, x: float, y: float, steps: int) -> None:
        """Turn the wheel at a place: up for positive steps."""
        self.move(x, y)
        for _ in range(abs(steps)):
            self.click(x, y, button=4 if steps > 0 else 5)

    def key(self, combination: str, *, pause: float = 0.03) -> None:
        """Press and release keys named as X names them and joined by +, such as `Control_L+Shift_L+z`, then wait for
        `pause` seconds, as a hand would."""
        codes = [self._display.keysym_to_keycode(XK.string_to_keysym(name)) for name in combination.split("+")]
        for code in codes:
            self._send(X.KeyPress, code)
        for code in reversed(codes):
            self._send(X.KeyRelease, code)
        time.sleep(pause)

    def type(self, text: str) -> None:
        """Lower-case letters, digits and the few signs that file names need."""
        names = {".": "period", "-": "minus", "/": "slash", " ": "space"}
        for character in text:
            self.key(names.get(character, character))

    def _send(self, kind: int, detail: int = 0, **where: int) -> None:
        xtest.fake_input(self._display, kind, detail, **where)
        self._display.flush()


def wait_until(condition: Callable[[], bool], *, seconds: float = 30.0, every: float = 0.02) -> float:
    """Seconds until the condition held. Raises TimeoutError when it did not in time."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        if condition():
            return time.perf_counter() - begin
        if every:
            time.sleep(every)
    raise TimeoutError(f"nothing happened within {seconds} s")
