"""The notebook's words on small drawn pictures: what they take, what they say, and what they refuse in a sentence."""

from __future__ import annotations

import gc
import importlib
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from studio.core.classes import UNLABELLED
from studio.core.errors import BadInput, BadTable, MissingPackage, NotACheckpoint
from studio.core.items import Split
from studio.ml import lr_finder
from studio.ml.model_file import read_model
from studio.ml.notebook import (
    DataBunch,
    DatasetType,
    ImageFileList,
    ImageSegment,
    Interpretation,
    Learner,
    MSELossFlat,
    PointsDataset,
    ResizeMethod,
    SegmentationDataset,
    create_cnn,
    models,
    saying,
    unet_learner,
)
from studio.ml.predict import predict
from studio.ml.runner import limited_threads
from tests.unit.lessons import run_cells

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("STUDIO_OFFLINE", "1")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    with limited_threads(1):
        yield


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """Bright squares on dark ground: images/N.png, labels/N_P.png, and the place of the square in the name."""
    random = np.random.default_rng(0)
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for number in range(8):
        x, y = (int(value) for value in random.integers(2, 24, 2))
        mask = np.zeros((40, 48), np.uint8)
        mask[y : y + 12, x : x + 12] = 1
        picture = np.where(mask[..., None] == 1, (220, 200, 60), (40, 60, 90)).astype(np.uint8)
        name = f"{number}_{x + 6}_{y + 6}"
        Image.fromarray(picture).save(tmp_path / "images" / f"{name}.png")
        Image.fromarray(mask).save(tmp_path / "labels" / f"{name}_P.png")
    return tmp_path


def masks(root: Path, *, size: int = 32, codes: tuple[str, ...] = ("ground", "square")) -> DataBunch:
    labelled = ImageFileList.from_folder(root / "images").label_from_func(lambda x: root / "labels" / f"{x.stem}_P.png")
    split = labelled.split_by_idx([6, 7])
    return split.datasets(SegmentationDataset, classes=codes).transform(None, size=size).databunch(root, bs=3)


def points(root: Path) -> DataBunch:
    def centre(path: Path) -> tuple[int, int]:
        _, x, y = path.stem.split("_")
        return int(y), int(x)

    labelled = ImageFileList.from_folder(root / "images").label_from_func(centre)
    return labelled.split_by_idx([6, 7]).datasets(PointsDataset).transform(None, size=32).databunch(bs=3)


def small_unet(data: DataBunch) -> Learner:
    return unet_learner(data, models.mobilenet_v3_large, pretrained=False)


def test_the_star_brings_what_lesson_3_writes() -> None:
    words = "ImageFileList get_transforms models create_cnn Learner MSELossFlat open_mask partial accuracy_thresh fbeta"
    seen = vars(run_cells("nothing = None"))
    assert set(words.split()) <= set(seen)
    assert all(word in seen for word in ("np", "Path", "tensor", "Interpretation", "SegmentationDataset"))


def test_a_link_of_the_chain_can_be_gone_on_with_twice(squares: Path) -> None:
    labelled = ImageFileList.from_folder(squares / "images").label_from_func(lambda path: (8, 8))
    source = labelled.split_by_idx([0]).datasets()
    small, large = source.transform(None, size=32).databunch(), source.transform(None, size=(64, 96)).databunch()
    assert (small.size, large.size) == ((32, 32), (64, 96))
    assert small.snapshot == large.snapshot


