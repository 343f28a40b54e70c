"""Which labels a run suspects, as the project keeps it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from studio.core.errors import ProjectDamaged
from studio.core.items import Split
from studio.core.recipe import RunSpec, Stage
from studio.core.review import Decision, ItemScore, encode_score
from studio.core.settings import Task
from studio.core.suspicions import DoubtedRegion, Method, Suspicion, encode_suspicion
from studio.store import Store

MakeStore = Callable[..., Store]
RUN = "0001"
REGION = DoubtedRegion(left=3, top=4, right=30, bottom=40, area=700, label=0, proposed=1)


def suspicion(item: int, quality: float, **options: object) -> Suspicion:
    return Suspicion(
        item=item,
        name=f"f{item - 1}.png",
        split=Split.TRAIN,
        revision=1,
        quality=quality,
        is_issue=quality < 0.3,
        method=Method.CLEANLAB,
        **options,  # type: ignore[arg-type]
    )


def put(store: Store, suspicions: list[Suspicion], tail: bytes = b"") -> None:
    path = store.run(RUN).folder / "suspicions.jsonl"
    path.write_bytes(b"".join(map(encode_suspicion, suspicions)) + tail)


@pytest.fixture
def store(make_store: MakeStore, striped: Callable[[int], np.ndarray]) -> Store:
    store = make_store(5, valid=2)
    store.import_annotations((i, striped(40 + i)) for i in store.item_ids())
    run = store.create_run(RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=64, width=64),)))
    scores = [
        ItemScore(item=i, name=f"f{i - 1}.png", split=Split.TRAIN, revision=1, loss=i, error=0) for i in (1, 2, 3)
    ]
    (run.folder / "scores.jsonl").write_bytes(b"".join(map(encode_score, scores)))
    return store


def test_the_most_suspicious_items_come_first_with_what_is_doubted(store: Store) -> None:
    put(store, [suspicion(1, 0.5), suspicion(2, 0.1, regions=(REGION,)), suspicion(3, 0.2)])
    assert store.review.load_scores(RUN) == 3
    assert store.review.suspects(RUN) == [2, 3, 1]
    assert store.review.suspects(RUN, issues_only=True) == [2, 3]
    assert store.review.suspicion_counts(RUN) == (2, 3)
    found = store.review.suspicions(RUN, [1, 2, 77])
    assert set(found) == {1, 2}
    assert found[2].regions == (REGION,)


def test_what_is_decided_of_the_suspected_labels_is_counted(store: Store) -> None:
    put(store, [suspicion(1, 0.5), suspicion(2, 0.1), suspicion(3, 0.2)])
    store.review.load_scores(RUN)
    assert store.review.decided_suspects(RUN) == 0
    for item in (1, 2):
        store.review.decide(RUN, item, Decision.LABEL_RIGHT)
    assert store.review.decided_suspects(RUN) == 1
    store.review.decide(RUN, 3, Decision.LEFT_OUT)
    assert store.review.decided_suspects(RUN) == 2
    store.review.undo(RUN)
    assert store.review.decided_suspects(RUN) == 1


def test_a_run_that_suspects_nothing_has_no_suspects(store: Store) -> None:
    assert store.review.load_scores(RUN) == 3
    assert store.review.suspects(RUN) == []
    assert store.review.suspicion_counts(RUN) == (0, 0)


def test_reading_again_replaces_what_was_read_before(store: Store) -> None:
    put(store, [suspicion(1, 0.5), suspicion(2, 0.1)])
    store.review.load_scores(RUN)
    put(store, [suspicion(2, 0.7)])
    store.review.load_scores(RUN)
    assert store.review.suspects(RUN) == [2]
    assert store.review.suspects(RUN, issues_only=True) == []


def test_a_suspicion_about_an_item_that_is_gone_is_none_about_the_one_that_has_its_number(store: Store) -> None:
    renamed = msgspec.structs.replace(suspicion(2, 0.1), name="another.png")
    put(store, [suspicion(1, 0.5), renamed, suspicion(77, 0.1)])
    store.review.load_scores(RUN)
    assert store.review.suspects(RUN) == [1]
    assert store.review.suspicion_counts(RUN) == (0, 1)


def test_a_torn_last_line_is_passed_over_and_a_broken_one_in_the_middle_is_told(store: Store) -> None:
    put(store, [suspicion(1, 0.5)], tail=b'{"item": 2, "na')
    store.review.load_scores(RUN)
    assert store.review.suspects(RUN) == [1]
    put(store, [], tail=b"nonsense\n" + encode_suspicion(suspicion(1, 0.5)))
    with pytest.raises(ProjectDamaged, match="line 1"):
        store.review.load_scores(RUN)
    assert store.review.suspects(RUN) == [1]


def test_a_project_from_before_there_were_suspicions_opens_and_can_keep_some(store: Store, tmp_path: Path) -> None:
    store.close()
    connection = sqlite3.connect(tmp_path / "project" / "studio.db")
    connection.executescript("DROP TABLE suspicions; PRAGMA user_version = 6")
    connection.close()
    with Store.open(tmp_path / "project") as again:
        put(again, [suspicion(1, 0.5)])
        again.review.load_scores(RUN)
        assert again.review.suspects(RUN) == [1]
