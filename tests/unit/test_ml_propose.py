"""A run's model proposing labels for pictures it has never seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.events import Failed, Proposed, RunEvent, Warned
from studio.core.images import image_size
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.core.proposals import JOB_FILE, ProposalJob, Wanted, encode_job
from studio.core.settings import Task
from studio.ml import scoring
from studio.ml.propose import propose
from tests.unit.ml_runs import ALL_BUT_ONE, make_run, recipe, run


def ask(folder: Path, job: ProposalJob) -> tuple[OutcomeKind, list[RunEvent]]:
    folder.mkdir(exist_ok=True)
    (folder / JOB_FILE).write_bytes(encode_job(job))
    said: list[RunEvent] = []
    return propose(folder, device="cpu", reserve_cores=ALL_BUT_ONE, emit=said.append), said


def wanted_of(trained: Path, out: Path, number: int) -> tuple[Wanted, ...]:
    out.mkdir(exist_ok=True)
    images = sorted((trained.parent / f"{trained.name}-images").iterdir())[:number]
    return tuple(Wanted(item=n, image=str(image), mask=str(out / f"{n}.png")) for n, image in enumerate(images))


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe())
    assert run(folder)[0] is OutcomeKind.FINISHED
    return folder


def test_masks_of_the_pictures_size_are_written_with_their_uncertainty(segmented: Path, tmp_path: Path) -> None:
    wanted = wanted_of(segmented, tmp_path / "out", 5)
    outcome, said = ask(tmp_path / "job", ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted))
    assert outcome is OutcomeKind.FINISHED
    proposed = [event for event in said if isinstance(event, Proposed)]
    assert [event.item for event in proposed] == [0, 1, 2, 3, 4]
    for event, one in zip(proposed, wanted, strict=True):
        mask, _ = read_mask(Path(one.mask))
        assert mask.shape[::-1] == image_size(Path(one.image))
        assert set(mask.ravel()) <= {0, 1}
        assert event.uncertainty is not None
        assert 0 <= event.uncertainty <= 1


def test_points_come_with_the_event(tmp_path: Path) -> None:
    trained = make_run(tmp_path / "0001", recipe(Task.KEYPOINTS))
    assert run(trained)[0] is OutcomeKind.FINISHED
    wanted = wanted_of(trained, tmp_path / "out", 2)
    outcome, said = ask(tmp_path / "job", ProposalJob(task=Task.KEYPOINTS, run=str(trained), wanted=wanted))
    assert outcome is OutcomeKind.FINISHED
    proposed = [event for event in said if isinstance(event, Proposed)]
    assert len(proposed) == 2
    for event in proposed:
        assert event.points is not None
        assert [point.index for point in event.points.placed] == [0]
        assert event.uncertainty is not None
        assert 0 <= event.uncertainty <= 1


def test_an_unreadable_picture_is_left_out_with_a_warning(segmented: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    wanted = (Wanted(item=7, image=str(broken), mask=str(tmp_path / "7.png")), *wanted_of(segmented, tmp_path / "o", 1))
    _, said = ask(tmp_path / "job", ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted))
    assert [event.item for event in said if isinstance(event, Proposed)] == [0]
    assert any(isinstance(event, Warned) and "broken.png" in event.sentence for event in said)


def test_a_model_for_another_task_is_refused_in_a_sentence(segmented: Path, tmp_path: Path) -> None:
    outcome, said = ask(
        tmp_path / "job",
        ProposalJob(task=Task.KEYPOINTS, run=str(segmented), wanted=wanted_of(segmented, tmp_path / "out", 1)),
    )
    assert outcome is OutcomeKind.BAD_INPUT
    assert isinstance(said[-1], Failed)
    assert "segmentation" in said[-1].sentence


def with_room_for(pictures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = scoring.network_input

    def limited(batch: list[np.ndarray], device: torch.device) -> torch.Tensor:
        return prepare(batch, device) if len(batch) <= pictures else torch.empty(10**14)

    monkeypatch.setattr(scoring, "network_input", limited)


def test_pictures_that_do_not_fit_into_memory_together_are_proposed_for_one_by_one(
    segmented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[list[np.ndarray]] = []
    for room in (4, 1):
        with_room_for(room, monkeypatch)
        wanted = wanted_of(segmented, tmp_path / f"out{room}", 5)
        outcome, _ = ask(tmp_path / "job", ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted))
        assert outcome is OutcomeKind.FINISHED
        masks.append([read_mask(Path(one.mask))[0] for one in wanted])
    for together, alone in zip(*masks, strict=True):
        assert (together == alone).mean() > 0.999


def test_no_memory_for_one_picture_says_what_to_close(
    segmented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_room_for(0, monkeypatch)
    wanted = wanted_of(segmented, tmp_path / "out", 2)
    outcome, said = ask(tmp_path / "job", ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted))
    assert outcome is OutcomeKind.OUT_OF_MEMORY
    assert isinstance(said[-1], Failed)
    assert said[-1].sentence.startswith("The computer's memory ran out while labels were proposed. Close what else")
