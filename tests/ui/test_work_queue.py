"""Work off the GUI thread, and how it is left."""

from __future__ import annotations

import threading

from pytestqt.qtbot import QtBot

from studio.ui.widgets.work_queue import WorkQueue


def test_who_leaves_does_not_wait_and_what_was_asked_for_is_finished_beside(qtbot: QtBot) -> None:
    queue, may_end, done = WorkQueue("test"), threading.Event(), list[str]()
    told: list[object] = []

    def first() -> None:
        may_end.wait(10)
        done.append("first")

    queue.do(first, told.append, told.append)
    queue.do(lambda: done.append("second"), told.append, told.append)
    queue.leave()
    assert done == [], "it did not wait"
    queue.do(lambda: done.append("too late"), told.append, told.append)
    may_end.set()
    queue.join()
    assert done == ["first", "second"]
    assert told == []
    assert not any(thread.name == "test" for thread in threading.enumerate())
