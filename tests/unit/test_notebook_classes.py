"""The data block chain as it is printed, on ants and bees, and lesson 3's Planet notebook, on a few of their pictures;
only sizes and the encoder are smaller."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.items import Split
from tests.unit.lessons import WITHOUT_MATPLOTLIB, a_few, run_cells

CHAIN = """
tfms = get_transforms()
data = (ImageFileList.from_folder(path)
        .label_from_folder()
        .split_by_folder()
        .add_test_folder()
        .datasets()
        .transform(tfms, size=224)
        .databunch())
"""

SMALLER = CHAIN.replace("data = ", "small = ").replace("size=224", "size=32").replace("bunch()", "bunch(bs=4)")

CLASSES = """
learn = create_cnn(small, models.mobilenet_v3_large, metrics=[accuracy, error_rate], pretrained=False)
learn.fit_one_cycle(2, max_lr=slice(1e-4, 1e-2))
interp = Interpretation.from_learner(learn)
matrix = interp.confusion_matrix()
"""

PLANET = """
tfms = get_transforms(flip_vert=True, max_lighting=0.1, max_zoom=1.05, max_warp=0.)
np.random.seed(42)
src = (ImageFileList.from_folder(path)
       .label_from_csv('train_v2.csv', sep=' ', folder='train', suffix='.jpg')
       .random_split_by_pct(0.2))
data = (src.datasets()
        .transform(tfms, size=32)
        .databunch(bs=8).normalize(imagenet_stats))
"""

TRAINING = """
arch = models.mobilenet_v3_large
acc_02 = partial(accuracy_thresh, thresh=0.2)
f_score = partial(fbeta, thresh=0.2)
learn = create_cnn(data, arch, metrics=[acc_02, f_score], pretrained=False)
lr = 0.01
learn.fit_one_cycle(1, slice(lr))
learn.unfreeze()
learn.fit_one_cycle(1, slice(1e-5, lr/5))
data = (src.datasets().transform(tfms, size=48)
        .databunch(bs=8).normalize(imagenet_stats))
learn.data = data
shape = data.train_ds[0][0].shape
learn.freeze()
lr=1e-2/2
learn.fit_one_cycle(1, slice(lr))
ours = learn.validate()
learn.metrics = []
theirs = learn.validate()
"""


@pytest.fixture
def insects(shared_data: Path, tmp_path: Path) -> Path:
    """Four pictures of each class for training and two for validation, and the file that is no photograph."""
    whole = shared_data / "hymenoptera"
    names = [
        str(path.relative_to(whole))
        for split, count in (("train", 4), ("val", 2))
        for name in ("ants", "bees")
        for path in sorted(whole.glob(f"{split}/{name}/*.jpg"))[:count]
    ]
    return a_few(whole, [*names, "train/ants/imageNotFound.gif"], tmp_path / "insects")


@pytest.fixture
def planet(shared_data: Path, tmp_path: Path) -> Path:
    """The first twenty chips of the table."""
    whole = shared_data / "planet"
    table = (whole / "train_v2.csv").read_text(encoding="utf-8").splitlines()[:21] if whole.is_dir() else []
    to = a_few(whole, [f"train/{row.partition(',')[0]}.jpg" for row in table[1:]], tmp_path / "planet")
    (to / "train_v2.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return to


def test_the_chain_runs_as_printed(insects: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = run_cells(CHAIN, path=insects)
    assert seen.data.classes == ["ants", "bees"]
    assert (len(seen.data.train_ds), len(seen.data.valid_ds), len(seen.data.test_ds)) == (9, 4, 0)
    assert f"{insects / 'test'} is not there" in capsys.readouterr().out
    picture, label = seen.data.valid_ds[0]
    assert picture.shape == (3, 224, 224)
    assert str(label) == Path(seen.data.valid_ds.items[0].image).parent.name


def test_pictures_of_a_test_folder_are_there_to_be_predicted_and_are_of_no_class(insects: Path) -> None:
    (insects / "test").mkdir()
    found = sorted((insects / "val" / "bees").iterdir())[0]
    found.rename(insects / "test" / found.name)
    seen = run_cells(CHAIN, path=insects)
    assert [item.name for item in seen.data.test_ds.items] == [found.name]
    assert seen.data.classes == ["ants", "bees"], "the folder's name is none"
    assert seen.data.test_ds[0][1].names == ()


def test_a_classifier_is_trained_and_interpreted(insects: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    seen = run_cells(SMALLER, CLASSES, path=insects)
    head, *rows = [line for line in capsys.readouterr().out.splitlines() if line[:1].isdigit() or "epoch" in line]
    assert head.split() == ["epoch", "train_loss", "valid_loss", "accuracy", "error_rate", "time"]
    assert len(rows) == 2
    _, right, wrong = seen.learn.validate()
    assert right + wrong == pytest.approx(1)
    assert seen.matrix.sum() == 4
    assert np.trace(seen.matrix) / 4 == pytest.approx(right)
    losses, rows = seen.interp.top_losses(2)
    worst = seen.small.items(Split.VALID)[int(rows[0])]
    assert worst in seen.interp.items and float(losses[0]) >= float(losses[1])


def test_pictures_are_mixed_when_the_learner_is_told_to(insects: Path) -> None:
    """The loss of the steps is another one, that of the validation set is not of mixed pictures."""
    cells = """
