"""Lesson 3's CamVid notebook, cell by cell, on a few of its pictures; only sizes and the encoder are smaller."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core import events
from studio.core.masks import read_mask
from studio.core.schedules import OneCycle
from studio.ml.model_file import read_model
from tests.unit.lessons import WITHOUT_MATPLOTLIB, a_few, run_cells

FILES = """
path_lbl = path/'labels'
path_img = path/'images'
fnames = get_image_files(path_img)
img_f = fnames[0]
img = open_image(img_f)
get_y_fn = lambda x: path_lbl/f'{x.stem}_P{x.suffix}'
mask = open_mask(get_y_fn(img_f))
src_size = np.array(mask.shape[1:])
codes = np.loadtxt(path/'codes.txt', dtype=str)
"""

DATA = """
size = src_size//8
bs=4
src = (ImageFileList.from_folder(path_img)
       .label_from_func(get_y_fn)
       .split_by_fname_file('../valid.txt'))
data = (src.datasets(SegmentationDataset, classes=codes)
        .transform(get_transforms(), size=size, tfm_y=True)
        .databunch(bs=bs)
        .normalize(imagenet_stats))
"""

METRIC = """
name2id = {v:k for k,v in enumerate(codes)}
void_code = name2id['Unlabelled']

def acc_camvid(input, target):
    target = target.squeeze(1)
    mask = target != void_code
    return (input.argmax(dim=1)[mask]==target[mask]).float().mean()

metrics=acc_camvid
learn = Learner.create_unet(data, models.mobilenet_v3_large, metrics=metrics, pretrained=False)
learn.model_dir = models_folder
"""

TRAINING = """
rates = lr_find(learn)
lr=1e-2
learn.fit_one_cycle(2, slice(lr), pct_start=0.8)
frozen_lrs = learn.recorder.lrs
learn.save('stage-1')
learn.load('stage-1');
learn.unfreeze()
lrs = slice(1e-5,lr/5)
learn.fit_one_cycle(1, lrs)
learn.save('stage-2')
"""

BIGGER = """
before = {name: value.clone() for name, value in learn.model.state_dict().items()}
size = src_size//6
data = (src.datasets(SegmentationDataset, classes=codes)
        .transform(get_transforms(), size=size, tfm_y=True)
        .databunch(bs=2)
        .normalize(imagenet_stats))
