"""A run's model choosing what to label next, and proposing for what it chose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.core.events import Finished, Progress, Proposed, Ranked, RunEvent
from studio.core.label_queue import QueueWish
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.core.proposals import JOB_FILE, ProposalJob, Wanted, encode_job
from studio.core.settings import TAG_TASKS, Task
from studio.ml.answering import AnsweringModel
from studio.ml.control import Commands
from studio.ml.data.inputs import network_input
from studio.ml.propose import propose
from studio.ml.ranking import listening
from tests.unit import text_runs
from tests.unit.ml_runs import ALL_BUT_ONE, make_run, recipe, run


def candidates(folder: Path, number: int) -> tuple[Wanted, ...]:
    """Pictures of coloured blocks, the four frames of a sequence all alike."""
    folder.mkdir()
    wanted: list[Wanted] = []
    for position in range(number):
        random = np.random.default_rng(position // 4)
        picture = np.kron(random.integers(0, 255, (4, 4, 3)), np.ones((9, 10, 1))).astype(np.uint8)
        picture[0, 0] = position
        path = folder / f"{position:02}.png"
        Image.fromarray(picture).save(path)
        wanted.append(
            Wanted(item=position, image=str(path), mask=str(folder / f"m{position}.png"), group=str(position // 4))
        )
    return tuple(wanted)


def carry_out(folder: Path, job: ProposalJob, commands: Commands | None = None) -> tuple[OutcomeKind, list[RunEvent]]:
    folder.mkdir(exist_ok=True)
    (folder / JOB_FILE).write_bytes(encode_job(job))
    said: list[RunEvent] = []
    outcome = propose(folder, device="cpu", reserve_cores=ALL_BUT_ONE, emit=said.append, commands=commands)
    return outcome, said


def queue_of(said: list[RunEvent]) -> list[int]:
    return [queued.item for event in said if isinstance(event, Ranked) for queued in event.queue]


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "0001", recipe())
    assert run(folder)[0] is OutcomeKind.FINISHED
    return folder


def test_the_queue_comes_first_and_then_a_proposal_for_each_of_its_items(segmented: Path, tmp_path: Path) -> None:
    wanted = candidates(tmp_path / "pictures", 25)
    wish = QueueWish(places=4, known=(wanted[24].image,))
    job = ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted[:24], queue=wish)
    outcome, said = carry_out(tmp_path / "job", job)
    assert outcome is OutcomeKind.FINISHED
    queue = queue_of(said)
    assert len(queue) == 4
    assert len({item // 4 for item in queue[:3]}) == 3  # frames of a sequence are all alike
    proposed = [event for event in said if isinstance(event, Proposed)]
    assert [event.item for event in proposed] == queue
    ranked = next(event for event in said if isinstance(event, Ranked))
    assert [q.uncertainty for q in ranked.queue] == pytest.approx([e.uncertainty for e in proposed], abs=1e-4)
    assert all(read_mask(Path(wanted[item].mask))[0].shape == (36, 40) for item in queue)
    assert not any(Path(one.mask).exists() for one in wanted if one.item not in queue)
    progress = [(e.what, e.done, e.total) for e in said if isinstance(e, Progress)]
    assert ("Ranking", 25, 25) in progress
    assert progress[-1] == ("Proposing", 4, 4)
    assert queue_of(carry_out(tmp_path / "again", job)[1]) == queue


def test_ranking_that_is_stopped_queues_nothing(segmented: Path, tmp_path: Path) -> None:
    commands = Commands()
    commands.stop()
    job = ProposalJob(
        task=Task.SEGMENTATION,
        run=str(segmented),
        wanted=candidates(tmp_path / "pictures", 12),
        queue=QueueWish(places=4),
    )
    outcome, said = carry_out(tmp_path / "job", job, commands)
    assert outcome is OutcomeKind.STOPPED
    assert not queue_of(said)
    assert isinstance(said[-1], Finished) and said[-1].outcome is OutcomeKind.STOPPED
    assert max(e.done for e in said if isinstance(e, Progress)) < 12


def test_a_file_that_cannot_be_read_is_not_queued(segmented: Path, tmp_path: Path) -> None:
    wanted = candidates(tmp_path / "pictures", 6)
    Path(wanted[2].image).write_bytes(b"no picture")
    job = ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted, queue=QueueWish(places=6))
    assert sorted(queue_of(carry_out(tmp_path / "job", job)[1])) == [0, 1, 3, 4, 5]


def test_a_random_queue_asks_no_model_which_items(segmented: Path, tmp_path: Path) -> None:
    wanted = candidates(tmp_path / "pictures", 12)
    wish = QueueWish(places=5, seed=3, at_random=True)
    job = ProposalJob(task=Task.SEGMENTATION, run=str(segmented), wanted=wanted, queue=wish)
    _, said = carry_out(tmp_path / "job", job)
    assert queue_of(said) == np.random.default_rng(3).permutation(12)[:5].tolist()
    assert not any(isinstance(e, Progress) and e.what == "Ranking" for e in said)
    assert [e.item for e in said if isinstance(e, Proposed)] == queue_of(said)


@pytest.mark.parametrize("task", [Task.KEYPOINTS, Task.SINGLE_LABEL, Task.MULTI_LABEL])
def test_every_task_of_pictures_has_a_queue_with_proposals(task: Task, tmp_path: Path) -> None:
    trained = make_run(tmp_path / "0001", recipe(task))
    assert run(trained)[0] is OutcomeKind.FINISHED
    wanted = candidates(tmp_path / "pictures", 8)
    job = ProposalJob(task=task, run=str(trained), wanted=wanted, queue=QueueWish(places=3))
    outcome, said = carry_out(tmp_path / "job", job)
    assert outcome is OutcomeKind.FINISHED
    proposed = [event for event in said if isinstance(event, Proposed)]
    assert [event.item for event in proposed] == queue_of(said)
    assert len(proposed) == 3
    for event in proposed:
        assert (event.tags is not None) == (task in TAG_TASKS)
        assert (event.points is not None) == (task is Task.KEYPOINTS)
        if event.tags is not None:
            assert {class_id for class_id, _ in event.tags.shares} == {0, 1}


def test_texts_have_a_queue_with_proposals(tmp_path: Path) -> None:
    trained = text_runs.make_run(tmp_path / "0001", text_runs.recipe(text_runs.STAGES[1:2]), further=6)
    assert run(trained)[0] is OutcomeKind.FINISHED
    texts = sorted((tmp_path / "texts").glob("more*.txt"))
    wanted = tuple(Wanted(item=n, image=str(text), mask=str(tmp_path / f"{n}.png")) for n, text in enumerate(texts))
    job = ProposalJob(
        task=Task.TEXT, run=str(trained), wanted=wanted, queue=QueueWish(places=3, known=(str(texts[0]),))
    )
    outcome, said = carry_out(tmp_path / "job", job)
    assert outcome is OutcomeKind.FINISHED
    assert len(queue_of(said)) == 3
    assert 0 not in queue_of(said)[:2]  # it is labelled, to all appearances
    assert all(event.tags is not None for event in said if isinstance(event, Proposed))


def test_what_an_encoder_sees_is_its_deepest_map_pooled(
    segmented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.ml.device.computes_in_bf16", lambda: False)
    model = AnsweringModel(segmented, Task.SEGMENTATION, device=torch.device("cpu"), warn=pytest.fail)
    picture = model.decoder.picture(Path(candidates(tmp_path / "pictures", 1)[0].image))
    with listening(model.network) as heard:
        model.answers([picture, picture])
    assert len(heard) == 1
    with torch.no_grad():
        deepest = model.network.encoder(network_input([picture], torch.device("cpu")))[-1]
    assert torch.allclose(heard[0][1], deepest.mean((2, 3))[0], atol=1e-5)
    with listening(model.network) as heard_alone:
        pass
    model.answers([picture])
    assert not heard_alone  # nobody listens any more
