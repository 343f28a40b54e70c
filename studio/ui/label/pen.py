"""What a tablet's pen means: its tip paints like the left button, its side button and its eraser's end take away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPointerEvent, QPointingDevice, QTabletEvent

from studio.ui.label.tools import Tool


def is_eraser_end(event: QPointerEvent) -> bool:
    """Whether a pen is held upside down; a mouse never is."""
    return event.pointerType() is QPointingDevice.PointerType.Eraser


def is_stroke(event: QTabletEvent, tool: Tool) -> bool:
    """Whether a pen that comes down here begins a stroke whose pressure the tool wants."""
    is_painting = event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
    picks = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
    return event.type() == QEvent.Type.TabletPress and is_painting and tool.takes_pressure and not picks


def is_lifted(event: QTabletEvent, button: Qt.MouseButton) -> bool:
    """Whether a stroke that `button` began is over: let go, or the pen hovers since, having been out of reach."""
    hovers = event.type() == QEvent.Type.TabletMove and not event.buttons()
    return hovers or (event.type() == QEvent.Type.TabletRelease and event.button() == button)
