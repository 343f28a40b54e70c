"""What stands over a report's table: the named metrics before and after, and the totals of each of its parts."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from studio.core.metric_change import MetricChange, metric_figures
from studio.core.report import ReportPart, mean_change
from studio.core.settings import Task
from studio.core.significance import PairedTest, chance_in_words
from studio.reports import RunReport
from studio.ui.theme import theme


class MetricStrip(QWidget):
    """The metrics that a run itself reported, main one first, on the frozen validation items."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures = QLabel()
        self.figures.setObjectName("report_metrics")
        self.figures.setTextFormat(Qt.TextFormat.RichText)
        self.figures.setWordWrap(True)
        self.sentence = QLabel()
        self.sentence.setProperty("role", "muted")
        self.sentence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.figures)
        layout.addWidget(self.sentence)

    def show_report(self, report: RunReport) -> None:
        self.figures.setText(" &nbsp;&nbsp;&nbsp; ".join(_rich(change) for change in report.metrics))
        self.figures.setToolTip("<br>".join(escape(f"{m.name}: {m.detail}") for m in report.metrics if m.detail))
        self.figures.setVisible(bool(report.metrics))
        self.sentence.setText(report.frozen.sentence)


def _rich(change: MetricChange) -> str:
    role = "muted" if change.gain == 0 or not change.comparable else "ok" if change.gain > 0 else "danger"
    color = theme().color(role).name()
    figures = f"<b style='color:{color}'>{metric_figures(change)}</b>"
    other = f" ({escape(change.difference)})" if change.difference else ""
    return f"{escape(change.name)} {figures}{other}"


class PartCard(QFrame):
    """The totals of one part of a report."""

    def __init__(self, title: str, hint: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setToolTip(hint)
        heading = QLabel(title.upper())
        heading.setProperty("role", "section")
        self.figures = QLabel()
        self.figures.setProperty("role", "heading")
        self.verdicts = QLabel()
        self.verdicts.setTextFormat(Qt.TextFormat.RichText)
        self.chance = QLabel()
        self.chance.setObjectName("report_chance")
        self.chance.setWordWrap(True)
        self.chance.hide()
        hint_label = QLabel(hint)
        hint_label.setProperty("role", "muted")
        hint_label.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(4)
        for label in (heading, self.figures, self.verdicts, self.chance, hint_label):
            layout.addWidget(label)
        layout.addStretch(1)

    def show_chance(self, test: PairedTest | None, task: Task) -> None:
        """Whether the change could be chance, in words; None says nothing."""
        self.chance.setText(chance_in_words(test, task) if test is not None else "")
        self.chance.setVisible(test is not None)

    def show_part(self, part: ReportPart, task: Task) -> None:
        if part.error_before is None or part.error_after is None:
            self.figures.setText("Nothing to compare")
            self.verdicts.setText("")
            return
        averages = ", on average" if task in (Task.KEYPOINTS, Task.MULTI_LABEL) else ""
        self.figures.setText(f"{mean_change(part.error_before, part.error_after, task)}{averages}")
        colors = {role: theme().color(role).name() for role in ("ok", "danger", "muted")}
        self.verdicts.setText(
            f"<span style='color:{colors['ok']}'>{part.fixed} fixed</span> &nbsp;·&nbsp; "
            f"<span style='color:{colors['danger']}'>{part.broken} broken</span> &nbsp;·&nbsp; "
            f"<span style='color:{colors['muted']}'>{part.unchanged} unchanged</span>"
        )
