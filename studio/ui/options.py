"""What the command line may ask of the window; no Qt here, so that parsing it costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """`project` may be a project, or a folder of images or labels that the window offers to import.

    `item` is an item's name, `tool` a tool's name (brush, eraser, polygon, lasso, rectangle, ellipse, fill, region,
    pick, hand, point), `brush_size` a diameter in image pixels, `label_class` a class name and `page` label, train,
    review or cards.
    """

    project: Path | None = None
    item: str | None = None
    tool: str | None = None
    brush_size: int | None = None
    label_class: str | None = None
    page: str | None = None
