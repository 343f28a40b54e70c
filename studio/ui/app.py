"""The window's door: one application, one main window, and whatever the command line asked to be shown."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import TracebackType
from typing import Final

from PySide6.QtCore import QCoreApplication, QSettings, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from studio import __version__
from studio.core.errors import StudioError
from studio.ui.garbage import GuiThreadGarbage
from studio.ui.main_window import MainWindow
from studio.ui.memory import give_back_large_blocks
from studio.ui.options import WindowOptions
from studio.ui.session import Tone
from studio.ui.theme import ThemeMode, theme

_SIGNAL_CHECK_MS: Final = 200

_PATIENCE_S: Final = 0.0005
"""How long the window waits for a thread that is busy in Python before it takes its turn; Python's own 5 ms are longer
than a stroke may take from the mouse to the screen."""


class NoDisplay(StudioError):
    def __init__(self) -> None:
        super().__init__(
            "There is no display to open the window on: start this in a desktop session, set DISPLAY, or put "
            "`xvfb-run -a` before the command; everything else works without a window, see `studio --help`."
        )


def run(options: WindowOptions) -> int:
    """Open the window and stay until it is closed. Raises NoDisplay, and StudioError for a project that cannot open."""
    check_display()
    sys.setswitchinterval(_PATIENCE_S)
    give_back_large_blocks()
    app = make_application(sys.argv)
    garbage = GuiThreadGarbage()
    theme().apply(ThemeMode(QSettings().value("theme", ThemeMode.SYSTEM)))
    theme().follow_system()
    window = MainWindow()
    _show_mistakes(window)
    window.open_at_start(options)
    window.show()
    window.activateWindow()
    gc.freeze()  # what the window is made of lives as long as it does; looking through it for garbage makes it stutter
    with_signals = _leave_on_signals(window)
    try:
        return app.exec()
    finally:
        with_signals.stop()
        window.shut_down()
        garbage.stop()


def check_display() -> None:
    """Raises NoDisplay where Qt would abort the process."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise NoDisplay


def make_application(argv: list[str]) -> QApplication:
    """The application as the studio needs it: every mouse event delivered, so that a fast stroke keeps its shape."""
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressTabletEvents, False)
    QCoreApplication.setOrganizationName("relearn-studio")
    QCoreApplication.setApplicationName("relearn-studio")
    QCoreApplication.setApplicationVersion(__version__)
    QGuiApplication.setApplicationDisplayName("Relearn Studio")
    QGuiApplication.setDesktopFileName("relearn-studio")
    QApplication.setStyle("Fusion")
    return QApplication(argv[:1])


def _show_mistakes(window: MainWindow) -> None:
    """An error that nobody foresaw is told in the window too, not only on a terminal that may not be there."""
    report = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report(kind, error, trace)
        window.messages.say(
            f"The program made a mistake ({kind.__name__}: {error}); what was labelled is in the project's journal.",
            Tone.ERROR,
        )

    sys.excepthook = tell


def _leave_on_signals(window: MainWindow) -> QTimer:
    """Ctrl+C and a polite kill close the window in order: labels written, a running run checkpointed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close_now())
    timer = QTimer()
    timer.timeout.connect(lambda: None)  # lets the interpreter run, so that a signal is noticed
    timer.start(_SIGNAL_CHECK_MS)
    return timer
