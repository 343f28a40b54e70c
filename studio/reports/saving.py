"""A before/after report as one HTML file with pictures, which needs no other file and no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studio.core.atomic import replacing
from studio.core.report import Report, ReportRow, Verdict
from studio.core.review import ItemScore
from studio.core.snapshot import Snapshot
from studio.reports.item_pictures import Judged, panels_of
from studio.reports.page import Page, write_page
from studio.reports.page_items import PicturedItem
from studio.reports.reading import Compared, compare
from studio.store import Store

PICTURED_ITEMS: Final = 60

Progress = Callable[[int, int], None]
"""Called with how many pictures are drawn and of how many."""


@dataclass(frozen=True, kw_only=True)
class SavedReport:
    """`pictured` of the `changed` items, those worth seeing, have pictures."""

    path: Path
    pictured: int
    changed: int

    @property
    def sentence(self) -> str:
        if self.pictured < self.changed:
            return f"{self.path} has the report, with pictures of the {self.pictured:,} items that changed most."
        return f"{self.path} has the report."


def save_report(
    store: Store,
    run: str,
    out: Path,
    *,
    pictured: int = PICTURED_ITEMS,
    progress: Progress = lambda _done, _total: None,
) -> SavedReport:
    """Write the report of a fine-tuned run to `out`, all of it or nothing, with pictures of the items whose error
    changed most. Raises what `read_report` does, and CannotWrite."""
    compared = compare(store, run)
    told = compared.told
    rows = most_changed(told.report, pictured)
    judged = _judged(rows, compared)
    page = Page(
        project=store.settings.name,
        told=told,
        choice=store.models.of(run),
        classes=store.settings.known_classes,
        changed=len(worth_seeing(told.report.rows)),
        pictured=len(rows),
    )
    with replacing(out) as file:
        write_page(file, page, _drawn(rows, judged, compared.snapshot, progress))
    return SavedReport(path=out, pictured=len(rows), changed=page.changed)


def most_changed(report: Report, count: int) -> list[ReportRow]:
    """At most `count` rows that are worth seeing, those that got worse first, the greatest change first in either part.
    Each part gets half of the places, and what the other leaves."""
    changed = worth_seeing(report.rows)
    better = [row for row in changed if _change(row) < 0]
    worse = [row for row in reversed(changed) if _change(row) > 0]
    for_worse = min(len(worse), max(count // 2, count - len(better)))
    return [*worse[:for_worse], *better[: count - for_worse]]


def worth_seeing(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """Those that were fixed or broken; where none was, all whose error changed at all."""
    changed = [row for row in rows if row.before is not None and row.after is not None and _change(row) != 0]
    return [row for row in changed if row.verdict in (Verdict.FIXED, Verdict.BROKEN)] or changed


def _change(row: ReportRow) -> float:
    assert row.before is not None
    assert row.after is not None
    return row.after - row.before


def _judged(rows: Sequence[ReportRow], compared: Compared) -> dict[int, Judged]:
    """What there is to be drawn of each row's item, by its id."""
    wanted = {row.item for row in rows}
    snapshot, parent, record = compared.snapshot, compared.parent, compared.record
    old, new = (_by_place(scores, wanted) for scores in (compared.before, compared.after))
    frozen = {(item.id, item.split): item for item in snapshot.items if item.id in wanted}
    anywhere = {item: entry for (item, _split), entry in frozen.items()}
    found: dict[int, Judged] = {}
    for row in rows:
        before, after = (_score(scores, row) for scores in (old, new))
        item = frozen.get((row.item, row.split)) or anywhere.get(row.item)
        if item is not None and before is not None and after is not None:
            found[row.item] = Judged(
                item=item, before=before, after=after, folder_before=parent.folder, folder_after=record.folder
            )
    return found


Scores = dict[tuple[int, str], ItemScore]


def _by_place(scores: Iterable[ItemScore], wanted: set[int]) -> Scores:
    """By item and split, of the wanted items."""
    return {(score.item, score.split.value): score for score in scores if score.item in wanted}


def _score(scores: Scores, row: ReportRow) -> ItemScore | None:
    """The one that the row is about: in its split, else in any."""
    exact = scores.get((row.item, row.split.value))
    return exact or next((score for (item, _split), score in scores.items() if item == row.item), None)


def _drawn(
    rows: Sequence[ReportRow], judged: dict[int, Judged], snapshot: Snapshot, progress: Progress
) -> Iterable[PicturedItem]:
    """One at a time, so that no more than one item's pictures are in memory."""
    for number, row in enumerate(rows, start=1):
        known = judged.get(row.item)
        yield PicturedItem(row=row, panels=tuple(panels_of(known, snapshot)) if known is not None else ())
        progress(number, len(rows))
