"""A model outside of the program: complete, checked, described, and of use to plain Python."""

from __future__ import annotations

import csv
import importlib.util
import json
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from studio.cli.app import run_command
from studio.core.errors import BadInput, ExportDiffers, MissingPackage
from studio.core.recipe import ClassWeights, RunSpec, Stage
from studio.core.resizing import Resize
from studio.core.settings import TAG_TASKS, Task
from studio.core.snapshot import Snapshot
from studio.ml.exporting import export_model, programs
from studio.ml.exporting.model_card import model_card
from studio.ml.model_file import read_model
from studio.ml.predict import predict
from tests.unit.ml_runs import NORMED_MODEL, SMALL_MODEL, make_run, recipe, run

HAS_ONNX = all(importlib.util.find_spec(name) for name in programs.ONNX_PACKAGES)
ONE_EPOCH = (Stage(epochs=1, height=32, width=48, batch_size=4),)


@pytest.fixture(
    scope="module",
    params=[
        (Task.SEGMENTATION, SMALL_MODEL),
        pytest.param((Task.SEGMENTATION, NORMED_MODEL), marks=pytest.mark.slow),
        pytest.param((Task.KEYPOINTS, NORMED_MODEL), marks=pytest.mark.slow),
        pytest.param((Task.SINGLE_LABEL, NORMED_MODEL), marks=pytest.mark.slow),
        (Task.MULTI_LABEL, SMALL_MODEL),
    ],
    ids=lambda param: f"{param[0]} on {param[1].encoder}",
)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks that are traced in a fraction of the time; one of the usual is exported in `make test-all`."""
    task, model = request.param
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(task, stages=ONE_EPOCH, model=model))
    run(folder)
    return folder


@pytest.fixture(scope="module")
def exported(trained: Path) -> Path:
    """Both programs, because tracing a network takes most of the time that these tests need."""
    out = trained.parent / "model"
    differences = export_model(trained, out, onnx=HAS_ONNX).differences
    assert set(differences) == ({"model.pt2", "model.onnx"} if HAS_ONNX else {"model.pt2"})
    assert max(differences.values()) <= 1e-4
    return out


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For what does not depend on the task."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe(stages=ONE_EPOCH, model=SMALL_MODEL))
    run(folder)
    return folder


def picture_of(trained: Path) -> Path:
    return trained.parent / "0001-images" / "09.png"


def test_the_folder_predicts_what_the_run_does(trained: Path, exported: Path, tmp_path: Path) -> None:
    ours = predict(trained, picture_of(trained), tmp_path / "a", device="cpu")
    theirs = predict(exported, picture_of(trained), tmp_path / "b", device="cpu")
    assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]


def said_by(script: Path, *arguments: Path, alone: bool, capsys: pytest.CaptureFixture[str]) -> str:
    """What a script prints; `alone` in a process of its own, which spends its time importing PyTorch, or else here."""
    command = [str(script), *map(str, arguments)]
    if alone:
        result = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, cwd=script.parent, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a script this short leaves its files for Python to close
        for name in [name for name in sys.modules if name.partition(".")[0] == "studio"]:
            patch.delitem(sys.modules, name)
        patch.setitem(sys.modules, "studio", None)
        patch.setattr(sys, "argv", command)
        runpy.run_path(str(script), run_name="__main__")
    return capsys.readouterr().out


def test_the_cards_script_runs_without_this_program(
    trained: Path, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where `studio` cannot be imported; what it prints is one picture's output."""
    card = (exported / "README.md").read_text(encoding="utf-8")
    script = tmp_path / "use.py"
    script.write_text(card.split("```python\n")[1].split("```")[0], encoding="utf-8")
    assert script.read_text(encoding="utf-8") == (exported / "use.py").read_text(encoding="utf-8")
    script.write_text(
        "import sys; sys.modules['studio'] = None\n" + script.read_text(encoding="utf-8"), encoding="utf-8"
    )
    masks = read_model(trained).task is Task.SEGMENTATION
    said = said_by(script, exported, picture_of(trained), alone=masks, capsys=capsys)
    if masks:
        assert said.startswith("(1, 2, 32, 48) ")
        return
    answers = predict(trained, picture_of(trained), tmp_path / "answers", device="cpu")[0]
    row = next(csv.DictReader(answers.read_text(encoding="utf-8").splitlines()))
    if read_model(trained).task in TAG_TASKS:
        logits = torch.tensor(json.loads(said.split(") ")[1]))
        shares = logits.softmax(0) if read_model(trained).task is Task.SINGLE_LABEL else logits.sigmoid()
        told = [float(row[f"probability of {name}"]) for name in ("ground", "square")]
        assert told == pytest.approx(shares.tolist(), abs=0.02)
        return
    x, y = json.loads(said.split(") ")[1])
    assert [(x + 1) / 2 * 40, (y + 1) / 2 * 36] == pytest.approx([float(row["x"]), float(row["y"])], abs=0.5)