learn.data = data
learn.load('stage-2')
learn.freeze()
learn.to_fp16()
learn.fit(1, 1e-4)
interp = Interpretation.from_learner(learn)
losses, idxs = interp.top_losses(2)
"""


@pytest.fixture
def camvid(shared_data: Path, tmp_path: Path) -> Path:
    """Eight frames for training and four for validation."""
    whole = shared_data / "camvid11"
    valid = (whole / "valid.txt").read_text(encoding="utf-8").split()[:4] if whole.is_dir() else []
    train = [p.name for p in sorted(whole.glob("images/*.png")) if p.name not in set(valid)][:8]
    names = [name for frame in [*train, *valid] for name in (f"images/{frame}", f"labels/{Path(frame).stem}_P.png")]
    return a_few(whole, [*names, "codes.txt", "valid.txt"], tmp_path / "camvid")


def test_the_chain_reads_frames_and_masks_and_holds_out_those_of_the_list(camvid: Path) -> None:
    seen = run_cells(FILES, DATA, path=camvid)
    assert (len(seen.data.train_ds), len(seen.data.valid_ds)) == (8, 4)
    held_out = {item.name for item in seen.data.valid_ds.items}
    assert held_out == set((camvid / "valid.txt").read_text(encoding="utf-8").split()[:4])
    assert seen.data.classes == (camvid / "codes.txt").read_text(encoding="utf-8").split()
    assert seen.src_size.tolist() == [360, 480]
    assert seen.img.shape == (3, 360, 480)
    assert np.array_equal(seen.mask.data[0].numpy(), read_mask(seen.get_y_fn(seen.img_f))[0])
    picture, mask = seen.data.train_ds[0]
    assert picture.shape == (3, 45, 60)
    assert mask.shape == (1, 45, 60)
    assert 0.05 < float(picture.data.mean()) < 0.95
    whole = read_mask(seen.get_y_fn(Path(seen.data.train_ds.items[0].image)))[0]
    assert (mask.data[0].numpy() == whole[4::8, 4::8]).mean() > 0.9, "the label is the frame's own, by class id"


def test_the_lessons_cells_run_and_the_network_gets_better(
    camvid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"path": camvid, "models_folder": tmp_path / "models"}
    torch.manual_seed(0)
    around = METRIC, "untrained = learn.validate()", TRAINING, "trained = learn.validate()"
    seen = run_cells(FILES, DATA, *around, **given)
    assert 1e-7 < seen.rates.valley < 10
    assert seen.frozen_lrs == pytest.approx([1e-2 * OneCycle(pct_start=0.8).rate_at(step / 4) for step in range(4)])
    assert seen.learn.recorder.lrs == pytest.approx([2e-3 * OneCycle().rate_at(step / 2) for step in range(2)])
    assert seen.trained[0] < seen.untrained[0]
    told = capsys.readouterr().out
    assert "epoch  " in told and "acc_camvid" in told
    model = read_model(tmp_path / "models" / "stage-2")
    assert (model.height, model.width) == (45, 60), "`studio predict` reads the same file"


def test_bigger_frames_go_on_from_the_same_weights_and_the_worst_frames_are_found(
    camvid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"path": camvid, "models_folder": tmp_path / "models"}
    seen = run_cells(FILES, DATA, METRIC, "learn.fit(1); learn.save('stage-2')", BIGGER, **given)
    assert seen.data.train_ds[0][0].shape == (3, 60, 80)
    after = seen.learn.model.state_dict()
    convolution = "encoder.stages.2.0.block.0.0.weight"
    assert torch.equal(seen.before[convolution], after[convolution]), "frozen"
    assert not torch.equal(seen.before["head.weight"], after["head.weight"])
    assert "float32 on cpu" in capsys.readouterr().out or torch.cuda.is_available()
    assert seen.losses.tolist() == sorted(seen.losses.tolist(), reverse=True)
    assert len(seen.interp.items) == 4
    matrix = seen.interp.confusion_matrix()
    labelled = sum(int((seen.data.valid_ds[i][1].data != 11).sum()) for i in range(4))
    assert matrix.shape == (11, 11)
    assert matrix.sum() == labelled, "every labelled pixel counts once, void ones do not"


def test_the_callers_metric_and_the_tasks_own_agree(camvid: Path, tmp_path: Path) -> None:
    seen = run_cells(FILES, DATA.replace("bs=4", "bs=1"), METRIC, path=camvid, models_folder=tmp_path)
    loss, accuracy = seen.learn.validate()
    seen.learn.metrics = []
    assert seen.learn.validate()[0] == loss
    assert seen.learn.validate()[1] == pytest.approx(accuracy, abs=0.02), "the mean over frames and over pixels"
    seen.learn.loss_func = torch.nn.CrossEntropyLoss()
    assert seen.learn.validate()[0] == pytest.approx(loss, rel=1e-5)


def test_the_lessons_figures_are_drawn(camvid: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason=WITHOUT_MATPLOTLIB)
    figures = """
shown = [img.show(figsize=(5,5)), mask.show(figsize=(5,5), alpha=1), img.show(y=mask)]
shown += [data.show_batch(2, figsize=(10,7)), data.show_batch(2, figsize=(10,7), ds_type=DatasetType.Valid)]
for i in range(90):
    learn.recorder.emit(LrPoint(step=i+1, lr=1e-7*1.2**i, loss=2 - i/100, smoothed=2 - i/100))
learn.recorder.emit(LrFound(suggestions=[LrSuggestion("valley", 1e-4)], stopped="finished"))
curve = learn.recorder.plot()
learn.fit_one_cycle(1, slice(1e-3))
losses = learn.recorder.plot_losses()
shown += [curve, losses, learn.recorder.plot_lr(show_moms=True), learn.recorder.plot_metrics()]
interp = Interpretation.from_learner(learn)
shown += [interp.plot_top_losses(2), interp.plot_confusion_matrix(normalize=True), learn.show_results(rows=3)]
"""
    seen = run_cells(FILES, DATA, METRIC, figures, path=camvid, models_folder=tmp_path, **vars(events))
    assert all(figure._repr_png_().startswith(b"\x89PNG") for figure in seen.shown)
    assert [len(figure.axes) for figure in seen.shown] == [1, 1, 1, 4, 4, 1, 1, 2, 1, 4, 1, 6]
    assert seen.curve.axes[0].get_xscale() == "log"
    assert {text.get_text().partition(":")[0] for text in seen.curve.axes[0].get_legend().get_texts()} == {"valley"}
    assert list(seen.losses.axes[0].lines[0].get_ydata()) == seen.learn.recorder.losses
