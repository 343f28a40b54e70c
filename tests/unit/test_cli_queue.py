"""`studio queue` on an engine whose workers say what the test wants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from studio.cli import run_watch
from studio.cli.app import run_command
from studio.core.classes import make_classes
from studio.core.events import Finished, Progress, Proposed, Ranked, RunEvent, Warned
from studio.core.items import NewItem, Split
from studio.core.label_queue import Queued
from studio.core.model_choices import Kept
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.proposals import JOB_FILE, ProposalJob, decode_job
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.engine import FakeEngine, FakeRun
from studio.store import RunData, Store
from tests.unit.ml_runs import recipe

FINISHED = Finished(outcome=OutcomeKind.FINISHED, seconds=1)


class AskedEngine(FakeEngine):
    """Remembers the job that it was asked to carry out."""

    job: ProposalJob

    def propose(self, folder: Path, *, reserve_cores: int = 0, device: str = "auto") -> FakeRun:
        self.job = decode_job((folder / JOB_FILE).read_bytes())
        return super().propose(folder, reserve_cores=reserve_cores, device=device)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six pictures: the first in training and the last in validation are labelled. There is a finished run."""
    settings = ProjectSettings(
        name="small", task=Task.SINGLE_LABEL, classes=tuple(make_classes(["ant", "bee"])), image_roots=(str(tmp_path),)
    )
    with Store.create(tmp_path / "project", settings) as store:
        for number in range(6):
            Image.new("RGB", (8, 8)).save(tmp_path / f"f{number}.png")
        ids = store.add_items(
            NewItem(
                name=f"f{number}.png",
                path=tmp_path / f"f{number}.png",
                split=Split.VALID if number == 5 else Split.TRAIN,
            )
            for number in range(6)
        )
        store.tags.replace({ids[0]: Tags((0,)), ids[5]: Tags((1,))}, "choosing")
        for _ in range(2):
            run = store.create_run(recipe(Task.SINGLE_LABEL), data=RunData())
        store.set_outcome("0001", RunOutcome(kind=OutcomeKind.FINISHED, sentence="Finished."))
        assert run.id == "0002"
    return tmp_path / "project"


def use(monkeypatch: pytest.MonkeyPatch, script: Sequence[RunEvent]) -> AskedEngine:
    engine = AskedEngine(script)
    monkeypatch.setattr(run_watch, "make_engine", lambda: engine)
    return engine


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_newest_finished_run_says_what_to_label_next(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bee = PredictedTags(tags=Tags((1,)), shares=((1, 0.6), (0, 0.4)))
    script = (
        Progress(what="Ranking", done=4, total=4),
        Ranked(queue=(Queued(item=4, uncertainty=0.9), Queued(item=2, uncertainty=0.25))),
        Proposed(item=4, tags=bee, uncertainty=0.9),
        FINISHED,
    )
    engine = use(monkeypatch, script)
    assert run_command(["queue", str(project), "--top", "2", "--seed", "7", "--json"]) == 0
    told = said(capsys)
    queued = [line for line in told if line["event"] == "queued"]
    assert [(line["place"], line["name"], line["uncertainty"]) for line in queued] == [
        (1, "f3.png", 0.9),
        (2, "f1.png", 0.25),
    ]
    assert told[-1]["event"] == "queue" and told[-1]["run"] == "0001" and told[-1]["items"] == 2
    wish = engine.job.queue
    assert wish is not None
    assert (wish.places, wish.seed, wish.at_random) == (2, 7, False)
    assert wish.known == (str(project.parent / "f0.png"),)
    assert [Path(one.image).name for one in engine.job.wanted] == ["f1.png", "f2.png", "f3.png", "f4.png"]
    assert engine.job.run == str(project / "runs" / "0001")
    with Store.open(project) as store:
        kept = store.proposals.of(4)
        assert kept is not None and kept.tags == bee and kept.source == "0001"
        assert store.read_tags(4) is None  # nothing is a label until a person accepts it
    assert not list((project / "proposals" / ".jobs").iterdir())


def test_the_kept_model_chooses_rather_than_a_newer_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(project) as store:
        finished = store.run("0001").outcome
        for parent in ("0001", "0003"):
            record = store.create_run(replace(recipe(Task.SINGLE_LABEL), parent=parent), data=RunData())
            store.set_outcome(record.id, finished)
        store.models.keep("0004", Kept.OLD)
        store.models.keep("0003", Kept.NEW)
    engine = use(monkeypatch, (Ranked(queue=()), FINISHED))
    assert run_command(["queue", str(project)]) == 0
    assert engine.job.run == str(project / "runs" / "0003")


def test_a_random_queue_says_so_and_keeps_what_could_not_be_read_apart(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (Ranked(queue=(Queued(item=3),)), Warned(sentence="f9.png cannot be read."), FINISHED)
    engine = use(monkeypatch, script)
    assert run_command(["queue", str(project), "--run", "0001", "--at-random"]) == 0
    text = capsys.readouterr().out
    assert "f2.png" in text and "drawn at random" in text and "f9.png cannot be read." in text
    assert engine.job.queue is not None and engine.job.queue.at_random
    with Store.open(project) as store:
        assert store.queue.state().run == ""


def test_without_a_run_the_sentence_says_what_to_do(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(project) as store:
        store.delete_run("0001")
    assert run_command(["queue", str(project)]) == 2
    assert "train one, then it says what to label next" in capsys.readouterr().err
    assert run_command(["queue", str(project), "--run", "0009"]) == 2
