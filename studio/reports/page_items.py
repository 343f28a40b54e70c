"""The part of a report's page that shows items: those that got worse, then those that got better."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.report import ReportRow, Verdict, error_figure
from studio.core.settings import Task
from studio.reports.item_pictures import Panel

VERDICT_CLASSES: Final = {Verdict.FIXED: "ok", Verdict.BROKEN: "danger"}
"""The style sheet's class for a verdict that is good or bad."""


@dataclass(frozen=True, kw_only=True)
class PicturedItem:
    row: ReportRow
    panels: tuple[Panel, ...]


def pictures(
    items: Iterable[PicturedItem], task: Task, classes: Sequence[LabelClass], *, shown: int, changed: int
) -> Iterator[str]:
    """The section about so many of the items that changed; nothing where none did."""
    if not shown:
        return
    yield "<h2>What changed most</h2>\n"
    if shown < changed:
        yield f"<p class='muted'>Of {counted(changed, 'item')} that changed, the {shown:,} that changed most.</p>\n"
    yield f"<p class='muted'>{_LEGENDS[task]}</p>\n"
    if task is Task.SEGMENTATION:
        yield _colors(classes)
    part = ""
    for item in items:
        heading = "Got worse" if _is_worse(item.row) else "Got better"
        if heading != part:
            yield f"{'</div>' if part else ''}<h3>{heading}</h3>\n<div class='items'>\n"
            part = heading
        yield _item(item, task)
    yield "</div>\n" if part else ""


def _colors(classes: Sequence[LabelClass]) -> str:
    named = "".join(f"<li><i style='background:{c.color}'></i>{escape(c.name)}</li>" for c in classes)
    return f"<ul class='legend'>{named}</ul>\n"


_LEGENDS: Final = {
    Task.SEGMENTATION: "What a model got wrong has a red edge.",
    Task.KEYPOINTS: "Rings are the label, dots what a model says.",
    Task.SINGLE_LABEL: "Beside a class stands the probability that the model gave it.",
    Task.MULTI_LABEL: "Beside a tag stands the probability that the model gave it.",
    Task.TEXT: "Beside a class stands the probability that the model gave it.",
}


def _is_worse(row: ReportRow) -> bool:
    return row.before is not None and row.after is not None and row.after > row.before


def _item(item: PicturedItem, task: Task) -> str:
    row = item.row
    assert row.before is not None
    assert row.after is not None
    figures = f"{error_figure(row.before, task)} → {error_figure(row.after, task)}"
    apart = " · label corrected" if row.corrected else " · label changed" if row.label_changed else ""
    return (
        f"<article class='item'><header><span class='name'>{escape(row.name)}</span>"
        f"<span class='{VERDICT_CLASSES.get(row.verdict, 'muted')}'>{row.verdict.value}</span>"
        f"<span>{escape(figures)}</span><span class='muted'>{row.split.value}{apart}</span></header>"
        f"{_panels(item.panels, row.name)}</article>\n"
    )


def _panels(panels: Sequence[Panel], name: str) -> str:
    """Pictures side by side; what is said in words stands beside the one picture or text that it is about."""
    if not panels:
        return ""
    if all(panel.jpeg for panel in panels):
        return f"<div class='panels'>{''.join(_figure(panel, name) for panel in panels)}</div>"
    first, *said = panels
    lead = _figure(first, name) if first.jpeg else f"<blockquote>{escape(first.words)}</blockquote>"
    words = "".join(f"<dt>{panel.title}</dt><dd>{escape(panel.words)}</dd>" for panel in said)
    kind = "words" if first.jpeg else "text"
    return f"<div class='panels {kind}'>{lead}<dl>{words}</dl></div>"


def _figure(panel: Panel, name: str) -> str:
    data = base64.b64encode(panel.jpeg).decode("ascii")
    alt = f"{escape(name)}: {panel.title.lower()}" if panel.title else escape(name)
    caption = f"<figcaption>{panel.title}</figcaption>" if panel.title else ""
    size = f"width='{panel.width}' height='{panel.height}'"
    return f'<figure><img alt="{alt}" {size} src="data:image/jpeg;base64,{data}">{caption}</figure>'
