"""`studio train`, `lr-find`, `review`, `decide` and `fine-tune` on an engine whose runs say what the test wants."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from studio.cli import run_watch
from studio.cli.app import run_command
from studio.cli.recipes import RecipeOptions, make_spec
from studio.core.classes import make_classes
from studio.core.commands import AddEpoch, Continue, LowerRate, Pause, StartRun, Stop, decode_command
from studio.core.events import (
    BatchFound,
    EpochEnd,
    Failed,
    Finished,
    LrFound,
    LrPoint,
    LrSuggestion,
    Metric,
    RunEvent,
    Started,
    Step,
    Warned,
    encode_event,
)
from studio.core.items import Split
from studio.core.likely_device import require_device
from studio.core.masks import write_mask
from studio.core.model_choices import Kept
from studio.core.outcome import OutcomeKind
from studio.core.points import KeypointName
from studio.core.recipe import (
    ClassWeights,
    Encoder,
    LearningRate,
    OnDivergence,
    OnMemory,
    Purpose,
    RunSpec,
    Stage,
    decode_spec,
    encode_spec,
)
from studio.core.resizing import Resize
from studio.core.review import ClassScore, Decision, ItemScore, MistakenRegion, decode_score, encode_score
from studio.core.run_commands import COMMANDS_FILE
from studio.core.run_lock import holding_run
from studio.core.schedules import Constant, FlatCosine, OneCycle, Schedule
from studio.core.settings import ProjectSettings, Task
from studio.core.snapshot import SNAPSHOT_FILE, decode_snapshot
from studio.engine import FakeEngine, FakeRun
from studio.store import Store
from tests.unit import data_sets

STARTED = Started(
    purpose="train",
    device="cpu (2 threads)",
    precision="float32",
    weights="From scratch.",
    parameters=12_000_000,
    train_items=2,
    valid_items=2,
    steps=2,
    epochs=2,
)
EPOCH = EpochEnd(
    epoch=1, step=1, train_loss=1.5, valid_loss=1.25, metrics=[Metric(name="pixel accuracy", value=0.75)], seconds=2
)
STEP = Step(step=1, epoch=1, loss=1, smoothed=1, lrs=[1e-4, 1e-3], momentum=0.9, images_per_second=10, seconds_left=65)
FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=4)


class ScoringEngine(FakeEngine):
    """Its runs score each labelled item: as predicted mask the true one, as loss what `losses` says by name."""

    def __init__(self, losses: dict[str, float], script: Sequence[RunEvent] = (STARTED, STEP, EPOCH, FINISHED)) -> None:
        super().__init__(script)
        self._losses = losses

    def submit(self, folder: Path, *, resume: bool = False, reserve_cores: int = 0, device: str = "auto") -> FakeRun:
        snapshot = decode_snapshot((folder / SNAPSHOT_FILE).read_bytes())
        lines = []
        for item in snapshot.items:
            mask = Path("predictions") / f"{item.id}.png"
            write_mask(folder / mask, data_sets.stripes(), make_classes(data_sets.CODES))
            loss = self._losses.get(item.name, 0.01)
            score = ItemScore(
                item=item.id,
                name=item.name,
                split=item.split,
                revision=item.revision,
                loss=loss,
                error=loss / 4,
                mask=mask.as_posix(),
                confusion=((0, 1, 100),) if loss > 0.1 else (),
                corrected=item.corrected,
            )
            lines.append(encode_score(score))
        (folder / "scores.jsonl").write_bytes(b"".join(lines))
        return super().submit(folder, resume=resume, reserve_cores=reserve_cores, device=device)


Use = Callable[[FakeEngine], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Makes commands use an engine of the test's."""
    return lambda engine: monkeypatch.setattr(run_watch, "make_engine", lambda: engine)


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Four pictures; the label of seqB_002 is wrong throughout."""
    source = data_sets.camvid(tmp_path / "set")
    data_sets.gray(source / "labels" / "seqB_002_P.png", np.ones((30, 40), np.uint8))
    assert run_command(["import", str(source), str(tmp_path / "project")]) == 0
    capsys.readouterr()
    return tmp_path / "project"


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def recipe_of(project: Path, run: str = "0001") -> RunSpec:
    return decode_spec((project / "runs" / run / "recipe.json").read_bytes())


# --- train ---


def test_a_run_is_told_epoch_by_epoch_and_its_end_and_scores_are_kept(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(ScoringEngine({"seqB_002.png": 3.0}, (STARTED, STEP, EPOCH, Warned(sentence="Mind the gap."), FINISHED)))
    assert run_command(["train", str(project)]) == 0
    text = capsys.readouterr().out
    assert (
        "2 training and 2 validation items on cpu (2 threads) in float32; 12.0 million parameters. From scratch."
        in text
    )
    assert "epoch   1  train 1.5000  valid 1.2500  pixel accuracy 0.75  0:02" in text
    assert "! Mind the gap." in text
    assert f"studio review {project} --run 0001" in text
    with Store.open(project) as store:
        outcome = store.run("0001").outcome
        assert outcome is not None
        assert outcome.kind is OutcomeKind.FINISHED
        worst = store.review.items("0001", store.review.ids("0001"))[0]
    assert (worst.score.name, worst.score.loss) == ("seqB_002.png", 3.0)


def test_with_json_every_event_of_the_run_is_a_line(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--json"]) == 0
    told = events(capsys)
    assert [e["event"] for e in told] == ["run", "started", "step", "epoch", "finished", "card", "outcome"]
    assert told[-2]["id"] == "few-labels"
    assert told[0]["folder"] == str(project / "runs" / "0001")
    assert told[3]["metrics"] == [{"name": "pixel accuracy", "value": 0.75, "better": 1, "detail": ""}]
    assert told[-1]["kind"] == "finished"


def test_the_readmes_options_about_learning_fit_a_project_of_masks(project: Path, use: Use) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in readme if line.startswith("studio train PROJECT --label-smoothing")]
    use(ScoringEngine({}))
    assert run_command(["train", str(project), *line.split()[3:]]) == 0
    assert recipe_of(project).class_weights is ClassWeights.BALANCED


@pytest.mark.parametrize("command", [["train"], ["train", "--batch", "auto"], ["lr-find"]])
def test_a_device_that_is_not_there_is_refused_before_there_is_a_run(
    command: list[str], project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("studio.core.likely_device._ANY_CUDA", {})
    monkeypatch.setattr("studio.core.likely_device._torch_is_built_for", lambda kind: kind == "cuda")
    name, *options = command
    for device in ("cuda:0", "gpu"):
        assert run_command([name, str(project), "--device", device, *options]) == 2
        assert f"This machine has no {device} device" in "".join(capsys.readouterr())
    with Store.open(project) as store:
        assert store.runs() == []
    assert not list((project / "runs").glob("0*"))


def test_a_driver_without_a_gpu_is_no_device(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    devices, gpus = tmp_path / "dev", tmp_path / "gpus"
    for folder in (devices, gpus):
        folder.mkdir()
    (devices / "nvidiactl").touch()
    monkeypatch.setattr("studio.core.likely_device._DEVICES", devices)
    monkeypatch.setattr("studio.core.likely_device._GPUS", gpus)
    monkeypatch.setattr("studio.core.likely_device._ANY_CUDA", {sys.platform: (str(devices / "nvidiactl"),)})
    monkeypatch.setattr("studio.core.likely_device._torch_is_built_for", lambda kind: kind == "cuda")
    assert run_command(["train", str(project), "--device", "cuda"]) == 2
    assert "This machine has no cuda device" in "".join(capsys.readouterr())
    with Store.open(project) as store:
        assert store.runs() == []
    (devices / "nvidia0").touch()
    require_device("cuda")


def test_every_option_reaches_the_recipe(project: Path, use: Use) -> None:
    options = ["--epochs", "7", "--size", "96x128", "--batch", "3", "--lr", "1e-5:2e-3", "--arch", "resnet34"]
    options += ["--schedule", "one-cycle:pct_start=0.3,momenta=0.9/0.8/0.95"]
    options += [
        "--from-scratch",
        "--seed",
        "11",
        "--frozen",
        "--note",
        "a try",
        "--on-divergence",
        "go-back",
        "--device",
        "cpu",
    ]
    options += ["--clip-norm", "0.5", "--parts", "2", "--early-stop", "3", "--label-smoothing", "0.1"]
    options += ["--resize", "crop", "--on-memory", "stop"]
    options += ["--class-weights", "balanced", "--average-weights", "0.9", "--compile"]
    engine = ScoringEngine({})
    use(engine)
    assert run_command(["train", str(project), *options]) == 0
    spec = recipe_of(project)
    assert spec.stages == (
        Stage(
            epochs=7,
            height=96,
            width=128,
            batch_size=3,
            lr=LearningRate(high=2e-3, low=1e-5, discriminative=True),
            schedule=OneCycle(pct_start=0.3, momenta=(0.9, 0.8, 0.95)),
            frozen=True,
        ),
    )
    assert (spec.model.encoder, spec.model.pretrained, spec.seed, spec.note) == (Encoder.RESNET34, False, 11, "a try")
    assert (spec.clip_norm, spec.parts, spec.early_stop) == (0.5, 2, 3)
    assert (spec.label_smoothing, spec.class_weights, spec.average_weights) == (0.1, ClassWeights.BALANCED, 0.9)
    assert spec.compile
    assert spec.on_divergence is OnDivergence.GO_BACK
    assert spec.on_memory is OnMemory.STOP
    assert spec.resize is Resize.CROP
    assert engine.runs[0].start.device == "cpu"


class ProbingEngine(ScoringEngine):
    """A probe finds twice the rows of its stage's pictures."""

    def submit(self, folder: Path, *, resume: bool = False, reserve_cores: int = 0, device: str = "auto") -> FakeRun:
        spec = decode_spec((folder / "recipe.json").read_bytes())
        if spec.purpose is Purpose.PROBE:
            found = BatchFound(batch_size=2 * spec.stages[0].height, sentence="Found.")
            (folder / "events.jsonl").write_bytes(encode_event(found))
        return super().submit(folder, resume=resume, reserve_cores=reserve_cores, device=device)


