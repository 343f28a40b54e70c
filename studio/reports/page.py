"""The HTML of a before/after report, written piece by piece. Every name is escaped; there is no script in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import BinaryIO, Final

from studio import __version__
from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.metric_change import MetricChange, metric_figures
from studio.core.model_choices import ModelChoice, choice_in_words
from studio.core.report import (
    ABSOLUTE_MARGIN,
    RELATIVE_MARGIN,
    Report,
    ReportPart,
    ReportRow,
    change_figure,
    error_figure,
    mean_change,
)
from studio.core.settings import Task
from studio.core.significance import chance_in_words, is_right_or_wrong
from studio.reports.page_items import VERDICT_CLASSES, PicturedItem, pictures
from studio.reports.page_style import style_sheet
from studio.reports.reading import RunReport

LISTED_ITEMS: Final = 1_000
"""Rows of the table; a browser is slow with many thousands."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """`pictured` of the `changed` items, those worth seeing, have pictures."""

    project: str
    told: RunReport
    choice: ModelChoice | None
    classes: Sequence[LabelClass]
    changed: int
    pictured: int


def write_page(file: BinaryIO, page: Page, items: Iterable[PicturedItem]) -> None:
    """UTF-8; `items` in the order in which they stand on it, those that got worse first."""
    for part in _parts(page, items):
        file.write(part.encode())


def _parts(page: Page, items: Iterable[PicturedItem]) -> Iterator[str]:
    told, report = page.told, page.told.report
    title = f"Before and after: run {escape(told.run)}"
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · {escape(page.project)}</title>\n<style>{style_sheet()}</style>\n</head>\n<body>\n"
    )
    yield (
        f"<h1>{title}</h1>\n<p class='muted'>{escape(page.project)}: run {escape(told.parent)} before, run "
        f"{escape(told.run)} after fine-tuning on {counted(told.learnt, 'correction')}.</p>\n"
        f"<p><b>{escape(choice_in_words(page.choice))}</b>{_note(page.choice)}</p>\n"
    )
    yield _metrics(told)
    yield _cards(report)
    yield _classes(report, page.classes)
    yield from pictures(items, report.task, page.classes, shown=page.pictured, changed=page.changed)
    yield from _table(report)
    yield f"<footer><p>{_fine_print(report.task)}</p><p>Relearn Studio {__version__}, {_now()}.</p></footer>\n"
    yield "</body>\n</html>\n"


def _note(choice: ModelChoice | None) -> str:
    return f": {escape(choice.note)}" if choice is not None and choice.note else ""


def _metrics(told: RunReport) -> str:
    rows = "".join(
        f"<tr><td>{escape(m.name)}</td><td class='number {_better(m)}'>{metric_figures(m)}</td>"
        f"<td class='muted'>{escape(m.of_what)}</td></tr>"
        for m in told.metrics
    )
    table = (
        f"<div class='wide'><table><tr><th>Metric</th><th class='number'>Before → after</th><th>Of what</th></tr>{rows}"
        "</table></div>\n"
        if rows
        else ""
    )
    return f"<h2>The runs' own metrics</h2>\n<p class='muted'>{escape(told.frozen.sentence)}</p>\n{table}"


def _better(change: MetricChange) -> str:
    if change.gain == 0 or not change.comparable:
        return ""
    return "ok" if change.gain > 0 else "danger"


def _cards(report: Report) -> str:
    chance = chance_in_words(report.chance, report.task) if report.chance is not None else ""
    cards = (
        ("Validation, labels as before", report.untouched, chance, "The honest comparison: same items, same labels."),
        ("Corrected items", report.corrected, "", "Their labels changed, and the model was trained on them."),
        ("Other items", report.others, "", "Items of other splits that were scored as well."),
    )
    shown = "".join(_card(*card, report.task) for card in cards if card[1].items)
    return f"<h2>Item by item</h2>\n<div class='cards'>{shown}</div>\n"


def _card(title: str, part: ReportPart, chance: str, hint: str, task: Task) -> str:
    if part.error_before is None or part.error_after is None:
        figures = "Nothing to compare"
    else:
        figures = mean_change(part.error_before, part.error_after, task)
    verdicts = (
        f"<span class='ok'>{part.fixed:,} fixed</span> · <span class='danger'>{part.broken:,} broken</span> · "
        f"<span class='muted'>{part.unchanged:,} unchanged</span>"
    )
    judged = f"<p>{escape(chance)}</p>" if chance else ""
    return (
        f"<section class='card'><h3>{title}</h3><div class='figures'>{escape(figures)}</div><div>{verdicts}</div>"
        f"{judged}<p class='muted'>{hint}</p></section>"
    )


def _classes(report: Report, classes: Sequence[LabelClass]) -> str:
    if not report.by_class:
        return ""
    names = {c.id: c.name for c in classes}
    what = "Wrong pixels" if report.task is Task.SEGMENTATION else "Mistakes"
    rows = "".join(
        f"<tr><td>{escape(names.get(c.class_id, str(c.class_id)))}</td><td class='number'>{c.wrong_before:,}</td>"
        f"<td class='number'>{c.wrong_after:,}</td>{_change_cell(c.wrong_before, c.wrong_after)}</tr>"
        for c in report.by_class
    )
    return (
        f"<h2>By class</h2>\n<p class='muted'>{what} on the validation items whose labels stayed.</p>\n"
        "<div class='wide'><table><tr><th>Class</th><th class='number'>Before</th><th class='number'>After</th>"
        f"<th class='number'>Change</th></tr>{rows}</table></div>\n"
    )


def _change_cell(before: int, after: int) -> str:
    role = "ok" if after < before else "danger" if after > before else "muted"
    sign = "−" if after < before else "+" if after > before else ""
    return f"<td class='number {role}'>{sign}{abs(after - before):,}</td>"


def _table(report: Report) -> Iterator[str]:
    listed = [row for row in report.rows if row.verdict in VERDICT_CLASSES or row.apart]
    listed.sort(key=lambda row: -abs((row.after or 0.0) - (row.before or 0.0)))
    if not listed:
        return
    yield "<h2>Fixed, broken and corrected items</h2>\n"
    if len(listed) > LISTED_ITEMS:
        yield (
            f"<p class='muted'>The {LISTED_ITEMS:,} of {len(listed):,} that changed most; the window and "
            "<code>studio report --json</code> list all.</p>\n"
        )
    heads = "".join(f"<th{number}>{head}</th>" for head, number in _HEADS)
    yield f"<div class='wide'><table><thead><tr>{heads}</tr></thead><tbody>\n"
    for row in listed[:LISTED_ITEMS]:
        yield _line(row, report.task)
    yield "</tbody></table></div>\n"


_NUMBER: Final = " class='number'"
_HEADS: Final = (
    ("Item", ""),
    ("Split", ""),
    ("Before", _NUMBER),
    ("After", _NUMBER),
    ("Change", _NUMBER),
    ("Verdict", ""),
    ("Label", ""),
)


def _line(row: ReportRow, task: Task) -> str:
    before, after = ("–" if error is None else error_figure(error, task) for error in (row.before, row.after))
    both = row.before is not None and row.after is not None
    change = change_figure(row.before or 0.0, row.after or 0.0, task) if both else ""
    label = "corrected" if row.corrected else "changed" if row.label_changed else ""
    return (
        f"<tr><td class='name'>{escape(row.name)}</td><td>{row.split.value}</td><td class='number'>{before}</td>"
        f"<td class='number'>{after}</td><td class='number'>{change}</td>"
        f"<td class='{VERDICT_CLASSES.get(row.verdict, 'muted')}'>{row.verdict.value}</td><td>{label}</td></tr>\n"
    )


def _fine_print(task: Task) -> str:
    """What counts as fixed and broken."""
    if is_right_or_wrong(task):
        return "Fixed: wrong before, right after. Broken: right before, wrong after."
    if task is Task.MULTI_LABEL:
        return "Fixed: fewer wrong tags than before. Broken: more."
    least = error_figure(ABSOLUTE_MARGIN[task], task)
    return (
        f"Fixed or broken: an item whose error fell or rose by more than {least} and by more than "
        f"{RELATIVE_MARGIN:.0%} of the larger of the two errors."
    )


def _now() -> str:
    now = dt.datetime.now()
    return f"{now.day} {now:%B %Y %H:%M}"
