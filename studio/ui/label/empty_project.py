"""What the Label page shows of a project without items: a sentence and the way on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout


class EmptyProject(QFrame):
    add_images_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        sentence = QLabel("This project has no images yet.")
        sentence.setProperty("role", "heading")
        button = QPushButton("Add images…")
        button.setObjectName("add_images")
        button.setProperty("primary", True)
        button.clicked.connect(self.add_images_requested)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(10)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