def test_the_batch_size_of_each_stage_can_be_found_first(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stages = (Stage(epochs=1, height=32, width=32), Stage(epochs=2, height=64, width=64))
    file = tmp_path / "recipe.json"
    file.write_bytes(encode_spec(RunSpec(task=Task.SEGMENTATION, stages=stages)))
    monkeypatch.setattr(run_watch, "make_engine", lambda: ProbingEngine({}))
    assert run_command(["train", str(project), "--recipe", str(file), "--batch", "auto"]) == 0
    with Store.open(project) as store:
        (record,) = store.runs()
    assert record.spec.purpose is Purpose.TRAIN
    assert [stage.batch_size for stage in record.spec.stages] == [64, 128]


@pytest.mark.parametrize(
    "end",
    [
        Failed(outcome=OutcomeKind.OUT_OF_MEMORY, sentence="Not enough memory."),
        Finished(outcome=OutcomeKind.STOPPED, seconds=1),
    ],
)
def test_a_probe_without_an_answer_ends_the_command_and_leaves_no_run(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str], end: RunEvent
) -> None:
    """Ctrl+C ends it like the second one."""
    use(ScoringEngine({}, (STARTED, end)))
    assert run_command(["train", str(project), "--batch", "auto", "--json"]) == 1
    told = events(capsys)
    assert [(e["event"], e["purpose"]) for e in told if e["event"] in ("run", "outcome")] == [
        ("run", "probe-batch"),
        ("outcome", "probe-batch"),
    ]
    assert told[-1]["event"] == "failed"
    with Store.open(project) as store:
        assert store.runs() == []


