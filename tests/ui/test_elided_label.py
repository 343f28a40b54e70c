"""What is left of a line of text where there is no room for all of it."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from studio.ui.widgets.elided_label import ElidedLabel

USAGE = "Drag paints · Ctrl+wheel: size · Shift+click: line"


def test_whole_parts_go_before_any_part_is_cut(qtbot: QtBot) -> None:
    label = ElidedLabel(USAGE)
    qtbot.addWidget(label)
    label.show()
    metrics = label.fontMetrics()
    for kept in (USAGE, "Drag paints · Ctrl+wheel: size", "Drag paints"):
        label.resize(metrics.horizontalAdvance(kept) + 2, 20)
        assert label.shown_text == kept
    label.resize(metrics.horizontalAdvance("Drag p…"), 20)
    assert label.shown_text.endswith("…")


def test_what_is_left_out_is_in_the_tip(qtbot: QtBot) -> None:
    label = ElidedLabel(USAGE)
    qtbot.addWidget(label)
    label.resize(label.fontMetrics().horizontalAdvance("Drag paints · Ctrl"), 20)
    label.show()
    label.grab()
    assert label.toolTip() == USAGE
    label.resize(2000, 20)
    label.grab()
    assert label.toolTip() == ""
