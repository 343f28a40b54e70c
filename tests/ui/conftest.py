"""A test of the window that leaves something running or showing fails, and says what it left.

What is looked for: threads that are no daemons, running QThreads, busy thread pools, active QTimers and visible
top-level widgets. Only what the test itself brought counts; fixtures of a wider scope may keep theirs.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QWidget

_GRACE_SECONDS: Final = 1.0
"""How long something that is already on its way out may take to be gone."""

_started: list[weakref.ref[QObject]] = []
"""Every QThread and QTimer that Python code started and that is not yet known to be gone."""


@pytest.fixture(scope="session", autouse=True)
def remember_what_starts() -> Iterator[None]:
    """Note each QThread and QTimer as it is started; Qt itself keeps no list of them."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (QThread, QTimer):
            patch.setattr(kind, "start", _noting(kind.start))
        yield


@pytest.fixture(autouse=True)
def nothing_is_left_behind(remember_what_starts: None) -> Iterator[None]:
    before = {id(thing) for thing in _alive()}
    threads_before = set(threading.enumerate())
    yield
    _settle()
    if _leftovers(before, threads_before):
        gc.collect()
        _settle()
    leftovers = _leftovers(before, threads_before)
    if leftovers:
        _put_out(before)
        listed = "\n".join(f"  - {leftover}" for leftover in leftovers)
        pytest.fail(f"this test left behind:\n{listed}", pytrace=False)


def _noting(start: Callable[..., Any]) -> Callable[..., Any]:
    def start_and_note(self: QObject, *args: Any, **kwargs: Any) -> Any:
        _started.append(weakref.ref(self))
        return start(self, *args, **kwargs)

    return start_and_note


def _settle() -> None:
    """Carry out deletions that are already asked for; closing a widget only asks."""
    if QCoreApplication.instance() is not None:
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _alive() -> list[QObject]:
    """QThreads and QTimers that are at work, and top-level widgets that show."""
    found: dict[int, QObject] = {}
    for reference in _started:
        thing = reference()
        if thing is not None and shiboken6.isValid(thing):
            found[id(thing)] = thing
    _started[:] = [weakref.ref(thing) for thing in found.values()]
    at_work = [thing for thing in found.values() if _is_at_work(thing)]
    if isinstance(QCoreApplication.instance(), QApplication):
        at_work += [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    return at_work


def _is_at_work(thing: QObject) -> bool:
    if isinstance(thing, QThread):
        return thing.isRunning()
    return isinstance(thing, QTimer) and thing.isActive()


def _leftovers(before: set[int], threads_before: set[threading.Thread]) -> list[str]:
    found: list[str] = []
    for thread in set(threading.enumerate()) - threads_before:
        if not thread.daemon:
            thread.join(_GRACE_SECONDS)
        if thread.is_alive() and not thread.daemon:
            found.append(
                f"thread {thread.name!r}: end it and join it; closing what started it (a store, an engine) does"
            )
    if not QThreadPool.globalInstance().waitForDone(int(_GRACE_SECONDS * 1000)):
        found.append("work in QThreadPool.globalInstance(): cancel it or wait for it when its widget goes")
    found += [sentence for thing in _alive() if id(thing) not in before for sentence in _describe(thing)]
    return found


def _describe(thing: QObject) -> list[str]:
    name = f"{type(thing).__module__}.{type(thing).__name__}"
    if thing.objectName():
        name += f" {thing.objectName()!r}"
    if isinstance(thing, QThread):
        if thing.wait(int(_GRACE_SECONDS * 1000)):
            return []
        return [f"running QThread {name}: quit() and wait() for it before its owner goes"]
    if isinstance(thing, QTimer):
        parent = thing.parent()
        owner = f"of {type(parent).__name__}" if parent is not None else "without a parent"
        return [
            f"active QTimer {name} ({thing.interval()} ms, {owner}): stop it, or hand its widget to qtbot.addWidget"
        ]
    return [f"visible top-level widget {name}: hand it to qtbot.addWidget, or close() it"]


def _put_out(before: set[int]) -> None:
    """End the leftovers, so that the tests after this one are judged by what they do themselves."""
    for thing in _alive():
        if id(thing) in before:
            continue
        if isinstance(thing, QThread):
            thing.requestInterruption()
            thing.quit()
        elif isinstance(thing, QTimer):
            thing.stop()
        elif isinstance(thing, QWidget):
            thing.close()
    _settle()