@pytest.mark.parametrize("batch", ["0", "-3", "many"])
def test_a_batch_that_cannot_be_is_told(project: Path, use: Use, batch: str) -> None:
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--batch", batch]) == 2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one-cycle", OneCycle()),
        ("flat-cosine:pct_start=0.5,div_final=100", FlatCosine(pct_start=0.5, div_final=100)),
        ("constant:momentum=0.8", Constant(momentum=0.8)),
    ],
)
def test_a_schedule_is_named_with_the_numbers_that_differ(project: Path, use: Use, text: str, wanted: Schedule) -> None:
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--schedule", text]) == 0
    assert {stage.schedule for stage in recipe_of(project).stages} == {wanted}


def test_a_run_may_start_from_another_ones_weights_and_has_its_model(project: Path, use: Use) -> None:
    use(ScoringEngine({}))
    run_command(["train", str(project), "--arch", "mobilenet_v3_large"])
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--from", "0001", "--epochs", "1"]) == 0
    spec = recipe_of(project, "0002")
    assert (spec.parent, spec.model.encoder) == ("0001", Encoder.MOBILENET_V3)


@pytest.mark.parametrize(
    ("options", "architecture", "encoder"),
    [
        (["--arch", "dynamic_unet", "--encoder", "resnet34"], "dynamic_unet", "resnet34"),
        (["--arch", "lraspp"], "lraspp", "mobilenet_v3_large"),
        (["--encoder", "convnext_tiny"], "unet", "convnext_tiny"),
        (["--arch", "efficientnet_b0"], "unet", "efficientnet_b0"),
        (["--encoder", "timm/convnext_atto"], "unet", "timm/convnext_atto"),
        (["--arch", "timm/resnet18d"], "unet", "timm/resnet18d"),
    ],
)
def test_model_and_encoder_go_by_name(
    project: Path,
    use: Use,
    options: list[str],
    architecture: str,
    encoder: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.core.architectures.is_installed", lambda module: True)
    use(ScoringEngine({}))
    assert run_command(["train", str(project), *options]) == 0
    spec = recipe_of(project)
    assert (spec.architecture, spec.model.encoder) == (architecture, encoder)


def test_an_encoder_whose_package_is_missing_is_refused_before_there_is_a_run(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.core.architectures.is_installed", lambda module: False)
    assert run_command(["train", str(project), "--encoder", "timm/convnext_atto"]) == 2
    assert "run `pip install timm`" in capsys.readouterr().err
    assert not any((project / "runs").glob("*"))


def test_a_recipe_file_is_carried_out_as_it_stands(project: Path, use: Use, tmp_path: Path) -> None:
    stages = (Stage(epochs=1, height=32, width=64), Stage(epochs=2, height=64, width=128))
    (tmp_path / "mine.json").write_bytes(encode_spec(RunSpec(task=Task.SEGMENTATION, stages=stages, seed=5)))
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--recipe", str(tmp_path / "mine.json"), "--batch", "2"]) == 0
    spec = recipe_of(project)
    assert [(s.epochs, s.height, s.width, s.batch_size) for s in spec.stages] == [(1, 32, 64, 2), (2, 64, 128, 2)]
    assert spec.seed == 5


@pytest.mark.parametrize(("mirror", "mirrors"), [("", False), ("right eye", True)])
def test_a_sample_recipe_mirrors_points_only_where_they_have_partners(
    tmp_path: Path, mirror: str, mirrors: bool
) -> None:
    eyes = (
        KeypointName(name="left eye", color="#ff0000", mirror=mirror),
        KeypointName(name="right eye", color="#00ff00"),
    )
    with Store.create(tmp_path / "faces", ProjectSettings(name="faces", task=Task.KEYPOINTS, keypoints=eyes)) as store:
        options = RecipeOptions(recipe=Path("head-pose-lesson-3"))
        assert make_spec(store, options, purpose=Purpose.TRAIN, device="cpu").augment.flip is mirrors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--size", "big"], "HEIGHTxWIDTH"),
        (["--size", "8x8"], "below 32x32"),
        (["--lr", "fast"], "is not a number"),
        (["--lr", "1e-2:1e-3"], "range"),
        (["--lr", "-1"], "is not a number"),
        (["--schedule", "staircase"], "Say one-cycle, flat-cosine or constant"),
        (["--schedule", "one-cycle:pct_start=2"], "2 is not between 0 and 1"),
        (["--schedule", "one-cycle:momenta=0.9/0.8"], "momenta"),
        (["--schedule", "constant:speed=2"], "speed"),
        (["--clip-norm", "-1"], "clipped at -1"),
        (["--arch", "dynamic_net"], "--arch dynamic_net is no model for segmentation; near to it: dynamic_unet"),
        (["--arch", "soft_argmax"], "is no model for segmentation"),
        (["--encoder", "resnet43"], "no encoder called resnet43; near to it: resnet34"),
        (["--arch", "deeplabv3", "--encoder", "resnet18"], "deeplabv3 cannot stand on resnet18"),
        (["--from", "0099"], "no run called 0099"),
        (["--resume", "0099"], "no run called 0099"),
        (["--recipe", "nowhere.json"], "cannot be read"),
        (["--recipe", "nowhere"], "no recipe for segmentation called nowhere; there are camvid-lesson-3, camvid-small"),
        (["--grow"], "its pictures are too small already; leave out --grow"),
    ],
)
def test_a_recipe_that_cannot_be_ends_with_code_2_and_makes_no_run(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    use(ScoringEngine({}))
    assert run_command(["train", str(project), *options]) == 2
    assert said in capsys.readouterr().err
    with Store.open(project) as store:
        assert store.runs() == []


def test_a_sample_recipe_is_carried_out_by_its_name(project: Path, use: Use) -> None:
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--recipe", "camvid-small", "--batch", "2"]) == 0
    assert [(s.height, s.width, s.batch_size) for s in recipe_of(project).stages] == [(96, 128, 2), (192, 256, 2)]


def test_a_recipe_grows_when_it_is_asked_to(project: Path, use: Use) -> None:
    for picture in project.parent.rglob("seq*.png"):
        if picture.parent.name == "images":
            Image.new("RGB", (160, 160)).save(picture)
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--grow", "--from-scratch", "--epochs", "6"]) == 0
    assert [(s.height, s.width, s.epochs) for s in recipe_of(project).stages] == [(64, 64, 3), (128, 128, 3)]


@pytest.mark.parametrize("text", ["{}", "not json", '{"task": "segmentation", "stages": [], "surprise": 1}'])
def test_a_file_that_is_no_recipe_is_told(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "mine.json").write_text(text)
    assert run_command(["train", str(project), "--recipe", str(tmp_path / "mine.json")]) == 2
    assert "mine.json is no recipe" in capsys.readouterr().err


def test_a_project_without_labels_has_nothing_to_train_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_sets.picture(tmp_path / "plain" / "a.png")
    run_command(["import", str(tmp_path / "plain"), str(tmp_path / "project")])
    assert run_command(["train", str(tmp_path / "project")]) == 2
    assert "No labelled item is in the train split" in capsys.readouterr().err


@pytest.mark.parametrize("exit_code", [-9, -11, 1])
def test_a_run_that_dies_ends_with_code_1_and_its_sentence(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str], exit_code: int
) -> None:
    class Dying(FakeEngine):
        def submit(self, folder: Path, **options: object) -> FakeRun:  # type: ignore[override]
            run = super().submit(folder)
            run.end(exit_code)
            return run

    use(Dying([STARTED], hold=True))
    assert run_command(["train", str(project), "--json"]) == 1
    last = events(capsys)[-1]
    assert (last["event"], last["kind"]) == ("outcome", "crashed")
    with Store.open(project) as store:
        outcome = store.run("0001").outcome
    assert outcome is not None
    assert outcome.sentence == last["sentence"]


