"""Sentences about what went wrong are seen whole, and told apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.ui.theme import ThemeMode, theme
from studio.ui.widgets.problem_list import ProblemList

LONG = (
    "A sentence about a picture that lies in a folder with a long name and cannot be read; replace it or leave it out."
)


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    theme().apply(ThemeMode.LIGHT)
    yield
    qapp.setStyleSheet("")


@pytest.mark.parametrize("width", [250, 700])
def test_one_sentence_is_seen_whole_in_a_field_that_is_no_higher_than_it(qtbot: QtBot, width: int) -> None:
    field = ProblemList("Problems")
    qtbot.addWidget(field)
    field.resize(width, 400)
    field.show_problems([LONG])
    assert field.toPlainText() == LONG
    qtbot.waitUntil(lambda: field.height() < 150)
    assert field.verticalScrollBar().maximum() == 0
    lines = field.document().firstBlock().layout().lineCount()
    assert (
        (lines - 0.5) * field.fontMetrics().lineSpacing() < field.height() < (lines + 2) * field.fontMetrics().height()
    )


def test_many_sentences_have_a_dot_each_and_scroll(qtbot: QtBot) -> None:
    field = ProblemList("Problems")
    qtbot.addWidget(field)
    field.resize(300, 400)
    field.show_problems([LONG] * 20)
    qtbot.waitUntil(lambda: field.verticalScrollBar().maximum() > 0)
    assert field.height() <= 180
    assert field.toPlainText().count("•") == 20
