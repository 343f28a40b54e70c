"""Light and dark: the colours by role, the style sheet and the icons, all from `resources/`."""

from __future__ import annotations

import enum
import tomllib
from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from studio.core.resources import resources

_ICON_SIZES: Final = (16, 20, 24, 32, 48)

_PALETTE_ROLES: Final = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "base",
    QPalette.ColorRole.AlternateBase: "raised",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "muted",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "danger",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "line",
    QPalette.ColorRole.Light: "raised",
}


class ThemeMode(enum.StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """Colours by role: window, base, raised, text, muted, faint, line, accent, on_accent, accent_soft, ok, warning,
    danger, canvas (around a picture), plot, grid, and series_1 … series_6 for curves. `changed` after every switch."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mode = ThemeMode.SYSTEM
        self._dark = False
        self._colors = _load_colors("light")
        self._icons: dict[tuple[str, str], QIcon] = {}

    @property
    def mode(self) -> ThemeMode:
        return self._mode

    @property
    def is_dark(self) -> bool:
        return self._dark

    def color(self, role: str) -> QColor:
        return QColor(self._colors[role])

    def icon(self, name: str, role: str = "text") -> QIcon:
        """The icon `resources/icons/<name>.svg`, its `currentColor` being this role's colour; muted when disabled."""
        key = (name, role)
        if key not in self._icons:
            icon = QIcon()
            svg = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
            for mode, mode_role in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "faint")):
                renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", self._colors[mode_role]).encode()))
                for size in _ICON_SIZES:
                    icon.addPixmap(_render_icon(renderer, size), mode)
            self._icons[key] = icon
        return self._icons[key]

    def apply(self, mode: ThemeMode) -> None:
        """Dress the whole application; system follows the desktop's setting."""
        self._mode = mode
        system_dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self._dark = system_dark if mode is ThemeMode.SYSTEM else mode is ThemeMode.DARK
        colors = _load_colors("dark" if self._dark else "light")
        if colors != self._colors:
            self._colors = colors
            self._icons.clear()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(self._palette())
            sheet = _style_sheet(colors)
            if sheet != app.styleSheet():
                app.setStyleSheet(sheet)
        self.changed.emit()

    def follow_system(self) -> None:
        """Switch along when the desktop does, as long as the mode is system."""
        QGuiApplication.styleHints().colorSchemeChanged.connect(
            lambda _scheme: self.apply(self._mode) if self._mode is ThemeMode.SYSTEM else None
        )

    def _palette(self) -> QPalette:
        colors = QPalette()
        for role, name in _PALETTE_ROLES.items():
            colors.setColor(role, self.color(name))
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            colors.setColor(QPalette.ColorGroup.Disabled, role, self.color("faint"))
        return colors


@cache
def theme() -> Theme:
    """The application's one theme."""
    return Theme()


def _load_colors(name: str) -> dict[str, str]:
    return tomllib.loads((resources() / "themes" / f"{name}.toml").read_text(encoding="utf-8"))["colors"]


def _style_sheet(colors: dict[str, str]) -> str:
    sheet = (resources() / "themes" / "studio.qss").read_text(encoding="utf-8")
    for role in sorted(colors, key=len, reverse=True):
        sheet = sheet.replace(f"@{role}", colors[role])
    return sheet.replace("@icons", (resources() / "icons").as_posix())


def _render_icon(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