def press_ctrl_c_after(run_started: threading.Event, times: int) -> threading.Thread:
    def press() -> None:
        run_started.wait(20)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.2)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself Ctrl+C on Windows")
@pytest.mark.parametrize(
    ("times", "obedient", "kind", "code"),
    [(1, True, OutcomeKind.STOPPED, 0), (2, False, OutcomeKind.CRASHED, 1)],
    ids=["once: stop and keep", "twice: end at once"],
)
def test_ctrl_c_stops_a_run(
    project: Path, use: Use, *, times: int, obedient: bool, kind: OutcomeKind, code: int
) -> None:
    started = threading.Event()

    class Telling(FakeEngine):
        def submit(self, folder: Path, **options: object) -> FakeRun:  # type: ignore[override]
            run = super().submit(folder)
            run.say(STARTED)
            threading.Timer(0.3, started.set).start()
            return run

    use(Telling(hold=True, obedient=obedient))
    before = signal.getsignal(signal.SIGINT)
    thread = press_ctrl_c_after(started, times)
    assert run_command(["train", str(project)]) == code
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before
    with Store.open(project) as store:
        outcome = store.run("0001").outcome
    assert outcome is not None
    assert outcome.kind is kind


def test_a_stopped_run_goes_on_with_its_own_recipe(project: Path, use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use(ScoringEngine({}, [STARTED, Finished(outcome=OutcomeKind.STOPPED, seconds=1)]))
    assert run_command(["train", str(project), "--epochs", "3"]) == 0
    again = ScoringEngine({})
    use(again)
    assert run_command(["train", str(project), "--resume", "0001", "--epochs", "3"]) == 2
    assert "its own recipe" in capsys.readouterr().err
    assert run_command(["train", str(project), "--resume", "0001"]) == 0
    start = again.runs[0].start
    assert isinstance(start, StartRun)
    assert start.resume
    with Store.open(project) as store:
        assert [run.id for run in store.runs()] == ["0001"]
        outcome = store.run("0001").outcome
    assert outcome is not None
    assert outcome.kind is OutcomeKind.FINISHED


def test_a_run_that_goes_on_is_steered_from_another_terminal(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(project) as store:
        record = store.create_run(RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=1, height=32, width=32),)))
    with holding_run(record.folder):
        for wish in ("lower-rate", "add-epoch", "pause", "continue", "stop"):
            assert run_command(["steer", str(project), wish, "--run", "0001"]) == 0
    lines = (record.folder / COMMANDS_FILE).read_bytes().splitlines()
    assert [decode_command(line) for line in lines] == [LowerRate(), AddEpoch(), Pause(), Continue(), Stop()]
    assert "Run 0001 was asked to lower-rate" in capsys.readouterr().out
    assert run_command(["steer", str(project), "pause", "--run", "0001"]) == 2
    assert "Run 0001 is not going on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("purpose", "doing"),
    [(Purpose.LR_FIND, "looks for a learning rate"), (Purpose.PROBE, "tries batch sizes"), (Purpose.LOOK, "draws")],
)
def test_what_a_run_that_trains_nothing_cannot_do_is_not_asked_of_it(
    project: Path, capsys: pytest.CaptureFixture[str], purpose: Purpose, doing: str
) -> None:
    stages = (Stage(epochs=1, height=32, width=32),)
    with Store.open(project) as store:
        record = store.create_run(RunSpec(task=Task.SEGMENTATION, purpose=purpose, stages=stages))
    with holding_run(record.folder):
        for wish in ("lower-rate", "add-epoch", "pause", "continue"):
            assert run_command(["steer", str(project), wish, "--run", "0001"]) == 2
            assert f"Run 0001 {doing}" in " ".join(capsys.readouterr().err.split())
        assert run_command(["steer", str(project), "stop", "--run", "0001"]) == 0
    lines = (record.folder / COMMANDS_FILE).read_bytes().splitlines()
    assert [decode_command(line) for line in lines] == [Stop()]


