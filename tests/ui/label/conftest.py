"""A small project on the Label page, worked by real mouse and key events at image pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.classes import UNLABELLED, distinct_color, make_classes
from studio.core.items import NewItem
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.label import LabelPage
from studio.ui.label.canvas import Canvas
from studio.ui.session import Session

WIDTH, HEIGHT = 160, 100
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO_KEY = Qt.KeyboardModifier.NoModifier

XY = tuple[float, float]


@dataclass
class Desk:
    """The page, and a hand that works on it in image pixels."""

    store: Store
    session: Session
    page: LabelPage
    ids: list[int]
    qtbot: QtBot

    @property
    def canvas(self) -> Canvas:
        return self.page.canvas

    def open(self, item_id: int) -> None:
        self.session.open_item(item_id)
        self.wait_for(item_id)

    def wait_for(self, item_id: int) -> None:
        self.qtbot.waitUntil(lambda: self.shows(item_id), timeout=5000)

    def shows(self, item_id: int) -> bool:
        document = self.canvas.document
        return document is not None and document.item.id == item_id and self.canvas.picture is not None

    def at(self, x: float, y: float) -> QPoint:
        """Where on the widget an image point lies."""
        device = self.canvas.viewport.to_view(x, y)
        ratio = self.canvas.devicePixelRatioF()
        return QPoint(round(device[0] / ratio), round(device[1] / ratio))

    def seen(self, point: QPoint) -> XY:
        """The exact image point of a widget position, as an event there reports it."""
        ratio = self.canvas.devicePixelRatioF()
        return self.canvas.viewport.to_image(point.x() * ratio, point.y() * ratio)

    def press(self, x: float, y: float, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.mousePress(self.canvas, button, keys, self.at(x, y))

    def move(self, x: float, y: float) -> None:
        QTest.mouseMove(self.canvas, self.at(x, y))

    def move_with(self, keys: Qt.KeyboardModifier, x: float, y: float) -> None:
        """Move the mouse while modifier keys and the left button are down, which QTest cannot."""
        place = QPointF(self.at(x, y))
        event = QMouseEvent(
            QEvent.Type.MouseMove, place, self.canvas.mapToGlobal(place), Qt.MouseButton.NoButton, LEFT, keys
        )
        QApplication.sendEvent(self.canvas, event)

    def release(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseRelease(self.canvas, button, NO_KEY, self.at(x, y))

    def click(self, x: float, y: float, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.mouseClick(self.canvas, button, keys, self.at(x, y))

    def drag(self, *points: XY, button: Qt.MouseButton = LEFT) -> None:
        self.press(*points[0], button)
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1], button)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.canvas, key, keys)

    def wheel(self, point: QPoint, notches: int, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        place = QPointF(point)
        turned = QPoint(0, 120 * notches)
        event = QWheelEvent(
            place,
            self.canvas.mapToGlobal(place),
            QPoint(),
            turned,
            Qt.MouseButton.NoButton,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)

    def mask(self) -> np.ndarray:
        """What the label file of the shown item says, read without the program; no file says nothing."""
        item = self.session.current_item
        assert item is not None
        self.store.flush()
        path = self.store.label_path(item)
        if not path.exists():
            return np.full((HEIGHT, WIDTH), UNLABELLED, np.uint8)
        with Image.open(path) as image:
            return np.array(image)

    def trigger(self, name: str) -> None:
        next(action for action in self.page.actions() if action.objectName() == name).trigger()


Make = Callable[..., Desk]


@pytest.fixture(autouse=True)
def settings_of_this_test(tmp_path: Path) -> None:
    """What the page remembers stays in the test."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


def desk_on(store: Store, ids: list[int], qtbot: QtBot, page_size: tuple[int, int] = (1200, 760)) -> Desk:
    """The project's Label page on the item it opens with; whoever asks shuts it down."""
    session = Session(store)
    page = LabelPage(session)
    qtbot.addWidget(page)
    page.resize(*page_size)
    page.show()
    page.apply_window_args()
    desk = Desk(store, session, page, ids, qtbot)
    if session.current_item is not None:
        desk.wait_for(session.current_item)
    page.canvas.setFocus()
    return desk


@pytest.fixture
def make_desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Make]:
    """Make a project of `number` pictures, of noise or as `draw` makes them, and open its Label page on the first."""
    opened: list[Desk] = []

    def make(
        number: int = 3,
        *,
        task: Task = Task.SEGMENTATION,
        classes: Sequence[str] = ("sky", "road", "car", "void"),
        size: tuple[int, int] = (WIDTH, HEIGHT),
        names: Sequence[str] | None = None,
        groups: Sequence[str] = (),
        keypoints: Sequence[str] = ("nose", "left", "right"),
        links: Sequence[tuple[int, int]] = ((0, 1), (0, 2)),
        page_size: tuple[int, int] = (1200, 760),
        draw: Callable[[], np.ndarray] | None = None,
    ) -> Desk:
        names = names or [f"frame_{n:03}.png" for n in range(number)]
        pictures = tmp_path / "pictures"
        pictures.mkdir()
        rng = np.random.default_rng(7)
        for name in names:
            noise = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
            Image.fromarray(noise if draw is None else draw()).save(pictures / name)
        points = tuple(KeypointName(name=n, color=distinct_color(i)) for i, n in enumerate(keypoints))
        settings = ProjectSettings(
            name="desk",
            task=task,
            classes=() if task is Task.KEYPOINTS else tuple(make_classes(classes)),
            keypoints=points if task is Task.KEYPOINTS else (),
            links=tuple(links) if task is Task.KEYPOINTS else (),
        )
        store = Store.create(tmp_path / "project", settings)
        ids = store.add_items(
            NewItem(name=name, path=pictures / name, group=groups[number] if groups else "")
            for number, name in enumerate(names)
        )
        desk = desk_on(store, ids, qtbot, page_size)
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.page.shut_down()
        desk.page.close()
        desk.store.close()
