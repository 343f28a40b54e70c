"""The bar of fine-tuning on the demo project: what was corrected is fixed, and what was known stays known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from studio.core.defaults import default_spec
from studio.core.fine_tuning import fine_tune_spec, lessons
from studio.core.images import image_size
from studio.core.items import LabelState, Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import ModelSpec, RunSpec
from studio.core.report import Verdict
from studio.core.review import Decision
from studio.demo import make_demo
from studio.demo.project import read_notes
from studio.engine import LocalEngine
from studio.reports import read_report
from studio.store import ItemFilter, Store

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(2400)]


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(keep_warm=False) as engine:
        yield engine


def carried_out(store: Store, engine: LocalEngine, spec: RunSpec) -> str:
    record = store.create_run(spec)
    outcome = engine.submit(record.folder, reserve_cores=1, device="cpu").wait()
    assert outcome is not None
    assert outcome.kind is OutcomeKind.FINISHED, outcome
    store.set_outcome(record.id, outcome)
    store.review.load_scores(record.id)
    return record.id


def test_wrong_labels_that_are_corrected_are_fixed_and_the_other_items_get_no_worse(
    tmp_path: Path, engine: LocalEngine
) -> None:
    project = make_demo(tmp_path / "demo")
    wrong = [label.name for label in read_notes(project).wrong]
    with Store.open(project) as store:
        labelled = ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN,))
        size = image_size(store.items(store.item_ids(labelled)[:1])[0].path)
        proposed = default_spec(store.settings, n_items=store.item_count(labelled), image_size=size)
        parent = carried_out(store, engine, msgspec.structs.replace(proposed, model=ModelSpec(pretrained=False)))
        for name in wrong:
            store.review.decide(parent, store.item_named(name).id, Decision.ACCEPTED)
        items = lessons(store.review.corrections(parent), store.production.learnable(parent))
        assert len(items) == len(wrong)

        report = read_report(store, carried_out(store, engine, fine_tune_spec(store.run(parent).spec, parent, items)))
        rows = {row.item: row for row in report.report.rows}
        fixed = sum(rows[item].verdict is Verdict.FIXED for item in items)
        assert fixed >= 0.8 * len(items)
        untouched = report.report.untouched
        assert untouched.error_before is not None
        assert untouched.error_after is not None
        assert untouched.error_after - untouched.error_before <= 0.005