def test_the_lr_finder_lists_its_suggestions_and_trains_nothing(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    point = LrPoint(step=1, lr=1e-7, loss=2.0, smoothed=2.0)
    found = LrFound(suggestions=[LrSuggestion("valley", 2.5e-3), LrSuggestion("steep", 1e-2)], stopped="diverged")
    use(FakeEngine([point, found, FINISHED]))
    assert run_command(["lr-find", str(project), "--size", "64x64"]) == 0
    text = capsys.readouterr().out
    assert "valley" in text
    assert "2.50e-03" in text
    assert recipe_of(project).purpose == "lr-find"


def test_masks_are_not_mixed_and_the_sentence_says_why(
    project: Path, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    use(ScoringEngine({}))
    assert run_command(["train", str(project), "--mixup", "0.4"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "only pictures that have classes as a whole can be mixed, and this is for segmentation" in said


# --- review, decide, fine-tune ---


@pytest.fixture
def reviewed(project: Path, use: Use, capsys: pytest.CaptureFixture[str]) -> Path:
    use(ScoringEngine({"seqB_002.png": 3.0, "seqA_002.png": 1.0}))
    assert run_command(["train", str(project)]) == 0
    capsys.readouterr()
    return project


def test_review_lists_the_worst_first(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert run_command(["review", str(reviewed), "--run", "0001", "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["1", "seqB_002.png", "valid", "3.0000", "75.0", "%", "sky", "→", "road"]
    assert lines[2].split()[:3] == ["2", "seqA_002.png", "train"]
    assert lines[3] == "The worst 2 of 4 items of run 0001."


def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    tmp_path: Path, use: Use, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    source = data_sets.camvid(tmp_path / "odd", names=["[red]_1", "[b]_2"], valid="[b]_2\n")
    run_command(["import", str(source), str(tmp_path / "p")])
    use(ScoringEngine({}))
    run_command(["train", str(tmp_path / "p")])
    capsys.readouterr()
    assert run_command(["review", str(tmp_path / "p"), "--run", "0001"]) == 0
    text = capsys.readouterr().out
    assert "[red]_1.png" in text
    assert "[b]_2.png" in text


def test_review_speaks_json_and_can_keep_to_a_split(reviewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["review", str(reviewed), "--run", "0001", "--split", "valid", "--json"]) == 0
    told = events(capsys)
    assert [(e.get("name"), e.get("loss")) for e in told] == [
        ("seqB_002.png", 3.0),
        ("seqB_001.png", 0.01),
        (None, None),
    ]
    assert told[0]["confusion"] == [{"label": 0, "predicted": 1, "pixels": 100}]


def sure(folder: Path) -> None:
    """Give the scores of the run in `folder` what a model's probabilities say."""
    path = folder / "scores.jsonl"
    more: dict[str, dict[str, object]] = {
        "seqA_001.png": {"confidence": 0.9, "margin": 0.8, "entropy": 0.2, "classes": (ClassScore(1, 0.5, 0.25),)},
        "seqA_002.png": {"confidence": 0.4, "margin": 0.1, "entropy": 0.9},
        "seqB_001.png": {"confidence": 0.6, "margin": 0.3, "entropy": 0.5, "classes": (ClassScore(1, 0.25),)},
        "seqB_002.png": {
            "confidence": 0.7,
            "margin": 0.5,
            "entropy": 0.4,
            "region": MistakenRegion(3, 4, 10, 20, 150, 2.5),
        },
    }
    scores = [decode_score(line) for line in path.read_bytes().splitlines()]
    path.write_bytes(b"".join(encode_score(msgspec.structs.replace(s, **more[s.name])) for s in scores))


def test_review_sorts_filters_and_groups_and_tells_the_figures(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sure(reviewed / "runs" / "0001")
    arguments = ["review", str(reviewed), "--run", "0001"]
    assert run_command([*arguments, "--sort", "confidence", "--json"]) == 0
    told = events(capsys)
    assert [e["confidence"] for e in told[:-1]] == [0.4, 0.6, 0.7, 0.9]
    assert told[-1]["order"] == "least sure first"
    assert told[2]["region"] == {"box": [3, 4, 10, 20], "pixels": 150, "loss": 2.5}
    assert (told[3]["iou"], told[3]["class_loss"]) == ({"road": 0.5}, {"road": 0.25})
    assert run_command([*arguments, "--sort", "iou", "--class", "road", "--json"]) == 0
    assert [e["name"] for e in events(capsys)[:2]] == ["seqB_001.png", "seqA_001.png"]
    ranges = ["--range", "confidence=0.5..0.8", "--range", "loss=1.."]
    assert run_command([*arguments, *ranges, "--class", "sky", "--wrong", "--json"]) == 0
    assert [e.get("name") for e in events(capsys)] == ["seqB_002.png", None]
    assert run_command([*arguments, "--group", "sequence", "--sort", "name", "--reverse", "--json"]) == 0
    assert [(e.get("group"), e.get("name")) for e in events(capsys)[:2]] == [
        ("seqA", "seqA_002.png"),
        ("seqA", "seqA_001.png"),
    ]
    monkeypatch.setenv("COLUMNS", "160")
    assert run_command([*arguments, "--sort", "margin", "--group", "class", "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[1] == "seqA_002.png"
    assert lines[1].split()[-2:] == ["0.1000", "sky"]
    assert lines[2] == "The first 1 of 4 items of run 0001, closest call first, by class."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sort", "iou"], "which class's IoU"),
        (["--sort", "entropy"], "no figures of entropy"),
        (["--class", "unicorn"], "no class called unicorn"),
        (["--range", "confidence=a..b"], "not understood"),
        (["--range", "name=1..2"], "not understood"),
        (["--range", "loss=1"], "not understood"),
    ],
)
def test_an_order_that_makes_no_sense_is_told(
    reviewed: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run_command(["review", str(reviewed), "--run", "0001", *arguments]) == 2
    assert sentence in capsys.readouterr().err.replace("\n", " ")


def test_a_run_without_scores_is_told(project: Path, use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    use(FakeEngine([STARTED, FINISHED]))
    run_command(["train", str(project)])
    capsys.readouterr()
    assert run_command(["review", str(project), "--run", "0001"]) == 2
    assert "has scored no items" in capsys.readouterr().err


def test_decisions_change_labels_and_become_corrections(reviewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["decide", str(reviewed), "--run", "0001"]
    assert run_command([*arguments, "seqB_002.png", "accept"]) == 0
    assert run_command([*arguments, "seqA_001.png", "seqA_002.png", "label-right"]) == 0
    assert run_command([*arguments, "seqB_001.png", "leave-out"]) == 0
    assert "Run 0001 has led to" in capsys.readouterr().out
    with Store.open(reviewed) as store:
        mask = store.read_mask(store.item_named("seqB_002.png").id)
        decisions = {i.score.name: i.decision for i in store.review.items("0001", store.item_ids())}
        corrected = {c.name for c in store.review.corrections("0001")}
    assert np.array_equal(mask, data_sets.stripes())  # type: ignore[arg-type]
    assert decisions == {
        "seqB_002.png": Decision.ACCEPTED,
        "seqA_001.png": Decision.LABEL_RIGHT,
        "seqA_002.png": Decision.LABEL_RIGHT,
        "seqB_001.png": Decision.LEFT_OUT,
    }
    assert corrected >= {"seqB_002.png"}


def test_an_item_that_is_not_there_is_told(reviewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["decide", str(reviewed), "--run", "0001", "ghost.png", "accept"]) == 2
    assert "no item called ghost.png" in capsys.readouterr().err


def test_fine_tuning_without_corrections_is_told(reviewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["fine-tune", str(reviewed), "--run", "0001"]) == 2
    assert "no corrected label yet" in capsys.readouterr().err


def test_fine_tuning_starts_from_the_run_and_reports_what_it_fixed_and_broke(
    reviewed: Path, use: Use, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    run_command(["decide", str(reviewed), "--run", "0001", "seqB_002.png", "accept"])
    capsys.readouterr()
    use(ScoringEngine({"seqB_002.png": 0.01, "seqB_001.png": 2.0}))
    options = ["--epochs", "2", "--replay", "1.0", "--weight", "4", "--label-smoothing", "0.2", "--last-epoch"]
    assert run_command(["fine-tune", str(reviewed), "--run", "0001", *options]) == 0
    text = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.startswith("seq")}
    assert rows["seqB_002.png"][-2:] == ["fixed", "corrected"]
    assert rows["seqB_001.png"][-1] == "broken"
    parent, spec = recipe_of(reviewed), recipe_of(reviewed, "0002")
    assert spec.parent == "0001"
    assert spec.fine_tune is not None
    assert (spec.fine_tune.replay, spec.fine_tune.weight, len(spec.fine_tune.corrections)) == (1.0, 4.0, 1)
    assert not spec.fine_tune.least_forgetting
    assert (parent.label_smoothing, spec.label_smoothing) == (0.0, 0.2)
    assert spec.stages[0].epochs == 2
    assert spec.stages[0].lr.high == pytest.approx(parent.stages[-1].lr.high / 5)
    assert (spec.stages[0].height, spec.stages[0].width) == (parent.stages[-1].height, parent.stages[-1].width)


def test_the_report_is_an_event_for_programs(reviewed: Path, use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(["decide", str(reviewed), "--run", "0001", "seqB_002.png", "accept"])
    capsys.readouterr()
    use(ScoringEngine({}))
    assert run_command(["fine-tune", str(reviewed), "--run", "0001", "--json"]) == 0
    told = events(capsys)
    assert told[-1]["event"] == "report"
    compared = {e["name"]: e["verdict"] for e in told if e["event"] == "compared"}
    assert compared["seqB_002.png"] == "fixed"
    assert {e["split"] for e in told if e["event"] == "compared"} <= {s.value for s in Split}
    assert told[-1]["metrics"] == [
        {"name": "pixel accuracy", "before": 0.75, "after": 0.75, "better": 1, "detail": "", "detail_before": ""}
    ]
    assert run_command(["report", str(reviewed), "--run", "0002", "--json"]) == 0
    assert events(capsys) == [e for e in told if e["event"] in ("compared", "report")]


def test_the_report_becomes_a_page(
    reviewed: Path, use: Use, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run_command(["decide", str(reviewed), "--run", "0001", "seqB_002.png", "accept"])
    use(ScoringEngine({}))
    assert run_command(["fine-tune", str(reviewed), "--run", "0001"]) == 0
    capsys.readouterr()
    out = tmp_path / "page.html"
    assert run_command(["report", str(reviewed), "--run", "0002", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip().endswith(f"{out} has the report.")
    assert "seqB_002.png: after" in out.read_text(encoding="utf-8")
    assert run_command(["report", str(reviewed), "--run", "0002", "--out", str(out), "--pictures", "0", "--json"]) == 0
    assert events(capsys)[-1]["pictured"] == 0
    assert "<img" not in out.read_text(encoding="utf-8")


def test_a_run_that_was_not_fine_tuned_has_no_report(reviewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["report", str(reviewed), "--run", "0001"]) == 2
    assert "was not fine-tuned" in capsys.readouterr().err


def test_a_model_is_kept_from_a_terminal_and_the_decision_can_be_changed(
    reviewed: Path, use: Use, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(["decide", str(reviewed), "--run", "0001", "seqB_002.png", "accept"])
    use(ScoringEngine({}))
    assert run_command(["fine-tune", str(reviewed), "--run", "0001"]) == 0
    capsys.readouterr()
    about = [str(reviewed), "--run", "0002"]
    assert run_command(["keep", *about, "--note", "fewer cars missed", "--who", "Anna"]) == 0
    assert capsys.readouterr().out == "Run 0002 is kept.\n"
    assert run_command(["keep", *about, "--old", "--json"]) == 0
    (told,) = events(capsys)
    assert (told["kept"], told["kept_run"]) == ("old", "0001")
    with Store.open(reviewed) as store:
        assert next((c.kept, c.who, c.note) for c in store.models.all()) == ("new", "Anna", "fewer cars missed")
    assert run_command(["keep", *about, "--undecided"]) == 0
    assert run_command(["keep", *about, "--undecided", "--old"]) == 2
    assert run_command(["keep", str(reviewed), "--run", "0001"]) == 2
    assert "started from no other run" in capsys.readouterr().err


def test_a_project_is_predicted_with_by_its_kept_model(
    reviewed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("studio.ml.predict.predict", lambda run, *_rest, **_more: asked.append(run) or [])
    command = ["predict", str(reviewed), str(tmp_path), "--out", str(tmp_path / "out")]
    assert run_command(command) == 2
    assert "has a model yet" in capsys.readouterr().err
    with Store.open(reviewed) as store:
        for _ in range(2):
            record = store.create_run(replace(store.run("0001").spec, parent="0001"))
            (record.folder / "model.safetensors").touch()
        assert run_command(command) == 0
        store.models.keep("0002", Kept.NEW)
        assert run_command(command) == 0
    assert [run.name for run in asked] == ["0003", "0002"]