@pytest.mark.slow
def test_the_cards_script_pads_a_picture_as_the_run_did(tmp_path: Path) -> None:
    folder = make_run(
        tmp_path / "0001", recipe(Task.KEYPOINTS, stages=ONE_EPOCH, resize=Resize.PAD), train=4, valid=2, size=(30, 50)
    )
    run(folder)
    export_model(folder, tmp_path / "model")
    picture = tmp_path / "0001-images" / "05.png"
    command = [sys.executable, str(tmp_path / "model" / "use.py"), str(tmp_path / "model"), str(picture)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    x, y = json.loads(said.split(") ")[1])
    answers = predict(tmp_path / "model", picture, tmp_path / "answers", device="cpu")[0]
    row = next(csv.DictReader(answers.read_text(encoding="utf-8").splitlines()))
    scale = 50 / 32  # pixels of the original in one of the input, which is 48 × 32 and holds 19 × 32 of picture
    in_original = ((x + 1) * 24 - (48 - 19) / 2) * scale, (y + 1) * 16 * scale
    assert in_original == pytest.approx((float(row["x"]), float(row["y"])), abs=1.5)
    how = json.loads((tmp_path / "model" / "preprocessing.json").read_text(encoding="utf-8"))
    assert (how["resize"], how["padding"]) == ("pad", [124, 116, 104])
    assert "padded picture" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


def test_the_program_takes_any_number_of_pictures(exported: Path) -> None:
    module = torch.export.load(exported / "model.pt2").module()
    assert [len(module(torch.zeros(count, 3, 32, 48))) for count in (1, 3, 7)] == [1, 3, 7]


def test_classes_and_preprocessing_are_said_as_json(exported: Path) -> None:
    how = json.loads((exported / "preprocessing.json").read_text(encoding="utf-8"))
    assert (how["height"], how["width"], how["mean"], how["std"]) == (
        32,
        48,
        [0.485, 0.456, 0.406],
        [0.229, 0.224, 0.225],
    )
    names = json.loads((exported / "classes.json").read_text(encoding="utf-8"))
    assert [c["name"] for c in names["classes"] or names["keypoints"]] in (["ground", "square", "void"], ["centre"])


def test_the_card_says_data_metrics_recipe_device_and_versions(exported: Path) -> None:
    card = (exported / "README.md").read_text(encoding="utf-8")
    for part in (
        "Items: 12 (8 in train, 4 in valid",
        "validation loss",
        "1 epoch of images at 32×48, batch 4",
        "Trained on cpu",
        f"PyTorch {torch.__version__}",
    ):
        assert part in card


def test_the_card_says_what_training_did_to_labels() -> None:
    plain = RunSpec(task=Task.SINGLE_LABEL, stages=())
    smoothed = msgspec.structs.replace(
        plain, label_smoothing=0.1, class_weights=ClassWeights.BALANCED, average_weights=0.9, mixup=0.4, compile=True
    )
    snapshot = Snapshot(task=Task.SINGLE_LABEL)
    cards = [model_card(Path("0001"), spec, snapshot, [], {}) for spec in (plain, smoothed)]
    assert "While training" not in cards[0]
    on = "labels smoothed by 0.1, classes balanced, weights averaged (0.9), MixUp 0.4, asked to be compiled"
    assert f"- While training: {on}\n" in cards[1]


@pytest.fixture
def failing_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LARGEST_DIFFERENCE", -1.0)


@pytest.mark.usefixtures("failing_check")
def test_a_program_that_answers_otherwise_is_refused_and_nothing_stays(a_run: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportDiffers, match=r"model\.pt2 differs from PyTorch"):
        export_model(a_run, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_stays_as_it_is(a_run: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(BadInput, match="already exists"):
        export_model(a_run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_onnx_without_its_packages_says_how_to_get_them(
    a_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingPackage, match="pip install onnx onnxscript onnxruntime"):
        export_model(a_run, tmp_path / "out", onnx=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not HAS_ONNX, reason="needs onnx, onnxscript and onnxruntime")
def test_onnx_answers_for_any_number_of_pictures_and_carries_its_metadata(trained: Path, exported: Path) -> None:
    import onnxruntime  # pyright: ignore[reportMissingImports]

    session = onnxruntime.InferenceSession(str(exported / "model.onnx"))
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["preprocessing"])["width"] == 48
    assert said["task"] == read_model(trained).task.value
    zeros = np.zeros((5, 3, 32, 48), np.float32)
    assert len(session.run(["output"], {"images": zeros})[0]) == 5


def test_the_command_says_the_largest_difference(
    a_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["export-model", str(a_run), str(tmp_path / "out"), "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "exported"
    assert 0 <= last["differences"]["model.pt2"] <= 1e-4
    assert (tmp_path / "out" / "model.safetensors").is_file()
