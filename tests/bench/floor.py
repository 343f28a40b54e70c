"""The floors: what a bare PySide6 window costs, and a bare painter that redraws only the dirty rectangle.

usage: floor.py window IMAGE | floor.py brush IMAGE DIAMETER
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget

_WIDTH, _HEIGHT = 1600, 1000


class BarePainter(QWidget):
    def __init__(self, path: str, diameter: int) -> None:
        super().__init__()
        self.picture = QImage(path).convertToFormat(QImage.Format.Format_RGB32)
        width, height = self.picture.width(), self.picture.height()
        self.mask = np.zeros((height, width), np.uint8)
        self.overlay = QImage(self.mask.data, width, height, width, QImage.Format.Format_Indexed8)
        self.overlay.setColorTable([0] + [0xB02F6FDE] * 255)
        self.scale = min(_WIDTH / width, _HEIGHT / height)
        self.diameter = diameter
        self.last: tuple[int, int] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setGeometry(0, 0, _WIDTH, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, dirty, scale = QPainter(self), event.rect(), self.scale
        source = QRectF(dirty.x() / scale, dirty.y() / scale, dirty.width() / scale, dirty.height() / scale)
        painter.fillRect(dirty, Qt.GlobalColor.black)
        painter.drawImage(QRectF(dirty), self.picture, source)
        painter.drawImage(QRectF(dirty), self.overlay, source)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.last = self._pixel(event)
        self._paint_to(self.last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.last is not None:
            self._paint_to(self._pixel(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.last = None

    def _pixel(self, event: QMouseEvent) -> tuple[int, int]:
        return int(event.position().x() / self.scale), int(event.position().y() / self.scale)

    def _paint_to(self, end: tuple[int, int]) -> None:
        start = self.last or end
        cv2.line(self.mask, start, end, 5, self.diameter)
        margin = self.diameter
        left, top = min(start[0], end[0]) - margin, min(start[1], end[1]) - margin
        width, height = abs(start[0] - end[0]) + 2 * margin, abs(start[1] - end[1]) + 2 * margin
        corner = (int(left * self.scale) - 1, int(top * self.scale) - 1)
        self.update(QRect(*corner, int(width * self.scale) + 3, int(height * self.scale) + 3))
        self.last = end


def main() -> None:
    app = QApplication([])
    kind, path = sys.argv[1:3]
    if kind == "window":
        window = QMainWindow()
        label = QLabel()
        label.setPixmap(QPixmap(path).scaled(_WIDTH, 900, Qt.AspectRatioMode.KeepAspectRatio))
        window.setCentralWidget(label)
        window.setGeometry(0, 0, _WIDTH, 900)
    else:
        window = BarePainter(path, int(sys.argv[3]))
    window.show()
    app.exec()


if __name__ == "__main__":
    main()
