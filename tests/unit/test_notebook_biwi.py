"""Lesson 3's head-pose notebook, cell by cell, on a few of its frames; only sizes and the encoder are smaller."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.core.errors import BadInput
from studio.core.items import Split
from studio.core.points import Points
from studio.formats.biwi import BiwiImporter
from tests.unit.lessons import WITHOUT_MATPLOTLIB, a_few, run_cells

CENTRES = """
cal = np.genfromtxt(path/'01'/'rgb.cal', skip_footer=6)
def img2txt_name(f): return path/f'{str(f)[:-7]}pose.txt'
def convert_biwi(coords):
    c1 = coords[0] * cal[0][0]/coords[2] + cal[0][2]
    c2 = coords[1] * cal[1][1]/coords[2] + cal[1][2]
    return tensor([c2,c1])
def get_ctr(f):
    ctr = np.genfromtxt(img2txt_name(f), skip_header=3)
    return convert_biwi(ctr)
"""

DATA = """
data = (ImageFileList.from_folder(path)
        .label_from_func(get_ctr)
        .split_by_valid_func(lambda o: o.parent.name=='13')
        .datasets(PointsDataset)
        .transform(get_transforms(), tfm_y=True, size=(60,80))
        .databunch(bs=4).normalize(imagenet_stats)
       )
"""

TRAINING = """
learn = create_cnn(data, models.mobilenet_v3_large, pretrained=False)
learn.loss_func = MSELossFlat()
learn.lr_find()
before = learn.validate()
lr = 2e-2
learn.fit_one_cycle(3, slice(lr))
learn.model_dir = models_folder
learn.save('stage-1')
after = learn.validate()
"""


@pytest.fixture
def biwi(shared_data: Path, tmp_path: Path) -> Path:
    """Six frames of subject 01 and three of subject 13."""
    whole = shared_data / "biwi_composite"
    frames = [
        str(path.relative_to(whole))[:-7]
        for subject, count in (("01", 6), ("13", 3))
        for path in sorted(whole.glob(f"{subject}/*_rgb.jpg"))[:count]
    ]
    names = [frame + ending for frame in frames for ending in ("rgb.jpg", "pose.txt")]
    return a_few(whole, [*names, "01/rgb.cal", "13/rgb.cal"], tmp_path / "biwi")


def test_the_chain_reads_the_centres_that_the_importer_reads_and_holds_out_subject_13(biwi: Path) -> None:
    seen = run_cells(CENTRES, DATA, path=biwi)
    plan = BiwiImporter().plan(biwi)
    labels = {str(plan.items[i].path.resolve()): reader([]) for i, reader in plan.labels.items()}
    expected = {image: label.placed[0] for image, label in labels.items() if isinstance(label, Points)}
    for item in seen.data.snapshot.items:
        point = item.points.placed[0]
        assert (point.x, point.y) == pytest.approx((expected[item.image].x, expected[item.image].y), abs=0.5)
    assert {Path(item.image).parent.name for item in seen.data.items(Split.VALID)} == {"13"}
    picture, label = seen.data.train_ds[0]
    point = seen.data.train_ds.items[0].points.placed[0]
    assert picture.shape == (3, 60, 80)
    assert label.data[0].tolist() == pytest.approx([point.x / 8, point.y / 8], abs=0.01)


@pytest.mark.slow
def test_the_lessons_cells_run_and_its_loss_is_the_tasks_own(biwi: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    seen = run_cells(CENTRES, DATA, TRAINING, path=biwi, models_folder=tmp_path / "models")
    assert len(seen.learn.recorder.losses) == 2 * 3
    flat = seen.learn.validate()
    seen.learn.loss_func = None
    assert seen.learn.validate() == pytest.approx(flat), "MSE in [-1, 1], and the metrics"
    losses, rows = seen.Interpretation.from_learner(seen.learn).top_losses()
    assert sorted(rows.tolist()) == [0, 1, 2]
    assert float(losses.mean()) == pytest.approx(flat[0], rel=1e-3), "a point an item, so the items' losses average"


def test_points_may_be_x_first_and_say_so_where_they_fall_outside(biwi: Path) -> None:
    x_first = CENTRES.replace("tensor([c2,c1])", "tensor([c1,c2])")
    turned = DATA.replace("(PointsDataset)", "(PointsDataset, order='xy')")
    lesson, other = run_cells(CENTRES, DATA, path=biwi), run_cells(x_first, turned, path=biwi)
    assert lesson.data.snapshot == other.data.snapshot
    beside = CENTRES.replace("tensor([c2,c1])", "tensor([500.0, 10.0])")
    with pytest.raises(BadInput, match=r'x = 10, y = 500.*order="xy"'):
        run_cells(beside, DATA, path=biwi)


def test_the_figures_show_the_points(biwi: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason=WITHOUT_MATPLOTLIB)
    figures = """
learn = create_cnn(data, models.mobilenet_v3_large, pretrained=False)
batch = data.show_batch(2, figsize=(9,6), ds_type=DatasetType.Valid)
top = Interpretation.from_learner(learn).plot_top_losses(2)
"""
    seen = run_cells(CENTRES, DATA, figures, path=biwi)
    marks = seen.batch.axes[0].collections[0].get_offsets()
    assert marks.tolist()[0] == pytest.approx(seen.data.valid_ds[0][1].data[0].tolist(), abs=0.01)
    assert len(seen.top.axes) == 4