def test_a_resize_method_is_what_batches_and_saved_models_are_made_with(squares: Path) -> None:
    labels = ImageFileList.from_folder(squares / "images").label_from_func(
        lambda path: squares / "labels" / f"{path.stem}_P.png"
    )
    source = labels.split_by_idx([6, 7]).datasets(SegmentationDataset, classes=("ground", "square"))
    size = {"size": (48, 96)}  # twice as wide as it is high; the pictures are 40 × 48
    padded = source.transform(None, **size, resize_method=ResizeMethod.PAD).databunch(squares, bs=3)
    _, target = padded.one_batch(DatasetType.Valid)
    assert (target[:, :, :19] == UNLABELLED).all()
    assert (target[:, :, 20:76] != UNLABELLED).all()
    cropped = source.transform(None, size=(64, 32), resize_method=ResizeMethod.CROP).databunch(squares, bs=3)
    first, second = cropped.one_batch(), cropped.one_batch()
    assert first[0].shape == (3, 3, 64, 32)
    assert torch.equal(first[0], second[0])
    assert (first[1] != UNLABELLED).all(), "cut out of the picture"
    assert (cropped.one_batch(DatasetType.Valid)[1] == UNLABELLED).any(), "padded, so that all of it is judged"
    learn = small_unet(padded)
    assert read_model(learn.save("padded")).resize is ResizeMethod.PAD
    with pytest.raises(BadInput, match="SQUISH, CROP or PAD"):
        source.transform(None, resize_method="stretch")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_saved_model_that_became_a_pickle_is_refused_and_runs_no_code(squares: Path, zipped: bool) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(squares / "crater"),)

    learn = small_unet(masks(squares))
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    file = learn.save("stage-1") / "model.safetensors"
    torch.save({"a": Bomb()}, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(NotACheckpoint, match="it is a pickle, which could run code when it is opened"):
        learn.load("stage-1")
    assert not (squares / "crater").exists()
    assert all(torch.equal(value, before[name]) for name, value in learn.model.state_dict().items())


def test_the_same_seed_holds_out_the_same_share(squares: Path) -> None:
    labelled = ImageFileList.from_folder(squares / "images").label_from_folder()
    first, second = (labelled.random_split_by_pct(0.25, seed=7) for _ in range(2))
    assert first == second
    assert len(first.valid) == 2
    np.random.seed(42)
    third = labelled.random_split_by_pct(0.25)
    np.random.seed(42)
    assert labelled.random_split_by_pct(0.25) == third
    assert not set(third.train) & set(third.valid)


def test_labels_come_from_a_table_by_column_name_and_from_a_pattern(
    squares: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = ImageFileList.from_folder(squares)
    names = sorted(path.stem for path in (squares / "images").iterdir())
    rows = [f"{name},{['few', 'many'][i % 2]},x" for i, name in enumerate(names)]
    (squares / "table.csv").write_text("\n".join(["file,kind,other", *rows, "gone,few,x"]), encoding="utf-8")
    by_table = pictures.label_from_csv("table.csv", fn_col="file", label_col="kind", folder="images", suffix=".png")
    assert [label for _, label in by_table.items] == ["few", "many"] * 4
    assert "1 of the 9 pictures in the table are not there" in capsys.readouterr().out
    with pytest.raises(BadTable, match="has no column colour"):
        pictures.label_from_csv("table.csv", label_col="colour")
    by_pattern = ImageFileList.from_folder(squares / "images").label_from_re(r"/(\d)_\d+_\d+\.png$")
    assert [label for _, label in by_pattern.items] == [str(number) for number in range(8)]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("ImageFileList.from_folder(path/'nowhere')", "is no folder"),
        ("ImageFileList.from_folder(path/'images').label_from_folder().split_by_folder()", "training set is empty"),
        ("pictures.label_from_func(lambda p: p).split_by_idx([0]).datasets()", "say what they mean"),
        ("pictures.label_from_func(lambda p: 1.5).split_by_idx([0]).datasets()", "A label is 1.5"),
        ("pictures.label_from_func(lambda p: None).split_by_idx([0]).datasets()", "No item .* has a label"),
        ("pictures.label_from_func(lambda p: tensor([90., 9.])).split_by_idx([0]).datasets()", r'order="xy"'),
        ("pictures.label_from_folder().split_by_idx([0]).datasets().transform(size=16)", "below 32×32"),
        ("pictures.label_from_folder().split_by_fname_file('valid.txt')", "valid.txt cannot be read"),
        ("pictures.label_from_folder().split_by_idx([0]).datasets(classes=['ant'])", "none of the classes"),
        ("get_transforms(max_warp=3)", "choose another number"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(squares: Path, cell: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        run_cells("pictures = ImageFileList.from_folder(path/'images')", cell, path=squares)


def test_statistics_other_than_imagenets_are_refused(squares: Path) -> None:
    with pytest.raises(BadInput, match="use imagenet_stats"):
        masks(squares).normalize(((0.5,) * 3, (0.5,) * 3))


def test_without_imagenets_weights_a_sentence_says_so_and_nothing_is_frozen(
    squares: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learn = unet_learner(masks(squares), torchvision.models.mobilenet_v3_large)
    assert "From scratch: the ImageNet weights of mobilenet_v3_large cannot be had" in capsys.readouterr().out
    assert not learn.frozen
    with pytest.raises(BadInput, match="no encoder called resnet35; near to it"):
        unet_learner(masks(squares), "resnet35")


def test_fastais_own_unet_can_be_asked_for_and_comes_back_from_its_file(squares: Path) -> None:
    options = {"architecture": "dynamic_unet", "pretrained": False}
    learn = unet_learner(masks(squares), models.mobilenet_v3_small, **options)
    assert type(learn.model).__name__ == "DynamicUnet"
    told = learn.validate()
    learn.save("own")
    torch.manual_seed(9)
    other = unet_learner(masks(squares), models.mobilenet_v3_small, **options)
    assert other.validate() != pytest.approx(told)
    assert other.load("own").validate() == pytest.approx(told)
    with pytest.raises(BadInput, match="dynamic_unet on mobilenet_v3_small"):
        unet_learner(masks(squares), models.mobilenet_v3_small, pretrained=False).load("own")
    with pytest.raises(BadInput, match="cannot be made"):
        create_cnn(points(squares), models.resnet18, architecture="unet", pretrained=False)


def test_the_finder_gives_the_weights_back_and_names_rates(squares: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lr_finder, "STEPS", 25)
    learn = create_cnn(points(squares), models.mobilenet_v3_large, pretrained=False)
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    found = learn.lr_find()
    assert all(torch.equal(value, before[name]) for name, value in learn.model.state_dict().items())
    assert found.minimum is not None and found.valley is not None and found.valley < 10
    assert found.slide is None, "which needs more points than are left"


def test_each_fit_draws_its_own_order_and_a_learner_of_the_same_seed_the_same(squares: Path) -> None:
    losses = []
    for _ in range(2):
        torch.manual_seed(3)
        learn = small_unet(masks(squares))
        for _ in range(2):
            learn.fit(1, 1e-8)
            losses.append(learn.recorder.losses)
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]


def test_a_loss_of_the_callers_own_is_what_is_trained_on(squares: Path) -> None:
    seen: list[tuple[torch.Size, torch.Size]] = []

    def smooth(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        seen.append((logits.shape, label.shape))
        return torch.nn.functional.cross_entropy(logits, label, label_smoothing=0.5)

    torch.manual_seed(0)
    learn = small_unet(masks(squares))
    plain = learn.validate()[0]
    learn.loss_func = smooth
    assert learn.validate()[0] > 0
    assert learn.validate()[0] != plain
    assert seen[0] == (torch.Size([2 * 32 * 32, 2]), torch.Size([2 * 32 * 32]))
    learn.fit(1)
    assert learn.recorder.val_losses == pytest.approx([learn.validate()[0]])


def test_pictures_of_the_test_set_are_answered_in_their_order(squares: Path) -> None:
    labelled = ImageFileList.from_folder(squares / "images").label_from_func(
        lambda path: squares / "labels" / f"{path.stem}_P.png"
    )
    split = labelled.split_by_idx([6, 7])
    pictures = [path for path, _ in split.train[:5]]
    source = split.add_test(pictures).datasets(SegmentationDataset, classes=["ground", "square"])
    learn = small_unet(source.transform(None, size=32).databunch(squares, bs=3))
    learn.fit(1)
    answers, targets = learn.get_preds(DatasetType.Test)
    assert answers.shape == (5, 2, 32, 32)
    assert torch.allclose(answers.sum(1), torch.ones(5, 32, 32), atol=1e-5), "probabilities"
    assert (targets == 255).all(), "nobody has said what is right"
    unsaid = learn.data.test_ds[0][1]
    assert isinstance(unsaid, ImageSegment) and (unsaid.data == 255).all()
    others, labels = learn.get_preds()
    assert others.shape == (2, 2, 32, 32)
    assert set(labels.unique().tolist()) == {0, 1}
    again = predict(learn.save("one"), pictures, squares / "answers", device="cpu")
    mask = np.asarray(Image.open(again[0]).resize((32, 32), Image.Resampling.NEAREST))
    assert (mask == answers[0].argmax(0).numpy()).mean() > 0.9
    with pytest.raises(BadInput, match="no test pictures"):
        small_unet(masks(squares)).get_preds(DatasetType.Test)


def test_links_and_data_are_told_in_a_few_lines(squares: Path) -> None:
    pictures = ImageFileList.from_folder(squares / "images")
    assert repr(pictures).startswith("ImageFileList (8 items)")
    links = [pictures, pictures.label_from_folder(), pictures.label_from_folder().split_by_idx([0]), masks(squares)]
    assert max(len(repr(link).splitlines()) for link in links) <= 5
    assert repr(masks(squares)).endswith("Train: 6 items; Valid: 2; Test: 0")


def test_a_learner_is_told_in_a_few_lines(squares: Path) -> None:
    def acc_of_mine(_output: object, _target: object) -> float:
        return 1.0

    data = masks(squares)
    usual, own = small_unet(data), unet_learner(data, models.mobilenet_v3_large, pretrained=False, metrics=acc_of_mine)
    assert "unet on mobilenet_v3_large" in repr(usual)
    assert "the task's usual loss, the task's usual metrics" in repr(usual)
    assert "acc_of_mine" in repr(own)
    assert repr(own).endswith(repr(data))
    assert len(repr(own).splitlines()) == 3


def test_pictures_whose_mask_is_missing_are_left_out_and_counted(
    squares: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, *_, last = sorted((squares / "labels").iterdir())
    first.unlink()
    last.unlink()
    data = masks(squares)
    assert (len(data.train_ds), len(data.valid_ds)) == (5, 1)
    assert f"2 of 8 masks are missing, the first is {first}; their pictures are left out" in capsys.readouterr().out
    for path in (squares / "labels").iterdir():
        if path != second:
            path.unlink()
    with pytest.raises(BadInput, match=r"7 of 8 masks are missing, .* and none of the validation set is there"):
        masks(squares)


def test_who_watches_sees_how_far_a_fit_is_and_the_table_stays_clean(
    squares: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = small_unet(masks(squares))
    learn.fit(1)
    assert "\r" not in capsys.readouterr().out, "a file gets the table alone"
    monkeypatch.setattr(saying, "somebody_watches", lambda: True)
    monkeypatch.setattr(saying, "OFTEN", 0.0)
    learn.fit(1)
    told = capsys.readouterr().out
    assert re.search(r"\repoch 1, step 1, loss \d\.\d+, \d+ s left", told)
    shown = [line.rpartition("\r")[2] for line in told.strip("\n").split("\n")]
    assert [line.split()[0] for line in shown] == ["epoch", "1"]


def test_other_classes_need_another_learner(squares: Path) -> None:
    learn = small_unet(masks(squares))
    with pytest.raises(BadInput, match="other classes"):
        learn.data = masks(squares, codes=("ground", "circle"))
    with pytest.raises(BadInput, match="use create_cnn"):
        unet_learner(points(squares), models.resnet18)


def test_points_are_found_by_the_other_architectures_too(squares: Path) -> None:
    heat = create_cnn(points(squares), models.mobilenet_v3_small, architecture="heatmap", pretrained=False)
    heat.fit(1)
    places, targets = heat.get_preds()
    assert places.shape == (2, 1, 2)
    assert heat.validate()[1] == pytest.approx(float((places - targets[..., :2]).square().mean()), rel=1e-4)
    heat.loss_func = MSELossFlat()
    loss, mse, *_ = heat.validate()
    assert loss == pytest.approx(mse), "a loss of the caller's own gets places, not maps"
    head = create_cnn(points(squares), models.mobilenet_v3_small, architecture="regression", pretrained=False)
    own = head.validate()
    head.loss_func = MSELossFlat()
    assert head.validate() == pytest.approx(own)


@pytest.mark.parametrize("rate", [0.0, "fast", slice(1e-2, 1e-3)])
def test_what_is_no_rate_is_refused(squares: Path, rate: object) -> None:
    with pytest.raises(BadInput, match="is no learning rate"):
        small_unet(masks(squares)).fit(1, rate)  # pyright: ignore[reportArgumentType]


def test_a_saved_model_comes_back_and_predicts_without_the_notebook(squares: Path, tmp_path: Path) -> None:
    learn = small_unet(masks(squares))
    learn.fit(1)
    folder = learn.save("stage-1")
    assert folder == squares / "models" / "stage-1"
    told = learn.validate()
    learn.fit(2, 1e-2)
    assert learn.load("stage-1") is learn
    assert learn.validate() == pytest.approx(told)
    written = predict(folder, squares / "images", tmp_path / "answers", device="cpu")
    assert len(written) == 8
    with pytest.raises(NotACheckpoint):
        learn.load("stage-9")
    other = create_cnn(points(squares), models.mobilenet_v3_large, pretrained=False)
    other.path = squares
    with pytest.raises(BadInput, match="is a model for segmentation"):
        other.load("stage-1")


def test_the_worst_items_and_what_is_confused(squares: Path) -> None:
    learn = small_unet(masks(squares))
    interp = Interpretation.from_learner(learn)
    losses, rows = interp.top_losses()
    assert float(losses.mean()) == pytest.approx(learn.validate()[0], rel=1e-4)
    assert {interp.items[int(row)].split for row in rows} == {Split.VALID}
    assert interp.confusion_matrix().sum() == 2 * 32 * 32
    wrong = interp.confusion_matrix().sum() - np.trace(interp.confusion_matrix())
    assert sum(count for *_, count in interp.most_confused()) == wrong
    places = Interpretation.from_learner(create_cnn(points(squares), models.mobilenet_v3_large, pretrained=False))
    with pytest.raises(BadInput, match="Points have no classes"):
        places.confusion_matrix()


def test_figures_without_matplotlib_say_what_to_install(squares: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = importlib.import_module("studio.ml.notebook.figures")
    figures._figure_class.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    learn = small_unet(masks(squares))
    with pytest.raises(MissingPackage, match="pip install matplotlib"):
        masks(squares).show_batch(2)
    with pytest.raises(BadInput, match=r"call learn\.lr_find"):
        learn.recorder.plot()
    with pytest.raises(BadInput, match=r"call learn\.fit_one_cycle"):
        learn.recorder.plot_losses()


def test_data_that_nobody_has_any_more_leaves_no_threads(squares: Path) -> None:
    before = set(threading.enumerate())
    data = masks(squares)
    data.one_batch()
    assert set(threading.enumerate()) - before, "pictures are read ahead"
    del data
    gc.collect()
    assert not set(threading.enumerate()) - before


def test_the_example_of_the_readme_runs(squares: Path) -> None:
    """On drawn pictures, with a smaller network and fewer epochs, and without finder and figures."""
    example = re.search(r"## In a notebook.*?```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    cell = example[1]
    changes = {
        'Path("camvid")': "Path(place)",
        "size=(180, 240)": "size=(32, 48)",
        "resnet34)": "mobilenet_v3_large, pretrained=False)",
        "(10, max_lr": "(1, max_lr",
        "(12, max_lr": "(1, max_lr",
    }
    for printed, smaller in changes.items():
        assert printed in cell
        cell = cell.replace(printed, smaller)
    cell = re.sub(r"^.*(show_batch|lr_find|recorder\.plot|plot_top_losses).*$", "", cell, flags=re.MULTILINE)
    (squares / "codes.txt").write_text("ground\nsquare\n", encoding="utf-8")
    held_out = [path.name for path in sorted((squares / "images").iterdir())[:2]]
    (squares / "valid.txt").write_text("\n".join(held_out), encoding="utf-8")
    (squares / "labels" / f"{sorted((squares / 'images').iterdir())[-1].stem}_P.png").unlink()  # not labelled yet
    for picture in (squares / "images").iterdir():
        with Image.open(picture) as opened:
            opened.save(picture.with_suffix(".jpg"))
        picture.unlink()
    held_out = [Path(name).with_suffix(".jpg").name for name in held_out]
    (squares / "valid.txt").write_text("\n".join(held_out), encoding="utf-8")
    seen = run_cells(cell, place=squares)
    assert (squares / "images" / "models" / "stage-2" / "model.safetensors").is_file()
    assert [item.name for item in seen.data.valid_ds.items] == held_out
