"""Starts the real program and answers, on a pipe, where its widgets are and what they say; it changes nothing.

usage: probe.py [the program's own arguments]. One request a line on standard input, one JSON answer a line on
standard output: `where NAME`, `text NAME`, `rows NAME`, `names`.
"""

from __future__ import annotations

import json
import os
import sys

from PySide6.QtCore import QObject, QSocketNotifier
from PySide6.QtWidgets import QAbstractItemView, QApplication

from studio.ui import app as studio_app


def main() -> None:
    from studio.__main__ import main as studio_main

    make_application = studio_app.make_application

    def make_and_listen(argv: list[str]) -> QApplication:
        application = make_application(argv)
        _Probe(application)
        return application

    studio_app.make_application = make_and_listen
    sys.argv = ["studio", *sys.argv[1:]]
    sys.exit(studio_main())


class _Probe(QObject):
    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
        self._rest = b""
        os.set_blocking(sys.stdin.fileno(), False)
        self._notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)

    def _read(self) -> None:
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self._notifier.setEnabled(False)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            verb, _, name = line.decode().partition(" ")
            try:
                answer = getattr(self, f"_answer_{verb}")(name)
            except Exception as error:  # noqa: BLE001 - the test gets to see whatever went wrong here
                answer = {"error": repr(error)}
            self._out.write(json.dumps(answer) + "\n")

    def _answer_where(self, name: str) -> object:
        """[x, y, width, height] on the screen of the visible widget of this name; null when there is none."""
        for widget in QApplication.allWidgets():
            if widget.objectName() == name and widget.isVisible():
                corner = widget.mapToGlobal(widget.rect().topLeft())
                return [corner.x(), corner.y(), widget.width(), widget.height()]
        return None

    def _answer_text(self, name: str) -> object:
        for widget in QApplication.allWidgets():
            if widget.objectName() == name:
                for attribute in ("text", "currentText", "toPlainText"):
                    if hasattr(widget, attribute):
                        return getattr(widget, attribute)()
        return None

    def _answer_names(self, _: str) -> object:
        named = [w for w in QApplication.allWidgets() if w.objectName() and w.isVisible()]
        return sorted({f"{w.objectName()}:{type(w).__name__}" for w in named})

    def _answer_rows(self, name: str) -> object:
        """What a table shows, row by row."""
        for view in QApplication.allWidgets():
            if isinstance(view, QAbstractItemView) and view.objectName() == name and view.isVisible():
                model = view.model()
                rows, columns = range(model.rowCount()), range(model.columnCount())
                return [[str(model.index(row, column).data() or "") for column in columns] for row in rows]
        return None


if __name__ == "__main__":
    main()
