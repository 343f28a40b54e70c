"""Points that are given to several items at once, and predictions beside further instances."""

from __future__ import annotations

import pytest

from studio.core.document import PointsDocument
from studio.core.errors import ChangedElsewhere, UnknownItem
from studio.core.points import Keypoint, Points, Visibility
from studio.core.settings import Task
from studio.store import Store


def one(x: float, *, instance: int = 0) -> Points:
    return Points((Keypoint(index=0, x=x, y=1.0, instance=instance),))


def test_each_item_gets_one_edit_that_outlives_a_restart_and_is_undone_alone(make_store, tmp_path) -> None:
    store = make_store(3, task=Task.KEYPOINTS)
    a, b, c = store.item_ids()
    assert store.replace_points({a: one(1), b: one(2), c: Points()}, "interpolating") == [a, b]
    store.close()
    with Store.open(tmp_path / "project") as again:
        document = again.open_document(b)
        assert isinstance(document, PointsDocument)
        assert document.undo_text == "interpolating"
        document.undo()
        assert again.read_points(b) == Points()
        assert again.read_points(a) == one(1)
        document.redo()
        assert again.read_points(b) == one(2)


def test_an_open_document_follows_and_keeps_its_own_edit(make_store) -> None:
    store = make_store(2, task=Task.KEYPOINTS)
    a = store.item_ids()[0]
    document = store.open_document(a)
    assert isinstance(document, PointsDocument)
    document.begin("placing a point")
    document.place(one(5).placed[0])
    store.replace_points({a: one(9)}, "interpolating")
    assert document.points == one(9)
    document.undo()
    assert document.points == one(5)
    document.undo()
    assert document.points == Points()


def test_points_that_were_refused_come_along_when_the_item_is_opened_again(make_store) -> None:
    store = make_store(1, task=Task.KEYPOINTS)
    (a,) = store.item_ids()
    nose, ear, theirs = (Keypoint(index=index, x=x, y=1) for index, x in ((0, 1), (1, 2), (0, 9)))
    store.replace_points({a: Points((nose,))}, "placing a point")
    document = store.open_document(a)
    assert isinstance(document, PointsDocument)
    with Store.open(store.root) as other:
        other.replace_points({a: Points((theirs,))}, "moving a point")
        with pytest.raises(ChangedElsewhere):
            document.replace(Points((Keypoint(index=0, x=5, y=5), ear)), "placing points")
        again = store.open_document(a)
        assert isinstance(again, PointsDocument)
        assert again.points == Points((theirs, ear)) == other.read_points(a)
        again.undo()
        assert other.read_points(a) == Points((theirs,))


def test_an_unknown_item_leaves_all_of_them_alone(make_store) -> None:
    store = make_store(2, task=Task.KEYPOINTS)
    a = store.item_ids()[0]
    with pytest.raises(UnknownItem):
        store.replace_points({a: one(1), 999: one(2)}, "interpolating")
    assert store.read_points(a) is None


def test_a_prediction_replaces_the_instance_that_it_is_about_and_no_other() -> None:
    label = Points().updated([*one(1).placed, *one(2, instance=1).placed, Keypoint(index=1, x=3, y=3)])
    assert label.with_prediction(one(7)) == Points().updated([*one(7).placed, *one(2, instance=1).placed])


@pytest.mark.parametrize("visibility", [Visibility.HIDDEN, Visibility.ABSENT])
def test_a_prediction_leaves_what_a_person_called_hidden_or_absent(visibility: Visibility) -> None:
    unseen = Keypoint(index=1, x=3, y=3, visibility=visibility)
    label = Points().updated([*one(1).placed, unseen])
    predicted = Points().updated([*one(7).placed, Keypoint(index=1, x=9, y=9)])
    assert label.with_prediction(predicted) == Points().updated([*one(7).placed, unseen])