learn = create_cnn(small, models.mobilenet_v3_large, pretrained=False, loss_func=loss)
learn.fit_one_cycle(1, 1e-12)
plain = learn.recorder.losses[0], learn.validate()[0]
learn = create_cnn(small, models.mobilenet_v3_large, pretrained=False, loss_func=loss).mixup(0.4)
learn.fit_one_cycle(1, 1e-12)
mixed = learn.recorder.losses[0], learn.validate()[0]
"""
    found = [run_cells(SMALLER, f"loss = {loss}", cells, path=insects) for loss in ("None", "CrossEntropyFlat()")]
    for seen in found:
        assert seen.mixed[0] != pytest.approx(seen.plain[0], abs=1e-4)
        assert seen.mixed[1] == pytest.approx(seen.plain[1], abs=0.05)


def test_planets_table_gives_each_chip_its_tags(planet: Path) -> None:
    seen = run_cells(PLANET, path=planet)
    table = dict(line.split(",") for line in (planet / "train_v2.csv").read_text(encoding="utf-8").splitlines()[1:])
    assert (len(seen.data.train_ds), len(seen.data.valid_ds)) == (16, 4)
    assert seen.data.classes == sorted({tag for tags in table.values() for tag in tags.split()})
    for dataset in (seen.data.train_ds, seen.data.valid_ds):
        for (_, label), item in zip(dataset, dataset.items, strict=True):
            assert sorted(label.names) == sorted(table[Path(item.image).stem].split())
    again = run_cells(PLANET, path=planet)
    assert [item.name for item in again.data.valid_ds.items] == [item.name for item in seen.data.valid_ds.items]


def test_the_planet_cells_run_and_its_metrics_are_the_tasks_own(planet: Path) -> None:
    torch.manual_seed(0)
    seen = run_cells(PLANET, TRAINING, path=planet)
    assert seen.shape == (3, 48, 48)
    assert seen.learn.frozen
    assert sorted(seen.ours) == pytest.approx(sorted(seen.theirs), abs=1e-5), "loss, accuracy_thresh and F2 at 0.2"
    tags = len(seen.data.classes)
    assert seen.Interpretation.from_learner(seen.learn).confusion_matrix().shape == (tags, 2, 2)


def test_figures_name_the_classes(insects: Path, planet: Path) -> None:
    pytest.importorskip("matplotlib", reason=WITHOUT_MATPLOTLIB)
    figures = """
batch = small.show_batch(rows=2, figsize=(9,9), ds_type=DatasetType.Valid)
chips = data.show_batch(rows=2, figsize=(12,9))
learn = create_cnn(small, models.mobilenet_v3_large, pretrained=False)
interp = Interpretation.from_learner(learn)
top = interp.plot_top_losses(2)
matrix = interp.plot_confusion_matrix()
"""
    seen = run_cells(SMALLER.replace("path)", "insects)"), PLANET, figures, insects=insects, path=planet)
    assert [ax.get_title() for ax in seen.batch.axes] == ["ants", "ants", "bees", "bees"]
    assert all(ax.get_title() for ax in seen.chips.axes)
    assert all(title.split(" / ")[0] in ("ants", "bees") for title in [ax.get_title() for ax in seen.top.axes])
    assert [text.get_text() for text in seen.matrix.axes[0].get_xticklabels()] == ["ants", "bees"]
