"""Which items of a run are reviewed, and in which order: every question is one that the indices answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.core.items import Split
from studio.core.review import LABEL_CHANGED, Decision
from studio.core.review_order import GroupBy, ReviewOrder, SortBy
from studio.store.database import Database
from studio.store.natural_order import natural_key

Span = tuple[float | None, float | None]
"""From … to …, both included; None for no bound."""


@dataclass(frozen=True, kw_only=True)
class ReviewFilter:
    """Which items to review. An empty part lets everything through. `class_id`: the model took pixels of that class for
    another one or the other way round; `confusion`: it took pixels of the first class for the second; `text`: the name
    contains it, whatever the case. `spans`: the values that an item must have, which one without any does not.
    `only_wrong`: label and prediction differ; `only_corrected`: the label was corrected, in this review or before the
    run was trained on it. `asked`: a question about the item is open."""

    splits: Collection[Split] = ()
    class_id: int | None = None
    decisions: Collection[Decision] = ()
    confusion: tuple[int, int] | None = None
    text: str = ""
    spans: tuple[tuple[SortBy, Span], ...] = ()
    only_wrong: bool = False
    only_corrected: bool = False
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class ItemGroup:
    """A part of an arrangement that begins at the row `start`. `key` is a class id, or a sequence or folder by name;
    None and "" where an item has none. Where nothing is grouped, those without a label to judge by are kept apart:
    their key is None, that of the others `JUDGED`; and by suspicion `SUSPECTED`, `TRUSTED` and `UNASKED` labels are."""

    key: int | str | None
    start: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """`ids` in the order in which they show. Without grouping there are groups only where loss or error sort items of
    which some have none, as they had no label, or where suspicion does."""

    ids: list[int]
    groups: tuple[ItemGroup, ...] = ()


JUDGED: Final = "judged"
SUSPECTED: Final = "suspected"
TRUSTED: Final = "trusted"
UNASKED: Final = "unasked"
"""Nobody judged the label, or there is none."""

_NO_FILTER: Final = ReviewFilter()
_WORST_FIRST: Final = ReviewOrder()

_COLUMNS: Final = {
    SortBy.LOSS: "measures.loss",
    SortBy.ERROR: "measures.error",
    SortBy.CONFIDENCE: "measures.confidence",
    SortBy.MARGIN: "measures.margin",
    SortBy.ENTROPY: "measures.entropy",
    SortBy.OVERLAP: "overlaps.overlap",
    SortBy.SUSPICION: "suspicions.quality",
    SortBy.NAME: "items.sort_key",
}
_GREATEST_FIRST: Final = frozenset({SortBy.LOSS, SortBy.ERROR, SortBy.ENTROPY})
_JUDGED_BY_LABEL: Final = frozenset({SortBy.LOSS, SortBy.ERROR})
_VALUED_BESIDE: Final = frozenset({SortBy.OVERLAP, SortBy.SUSPICION})
"""Their values are in tables of their own, where not every item needs to be."""


class ReviewQueries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self, run_id: str, wanted: ReviewFilter = _NO_FILTER, order: ReviewOrder = _WORST_FIRST) -> list[int]:
        """The ids of the items that pass, in order; groups are not told apart."""
        return self.arranged(run_id, wanted, order).ids

    def arranged(
        self, run_id: str, wanted: ReviewFilter = _NO_FILTER, order: ReviewOrder = _WORST_FIRST
    ) -> Arrangement:
        """The items that pass, in order, group by group: classes as they are numbered, sequences and folders in natural
        order, and at the end what belongs to none."""
        rows = self._rows(run_id, wanted, order)
        if order.group is GroupBy.NOTHING and order.by is SortBy.SUSPICION:
            return _by_suspicion(rows, reverse=order.reverse)
        if order.group is GroupBy.NOTHING and order.by not in _JUDGED_BY_LABEL:
            return Arrangement(ids=[item for item, _key in rows])
        if order.group is GroupBy.SEQUENCE:
            return self._by_sequence([item for item, _key in rows])
        groups: dict[int | str | None, list[int]] = {}
        for item, key in rows:
            groups.setdefault(key, []).append(item)
        arranged = _in_groups(groups)
        return Arrangement(ids=arranged.ids) if list(groups) == [JUDGED] else arranged

    def known(self, run_id: str) -> frozenset[SortBy]:
        """What at least one item of the run has a value of."""
        found = {SortBy.LOSS, SortBy.ERROR, SortBy.NAME}
        for by in (SortBy.CONFIDENCE, SortBy.MARGIN, SortBy.ENTROPY, SortBy.OVERLAP, SortBy.SUSPICION):
            column = _COLUMNS[by]
            table = column.partition(".")[0]
            sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE run = ? AND {column} IS NOT NULL)"
            if self._database.execute(sql, (run_id,)).fetchone()[0]:
                found.add(by)
        return frozenset(found)

    def _rows(self, run_id: str, wanted: ReviewFilter, order: ReviewOrder) -> Iterable[tuple[int, int | str | None]]:
        """(item, class that it is filed under where that is asked for, else what is thought of its label); an item
        without a value in a table of its own comes after the others, greatest loss first."""
        if order.by not in _VALUED_BESIDE:
            return self._query(run_id, wanted, order)
        ranked = self._ranked(run_id, order)
        if wanted == _NO_FILTER and order.group is not GroupBy.CLASS and len(ranked) == self._count(run_id):
            return ranked
        passing = dict(self._query(run_id, wanted, ReviewOrder(group=order.group)))
        by_class = order.group is GroupBy.CLASS
        first = {item: passing[item] if by_class else key for item, key in ranked if item in passing}
        rest = [(item, key if by_class else None) for item, key in passing.items() if item not in first]
        return [*first.items(), *rest]

    def _count(self, run_id: str) -> int:
        return int(self._database.execute("SELECT COUNT(*) FROM measures WHERE run = ?", (run_id,)).fetchone()[0])

    def _by_sequence(self, ids: Sequence[int]) -> Arrangement:
        """By the sequence of each item, else by its folder; "" where it has neither."""
        found: list[tuple[str, str]] = self._database.execute(
            "SELECT sequence, json_group_array(id) FROM items GROUP BY sequence"
        ).fetchall()
        found.sort(key=lambda sequence: _place(sequence[0]))
        members = [np.array(json.loads(items), np.int64) for _key, items in found]
        numbers = np.zeros(max((int(items.max()) + 1 for items in members), default=0), np.int64)
        for number, items in enumerate(members):
            numbers[items] = number
        wanted = np.array(ids, np.int64)
        of_each = numbers[wanted]
        groups: list[ItemGroup] = []
        start = 0
        for (key, _items), count in zip(found, np.bincount(of_each, minlength=len(found)).tolist(), strict=True):
            if count:
                groups.append(ItemGroup(key=key, start=start, count=count))
                start += count
        return Arrangement(ids=wanted[np.argsort(of_each, kind="stable")].tolist(), groups=tuple(groups))

    def _ranked(self, run_id: str, order: ReviewOrder) -> list[tuple[int, str | None]]:
        """All items that have a value in a table of its own, with what is thought of a label."""
        table, column = _COLUMNS[order.by].split(".")
        one_class = "" if order.by is SortBy.SUSPICION else "AND class_id = ?"
        class_id = () if order.by is SortBy.SUSPICION else (-1 if order.class_id is None else order.class_id,)
        way = "DESC" if order.reverse else "ASC"
        key = f"IIF(issue, '{SUSPECTED}', '{TRUSTED}')" if order.by is SortBy.SUSPICION else "NULL"
        sql = f"SELECT item, {key} FROM {table} WHERE run = ? {one_class} ORDER BY {column} {way}, item"
        return self._database.execute(sql, (run_id, *class_id)).fetchall()

    def _query(self, run_id: str, wanted: ReviewFilter, order: ReviewOrder) -> Iterator[tuple[int, int | str | None]]:
        clauses, values = _conditions(run_id, wanted)
        if order.group is GroupBy.CLASS:
            key = "measures.filed_under"
        elif order.by in _JUDGED_BY_LABEL:
            key = f"IIF({_COLUMNS[order.by]} IS NULL, NULL, '{JUDGED}')"
        else:
            key = "NULL"
        rows = self._database.execute(
            f"SELECT measures.item, {key} FROM {_tables(wanted, order)} "
            f"WHERE {' AND '.join(['measures.run = ?', *clauses])} ORDER BY {_ordering(order)}",
            (run_id, *values),
        )
        return iter(rows)


def _tables(wanted: ReviewFilter, order: ReviewOrder) -> str:
    """Names are read in their order off the items' index, which is quicker than sorting them; a cross join keeps the
    tables in the order that is written."""
    if order.by is SortBy.NAME:
        tables = "items CROSS JOIN measures ON measures.item = items.id"
    elif wanted.text:
        tables = "measures JOIN items ON items.id = measures.item"
    else:
        tables = "measures"
    if wanted.decisions or wanted.only_corrected:
        tables += " LEFT JOIN verdicts ON verdicts.run = measures.run AND verdicts.item = measures.item"
    return tables


def _ordering(order: ReviewOrder) -> str:
    if order.by is SortBy.NAME:
        way = "DESC" if order.reverse else "ASC"
        return f"items.sort_key {way}, items.id {way}"
    falls = (order.by in _GREATEST_FIRST) is not order.reverse
    return f"{_COLUMNS[order.by]} {'DESC' if falls else 'ASC'} NULLS LAST, measures.item"


def _conditions(run_id: str, wanted: ReviewFilter) -> tuple[list[str], list[object]]:
    clauses: list[str] = []
    values: list[object] = []
    if wanted.splits:
        clauses.append(f"measures.split IN ({', '.join('?' * len(wanted.splits))})")
        values += [split.value for split in wanted.splits]
    if wanted.decisions:
        clauses.append(f"COALESCE(verdicts.decision, ?) IN ({', '.join('?' * len(wanted.decisions))})")
        values += [Decision.UNDECIDED.value, *(decision.value for decision in wanted.decisions)]
    # The subquery names the run itself: tied to the outer row it would be carried out anew for every item.
    mistake = "measures.item IN (SELECT item FROM confusions WHERE run = ? AND pixels > 0 AND "
    if wanted.class_id is not None:
        clauses.append(mistake + "(label = ? OR predicted = ?))")
        values += [run_id, wanted.class_id, wanted.class_id]
    if wanted.confusion is not None:
        clauses.append(mistake + "label = ? AND predicted = ?)")
        values += [run_id, *wanted.confusion]
    for more_clauses, more_values in (_value_conditions(wanted), _text_conditions(wanted)):
        clauses += more_clauses
        values += more_values
    return clauses, values


def _value_conditions(wanted: ReviewFilter) -> tuple[list[str], list[object]]:
    clauses: list[str] = []
    values: list[object] = []
    for by, (low, high) in wanted.spans:
        for bound, comes in ((low, ">="), (high, "<=")):
            if bound is not None:
                clauses.append(f"{_COLUMNS[by]} {comes} ?")
                values.append(bound)
    if wanted.asked:
        clauses.append("measures.item IN (SELECT item FROM notes WHERE open = 1)")
    if wanted.only_wrong:
        clauses.append("measures.error > 0")
    if wanted.only_corrected:
        clauses.append(f"(measures.corrected = 1 OR verdicts.decision IN ({', '.join('?' * len(LABEL_CHANGED))}))")
        values += sorted(decision.value for decision in LABEL_CHANGED)
    return clauses, values


def _text_conditions(wanted: ReviewFilter) -> tuple[list[str], list[object]]:
    if not wanted.text:
        return [], []
    escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return ["items.name LIKE ? ESCAPE '\\'"], [f"%{escaped}%"]


def _place(key: int | str | None) -> tuple[bool, int, str]:
    """Where a group stands among the others."""
    return key is None or key == "", key if isinstance(key, int) else 0, natural_key(str(key))


def _by_suspicion(rows: Iterable[tuple[int, int | str | None]], *, reverse: bool) -> Arrangement:
    """What is suspected apart from the rest, also where some of that has a lower quality."""
    groups: dict[int | str | None, list[int]] = {}
    for item, key in rows:
        groups.setdefault(UNASKED if key is None else key, []).append(item)
    keys = (TRUSTED, SUSPECTED, UNASKED) if reverse else (SUSPECTED, TRUSTED, UNASKED)
    return _joined({key: groups[key] for key in keys if key in groups})


def _in_groups(found: dict[int | str | None, list[int]]) -> Arrangement:
    return _joined({key: found[key] for key in sorted(found, key=_place)})


def _joined(found: Mapping[int | str | None, list[int]]) -> Arrangement:
    ids: list[int] = []
    groups: list[ItemGroup] = []
    for key, items in found.items():
        groups.append(ItemGroup(key=key, start=len(ids), count=len(items)))
        ids += items
    return Arrangement(ids=ids, groups=tuple(groups))
