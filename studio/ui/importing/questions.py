"""The few questions that a source leaves open, as a form."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QListWidget, QListWidgetItem, QWidget

from studio.formats import Question

_ROWS_SHOWN = 4
_LABEL_WIDTH = 220


class QuestionForm(QWidget):
    """One row a question; a question that depends on another's answer is shown only after that answer."""

    changed = Signal()

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__()
        self._questions = questions
        self._fields: list[QWidget] = []
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(8)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for question in questions:
            field = self._field(question)
            field.setObjectName(f"question_{question.id}")
            field.setAccessibleName(question.text)
            label = QLabel(question.text)
            label.setWordWrap(True)
            # A form asks a wrapped label for its height at another width than it then gives it.
            label.setFixedWidth(_LABEL_WIDTH)
            label.setMinimumHeight(label.heightForWidth(_LABEL_WIDTH))
            label.setBuddy(field)
            self._form.addRow(label, field)
            self._fields.append(field)
        self._show_what_applies()

    def answers(self) -> dict[str, str]:
        """Answers by question id; only of the questions that are asked now."""
        rows = zip(self._questions, self._fields, strict=True)
        return {question.id: _answer(field) for question, field in rows if self._applies(question)}

    def _field(self, question: Question) -> QWidget:
        if question.many:
            return self._choice_list(question)
        if question.choices:
            box = QComboBox()
            box.addItems(question.choices)
            box.setCurrentText(question.default)
            box.currentTextChanged.connect(self._answer_changed)
            return box
        line = QLineEdit(question.default)
        line.textChanged.connect(self._answer_changed)
        return line

    def _choice_list(self, question: Question) -> QListWidget:
        chosen = {name.strip() for name in question.default.split(",")}
        rows = QListWidget()
        rows.setProperty("role", "choices")
        rows.setFlow(QListWidget.Flow.LeftToRight)
        rows.setWrapping(True)
        rows.setResizeMode(QListWidget.ResizeMode.Adjust)
        rows.setUniformItemSizes(True)
        rows.setSpacing(2)
        for choice in question.choices:
            row = QListWidgetItem(choice, rows)
            row.setFlags(row.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            row.setCheckState(Qt.CheckState.Checked if choice in chosen else Qt.CheckState.Unchecked)
        rows.setFixedHeight((rows.sizeHintForRow(0) + 4) * _ROWS_SHOWN + 10)
        rows.itemChanged.connect(self._answer_changed)
        return rows

    def _answer_changed(self) -> None:
        self._show_what_applies()
        self.changed.emit()

    def _applies(self, question: Question) -> bool:
        if question.only_if is None:
            return True
        other, *wanted = question.only_if
        asked = next(i for i, q in enumerate(self._questions) if q.id == other)
        return _answer(self._fields[asked]) in wanted

    def _show_what_applies(self) -> None:
        for question, field in zip(self._questions, self._fields, strict=True):
            self._form.setRowVisible(field, self._applies(question))


def _answer(field: QWidget) -> str:
    if isinstance(field, QComboBox):
        return field.currentText()
    if isinstance(field, QLineEdit):
        return field.text()
    assert isinstance(field, QListWidget)
    rows = [field.item(i) for i in range(field.count())]
    return ",".join(row.text() for row in rows if row.checkState() is Qt.CheckState.Checked)
