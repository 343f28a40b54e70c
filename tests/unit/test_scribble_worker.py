"""A job for the scribble model: masks on the disk, events, warnings, the cache, and a stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.core.events import Failed, Finished, Progress, Proposed, RunEvent, Warned
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.engine import LocalEngine, scribbler_command
from studio.scribble import worker
from studio.scribble.worker import carry_out_strokes
from tests.unit.scribbles import make_job, right, scene


def carry_out(folder: Path, **others: object) -> tuple[OutcomeKind, list[RunEvent]]:
    said: list[RunEvent] = []
    return carry_out_strokes(folder, emit=said.append, threads=1, **others), said  # pyright: ignore[reportArgumentType]


def test_every_wanted_picture_gets_a_mask_and_an_uncertainty(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    outcome, said = carry_out(tmp_path / "job")
    assert outcome is OutcomeKind.FINISHED
    proposed = [event for event in said if isinstance(event, Proposed)]
    assert [event.item for event in proposed] == [0, 1]
    assert all(event.uncertainty is not None and 0 < event.uncertainty < 1 for event in proposed)
    for wanted in job.wanted:
        assert right(read_mask(Path(wanted.mask))[0], scene(wanted.item)[1]) > 0.9
    assert [(e.done, e.total) for e in said if isinstance(e, Progress)] == [(0, 2), (1, 2), (2, 2)]
    assert isinstance(said[-1], Finished)


def test_strokes_that_did_not_change_are_not_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(tmp_path / "job", cache=True)
    carry_out(tmp_path / "job")
    first = read_mask(Path(job.wanted[1].mask))[0]
    looked: list[int] = []
    honest = worker.Scene.samples
    monkeypatch.setattr(worker.Scene, "samples", lambda *a, **k: looked.append(1) or honest(*a, **k))
    carry_out(tmp_path / "job")
    assert not looked
    assert np.array_equal(read_mask(Path(job.wanted[1].mask))[0], first)
    (tmp_path / "job" / "cache" / "0.npz").write_bytes(b"torn")
    carry_out(tmp_path / "job")
    assert looked


def test_a_damaged_or_unwritable_cache_costs_nothing_but_time(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", cache=True)
    carry_out(tmp_path / "job")
    first = read_mask(Path(job.wanted[1].mask))[0]
    kept = tmp_path / "job" / "cache" / "0.npz"
    whole = kept.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:200] + b"\xff" * 50 + whole[250:], b"PK\x03\x04" + whole[4:60]):
        kept.write_bytes(damaged)
        assert carry_out(tmp_path / "job")[0] is OutcomeKind.FINISHED
        assert np.array_equal(read_mask(Path(job.wanted[1].mask))[0], first)
    kept.unlink()
    kept.mkdir()
    assert carry_out(tmp_path / "job")[0] is OutcomeKind.FINISHED


def test_a_picture_that_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", wanted=3)
    Path(job.wanted[1].image).write_bytes(b"no picture")
    outcome, said = carry_out(tmp_path / "job")
    assert outcome is OutcomeKind.FINISHED
    assert [event.item for event in said if isinstance(event, Proposed)] == [0, 2]
    assert any(isinstance(event, Warned) and "cannot be read" in event.sentence for event in said)


def test_a_job_that_fails_after_the_window_is_gone_ends_quietly(tmp_path: Path) -> None:
    def nobody_listens(event: RunEvent) -> None:
        raise BrokenPipeError

    assert carry_out_strokes(tmp_path / "missing", emit=nobody_listens, threads=1) is OutcomeKind.BAD_INPUT


def test_a_stop_keeps_what_came_before(tmp_path: Path) -> None:
    make_job(tmp_path / "job", wanted=3)
    outcome, said = carry_out(tmp_path / "job", is_stopped=lambda: True)
    assert outcome is OutcomeKind.STOPPED
    assert [event.item for event in said if isinstance(event, Proposed)] == [0]


def test_no_memory_for_a_picture_says_what_to_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(worker.ScribbleModel, "propose", refuse)
    make_job(tmp_path / "job")
    outcome, said = carry_out(tmp_path / "job")
    assert outcome is OutcomeKind.OUT_OF_MEMORY
    assert isinstance(said[-1], Failed)
    assert "Close what else uses it, such as a run that trains, and propose again." in said[-1].sentence


def test_a_job_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    outcome, said = carry_out(tmp_path)
    assert outcome is OutcomeKind.BAD_INPUT
    assert isinstance(said[-1], Failed)
    assert "no proposal job" in said[-1].sentence


def test_the_engine_carries_a_job_out_in_a_process_without_torch(tmp_path: Path) -> None:
    make_job(tmp_path / "job", wanted=1)
    with LocalEngine(scribbler_command(), keep_warm=False) as engine:
        run = engine.propose(tmp_path / "job")
        events = list(run.events())
    assert [type(event) for event in events] == [Progress, Proposed, Progress, Finished]
    assert run.outcome is not None
    assert run.outcome.kind is OutcomeKind.FINISHED
