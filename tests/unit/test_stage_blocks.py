"""The places of stages on the recipe's timeline, and what dragging them asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.recipe import RunSpec, Stage
from studio.core.settings import Task
from studio.ui.train.recipe_steps import REST, Moment, RecipeSteps
from studio.ui.train.stage_blocks import GAP, Move, Stretch, placed

EPOCHS = st.lists(st.integers(1, 10_000), min_size=1, max_size=12)


@given(EPOCHS, st.floats(40, 2000))
def test_blocks_stand_in_order_fit_where_they_can_and_are_never_too_small(epochs: list[int], room: float) -> None:
    row = placed(epochs, room=room, smallest=40)
    assert all(block.width >= 40 - 1e-6 for block in row.blocks)
    for before, after in zip(row.blocks, row.blocks[1:], strict=False):
        assert after.x == pytest.approx(before.right + GAP)
    if len(epochs) * (40 + GAP) - GAP <= room:
        assert row.right <= room + 1e-6
    longer = [block.width for _, block in sorted(zip(epochs, row.blocks, strict=True), key=lambda pair: pair[0])]
    assert longer == sorted(longer)


def test_widths_are_as_the_epochs_are() -> None:
    row = placed([5, 10, 1], room=206, smallest=40)
    assert [block.width for block in row.blocks] == pytest.approx([53.3333, 106.6667, 40], rel=1e-4)


def test_a_short_recipe_leaves_room_to_be_stretched() -> None:
    assert placed([3], room=500, smallest=40).right == 66


@given(EPOCHS, st.data())
def test_an_edge_that_is_let_go_where_it_was_gripped_changes_nothing(epochs: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(epochs) - 1))
    row = placed(epochs, room=400, smallest=40)
    held = Stretch(row, index, epochs[index], row.blocks[index].right)
    assert held.epochs_at(row.blocks[index].right) == epochs[index]
    assert held.epochs_at(-1e7) == 1


@given(EPOCHS, st.data())
def test_a_block_goes_where_it_is_dragged_and_the_others_keep_their_order(
    epochs: list[int], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(epochs) - 1))
    row = placed(epochs, room=400, smallest=40)
    held = Move(row, index, row.blocks[index].middle)
    assert held.place_at(row.blocks[index].middle) == index
    assert held.place_at(-1.0) == 0
    assert held.place_at(row.right + 1) == len(epochs) - 1
    x = data.draw(st.floats(-50, 600))
    others = [block.x for i, block in enumerate(held.row_at(x).blocks) if i != index]
    assert others == sorted(others)


def _moment(note: str) -> Moment:
    return Moment(RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=32),), note=note), 0)


def test_what_is_typed_without_a_rest_is_one_step_back() -> None:
    now = 0.0
    steps = RecipeSteps(clock=lambda: now)
    for said, at in (("", 0.0), ("1", 0.5), ("10", 0.9), ("100", 0.9 + 2 * REST)):
        now = at
        steps.keep(_moment(said), "note")
    assert steps.undo(_moment("1000")) == _moment("100")
    assert steps.undo(_moment("100")) == _moment("")
    assert steps.undo(_moment("")) is None
    assert steps.redo(_moment("")) == _moment("100")
    assert steps.redo(_moment("100")) == _moment("1000")
    assert not steps.can_redo


@given(st.lists(st.sampled_from(["change", "undo", "redo"]), max_size=40))
def test_undo_and_redo_walk_along_the_recipes_that_were(walk: list[str]) -> None:
    steps = RecipeSteps()
    line, place = [_moment("start")], 0
    for number, step in enumerate(walk):
        if step == "change":
            steps.keep(line[place])
            line, place = [*line[: place + 1], _moment(str(number))], place + 1
            continue
        to = place - 1 if step == "undo" else place + 1
        found = steps.undo(line[place]) if step == "undo" else steps.redo(line[place])
        if 0 <= to < len(line):
            assert found == line[to]
            place = to
        else:
            assert found is None
