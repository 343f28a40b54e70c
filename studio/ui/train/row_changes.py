"""A model's rows brought up to date: what stays keeps its place, its selection and a half-typed text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QAbstractItemModel, QModelIndex

from studio.store import RunRecord


def bring_up_to_date(model: QAbstractItemModel, shown: list[RunRecord], wanted: Sequence[RunRecord]) -> list[RunRecord]:
    """Turn `shown`, the rows of `model`, into `wanted`, told as rows that go and come; both have the same order.
    Returns what was shown of the rows in their new places; of a new row, itself."""
    before = {record.id: record for record in shown}
    _remove(model, shown, {record.id for record in wanted})
    kept = {record.id for record in shown}
    if [record.id for record in wanted if record.id in kept] != [record.id for record in shown]:
        model.beginResetModel()
        shown[:] = wanted
        model.endResetModel()
    else:
        _insert(model, shown, wanted, kept)
        shown[:] = wanted
    return [before.get(record.id, record) for record in shown]


def _remove(model: QAbstractItemModel, shown: list[RunRecord], wanted: set[str]) -> None:
    gone = [row for row, record in enumerate(shown) if record.id not in wanted]
    for first, last in reversed(_stretches(gone)):
        model.beginRemoveRows(QModelIndex(), first, last)
        del shown[first : last + 1]
        model.endRemoveRows()


def _insert(model: QAbstractItemModel, shown: list[RunRecord], wanted: Sequence[RunRecord], kept: set[str]) -> None:
    new = [row for row, record in enumerate(wanted) if record.id not in kept]
    for first, last in _stretches(new):
        model.beginInsertRows(QModelIndex(), first, last)
        shown[first:first] = wanted[first : last + 1]
        model.endInsertRows()


def _stretches(rows: list[int]) -> list[tuple[int, int]]:
    """The first and last of each unbroken stretch of ascending numbers."""
    groups = [[row for _place, row in group] for _key, group in groupby(enumerate(rows), lambda p: p[1] - p[0])]
    return [(group[0], group[-1]) for group in groups]
