"""A class that is labelled and never predicted is named at the end of an epoch, in each task that has classes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.core.classes import make_classes
from studio.core.events import Concern, EpochEnd, Warned, decode_event, encode_event
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml.models.unet import UNet
from studio.ml.tasks.multi_label import MultiLabel
from studio.ml.tasks.segmentation import IGNORED, Segmentation
from studio.ml.tasks.single_label import SingleLabel
from tests.unit.ml_runs import make_run, recipe, run

CLASSES = tuple(make_classes(["ant", "void", "bee", "wasp"]))


def snapshot(task: Task) -> Snapshot:
    return Snapshot(task=task, classes=CLASSES, items=())


def test_of_masks_it_is_judged_by_pixels_that_count() -> None:
    metrics = Segmentation(snapshot(Task.SEGMENTATION)).metrics()
    logits = torch.zeros(1, 3, 1, 3)
    logits[0, 0] = 1.0  # ant everywhere
    metrics.update(logits, torch.tensor([[[0, 1, IGNORED]]], dtype=torch.uint8))
    assert metrics.never_predicted() == ("bee",)
    logits[0, 1, 0, 0] = 2.0  # and once a bee, where it is none
    metrics.update(logits, torch.tensor([[[0, 0, 0]]], dtype=torch.uint8))
    assert metrics.never_predicted() == ()


def test_of_whole_pictures_it_is_judged_by_items_that_count() -> None:
    metrics = SingleLabel(snapshot(Task.SINGLE_LABEL)).metrics()
    metrics.update(torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0, 0, 1.0]]), torch.tensor([0, 2, -100]))
    assert metrics.never_predicted() == ("wasp",)


def test_of_tags_it_is_judged_at_the_threshold() -> None:
    metrics = MultiLabel(snapshot(Task.MULTI_LABEL)).metrics()
    assert metrics.never_predicted() == ()
    shares = torch.tensor([[0.3, 0.1, 0.1], [0.1, 0.1, 0.25]])
    metrics.update(shares.logit(), torch.tensor([[1.0, 1.0, 0], [0, 0, 1.0]]))
    assert metrics.never_predicted() == ("bee",)


def test_a_run_says_it_with_the_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = UNet.forward

    def ground_only(self: UNet, images: Tensor) -> Tensor:
        return forward(self, images) + torch.tensor([1e3, 0.0])[:, None, None]

    monkeypatch.setattr(UNet, "forward", ground_only)
    _, heard = run(make_run(tmp_path / "0001", recipe()))
    assert [end.never_predicted for end in heard.of(EpochEnd)] == [("square",), ("square",)]


def test_events_of_earlier_programs_can_still_be_read() -> None:
    old = (
        b'{"event":"epoch","time":1.0,"epoch":1,"step":2,"train_loss":1.0,"valid_loss":1.0,"metrics":[],"seconds":1.0}'
    )
    end = decode_event(old)
    assert isinstance(end, EpochEnd)
    assert end.never_predicted == ()
    assert decode_event(b'{"event":"warning","sentence":"Mind."}') == Warned(sentence="Mind.")
    warned = Warned(sentence="Less memory.", about=Concern.MEMORY)
    assert decode_event(encode_event(warned)) == warned
