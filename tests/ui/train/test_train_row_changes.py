"""A list of runs is told row by row, whatever came and went."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some
from PySide6.QtCore import QSortFilterProxyModel

from studio.core.recipe import RunSpec, Stage
from studio.core.settings import Task
from studio.store import RunRecord
from studio.ui.train.run_library import RunLibrary
from studio.ui.train.run_list import RUN_ROLE, RunListModel

SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=32),))


def records(numbers: set[int]) -> list[RunRecord]:
    return [RunRecord(id=f"{n:04d}", folder=Path(f"{n:04d}"), spec=SPEC, created=float(n)) for n in sorted(numbers)]


@given(some.lists(some.sets(some.integers(1, 20)), max_size=6))
def test_a_view_that_hears_only_of_rows_shows_the_runs_that_there_are(qapp: object, versions: list[set[int]]) -> None:
    library = RunLibrary()
    model, heard = RunListModel(library), QSortFilterProxyModel()
    heard.setSourceModel(model)
    for numbers in versions:
        model.show_records(records(numbers), None)
        shown = [heard.index(row, 0).data(RUN_ROLE) for row in range(heard.rowCount())]
        assert shown == [f"{n:04d}" for n in sorted(numbers, reverse=True)]
    library.close()
