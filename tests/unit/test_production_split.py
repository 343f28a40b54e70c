"""What a model got wrong out there is of a split of its own, which no run takes unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.export import export_project
from studio.formats import exporters, importer, recognise
from studio.ingest import import_into
from studio.store import ItemFilter, Store

SPLITS = (Split.TRAIN, Split.TRAIN, Split.VALID, Split.TEST, Split.PRODUCTION)
EXPORTS = [
    (exporter.name, task)
    for exporter in exporters()
    for task in exporter.tasks
    if task not in (Task.TEXT, Task.KEYPOINTS)
]


def project(folder: Path, task: Task) -> Store:
    """One labelled item in each place of `SPLITS`."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    settings = ProjectSettings(name="p", task=task, classes=tuple(make_classes(["cat", "dog"])))
    store = Store.create(folder / "project", settings)
    ids: list[int] = []
    for number, split in enumerate(SPLITS):
        path = pictures / f"{number}.png"
        Image.fromarray(np.full((32, 40, 3), 20 * number, np.uint8)).save(path)
        ids += store.add_items([NewItem(name=path.name, path=path, split=split)])
    if task is Task.SEGMENTATION:
        store.import_annotations((item, np.full((32, 40), item % 2, np.uint8)) for item in ids)
    elif task in (Task.SINGLE_LABEL, Task.MULTI_LABEL):
        store.tags.replace({item: Tags.of([item % 2]) for item in ids}, "by hand")
    return store


def test_no_run_trains_on_it_and_none_is_judged_by_it(tmp_path: Path) -> None:
    with project(tmp_path, Task.SEGMENTATION) as store:
        spec = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=32),), purpose=Purpose.TRAIN)
        snapshot = store.snapshot(store.create_run(spec).id)
        assert [item.name for item in snapshot.items] == ["0.png", "1.png", "2.png"]
        assert store.counts().by_split[Split.PRODUCTION] == 1
        assert [store.item(i).name for i in store.item_ids(ItemFilter(splits=(Split.PRODUCTION,)))] == ["4.png"]


@pytest.mark.parametrize(("name", "task"), EXPORTS)
def test_every_export_writes_it_too_and_no_import_takes_it_for_training(name: str, task: Task, tmp_path: Path) -> None:
    with project(tmp_path, task) as store:
        report = export_project(store, tmp_path / "out", format_name=name)
    assert report.items == len(SPLITS)
    recognised = recognise(tmp_path / "out")
    import_into(tmp_path / "again", importer(recognised.format).plan(recognised.source))
    with Store.open(tmp_path / "again") as again:
        by_picture = {Path(item.name).name: item.split for item in again.items(again.item_ids())}
    if name in ("labelme", "class-masks"):  # an import of these reads no splits
        return
    assert by_picture["4.png"] in (Split.PRODUCTION, Split.TEST)
    assert by_picture["3.png"] is Split.TEST
