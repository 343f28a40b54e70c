"""What a run warns of while it goes on is seen in the window, and nothing of it is lost when it says more."""

from __future__ import annotations

from PySide6.QtCore import Qt

from studio.core.events import Warned

from .conftest import Desk, stage, started, step


def test_what_a_run_warns_of_stands_over_the_plots_and_all_of_it_in_the_details(desk: Desk) -> None:
    desk.qtbot.keyClick(desk.page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    run = desk.wait_for_run()
    bar = desk.page.view.outcome
    run.say(started(), Warned(sentence="One picture cannot be read."))
    desk.wait(lambda: bar.sentence.text() == "Run 0001: One picture cannot be read.")
    assert bar.isVisible()
    assert not bar.details.isVisible()
    run.say(stage(), step(1), Warned(sentence="Stage 1 ended early."))
    desk.wait(lambda: bar.sentence.text() == "Run 0001: Stage 1 ended early.")
    desk.qtbot.mouseClick(bar.details, Qt.MouseButton.LeftButton)
    assert bar.log.toPlainText() == "One picture cannot be read.\nStage 1 ended early."
