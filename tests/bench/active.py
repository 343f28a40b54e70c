"""Whether the loop pays: frames chosen by the queue against frames drawn at random, and what a pre-label saves.

CamVid with 20 labelled frames, drawn by the seed, and its 45 validation frames. A small U-Net is trained from scratch
on small pictures; then three rounds: ten frames are chosen, get their true labels, and training goes on from the round
before. One arm has the queue choose, the other draws as many at random; all else is the same, the first model too. The
simulated annotator of `tests.bench.effort` then works on the frames that the queue chose last: on the empty frame, and
on the accepted proposal of the run that chose it (accepting is one action).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import LabelClass, make_classes
from studio.core.document import MaskDocument
from studio.core.events import EpochEnd, Proposed, Ranked, RunEvent
from studio.core.items import NewItem, Split
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.recipe import LearningRate, ModelSpec, RunSpec, Stage
from studio.core.settings import ProjectSettings, Task
from studio.core.taking_over import acceptance
from studio.formats.listing import sequence_of
from studio.ml.propose import propose
from studio.ml.runner import carry_out
from studio.store import Store
from studio.store.job_making import make_queue_job, remove_job
from tests.bench.effort import TARGET, Annotator, Hand, with_brush_and_fill
from tests.bench.table import Row

FIRST: Final = 20
ROUNDS: Final = 3
A_ROUND: Final = 10
SEEDS: Final = 3

SIZE: Final = (48, 64)
FIRST_EPOCHS: Final = 40
MORE_EPOCHS: Final = 4
FIRST_RATE: Final = 2e-3
MORE_RATE: Final = 2e-4
"""Peaks: training goes on at a tenth and for a few epochs, as from any model that has settled; at a third and for ten a
round fits its few frames and is worse on the validation frames than the one before."""

AVERAGE: Final = 0.95
"""Of the weights: the validation frames are one sequence, on which a single step's network is up to a tenth better or
worse than the next step's."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """A data set of pictures whose true labels are known by name."""

    images: Path
    labels: Path
    classes: tuple[LabelClass, ...]
    train: tuple[str, ...]
    valid: tuple[str, ...]

    def truth(self, name: str) -> Mask:
        mask = cv2.imread(str(self.labels / f"{Path(name).stem}_P.png"), cv2.IMREAD_GRAYSCALE)
        return np.asarray(mask, np.uint8)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Of one run: the share of validation pixels that are right, and the mean over the classes' overlaps."""

    accuracy: float
    overlap: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How small it all is. `rounds` of `places` frames follow the `first` ones."""

    first: int = FIRST
    rounds: int = ROUNDS
    places: int = A_ROUND
    size: tuple[int, int] = SIZE
    first_epochs: int = FIRST_EPOCHS
    more_epochs: int = MORE_EPOCHS
    encoder: str = "resnet18"

    def spec(self, *, seed: int, parent: str | None) -> RunSpec:
        epochs, rate = (self.first_epochs, FIRST_RATE) if parent is None else (self.more_epochs, MORE_RATE)
        height, width = self.size
        stage = Stage(epochs=epochs, height=height, width=width, batch_size=4, lr=LearningRate(high=rate))
        model = ModelSpec(encoder=self.encoder, pretrained=False)
        return RunSpec(
            task=Task.SEGMENTATION,
            stages=(stage,),
            model=model,
            seed=seed,
            parent=parent,
            average_weights=AVERAGE,
        )


class Arm:
    """A project whose frames are chosen in one way."""

    def __init__(self, root: Path, frames: Frames, plan: Plan, *, seed: int, at_random: bool) -> None:
        self.root = root
        self._frames = frames
        self._plan = plan
        self._seed = seed
        self._at_random = at_random
        self.measured: list[Measured] = []
        self.chosen: list[str] = []
        """The names of the frames that were chosen last, the first one first."""

    def begin(self) -> None:
        """Make the project, label its first frames and train on them."""
        frames = self._frames
        settings = ProjectSettings(name="active", task=Task.SEGMENTATION, classes=frames.classes)
        first = np.random.default_rng(self._seed).permutation(frames.train)[: self._plan.first].tolist()
        with Store.create(self.root, settings) as store:
            valid = set(frames.valid)
            store.add_items(
                NewItem(
                    name=name,
                    path=frames.images / name,
                    split=Split.VALID if name in valid else Split.TRAIN,
                    group=sequence_of(name),
                )
                for name in sorted((*frames.train, *frames.valid))
            )
            self._label(store, [*first, *frames.valid])
            self._train(store, None)

    def copy(self, root: Path, *, at_random: bool) -> Arm:
        """The same project and first model, to go another way from here."""
        shutil.copytree(self.root, root)
        other = Arm(root, self._frames, self._plan, seed=self._seed, at_random=at_random)
        other.measured = list(self.measured)
        return other

    def go_on(self) -> None:
        """One round: choose, label, train on."""
        with Store.open(self.root) as store:
            run = store.runs()[-1].id
            folder = make_queue_job(
                self.root, run, places=self._plan.places, seed=self._seed, at_random=self._at_random
            )
            said: list[RunEvent] = []
            outcome = propose(folder, device="cpu", emit=said.append)
            remove_job(folder)
            assert outcome is OutcomeKind.FINISHED
            for event in said:
                if isinstance(event, Ranked):
                    store.queue.replace("" if self._at_random else run, event.queue)
                elif isinstance(event, Proposed):
                    store.proposals.keep(run, event)
            self.chosen = [item.name for item in store.items([queued.item for queued in store.queue.left()])]
            self._label(store, self.chosen)
            self._train(store, run)

    def proposal(self, name: str) -> Mask:
        with Store.open(self.root) as store:
            return read_mask(store.proposals.mask_path(store.item_named(name).id))[0]

    def _label(self, store: Store, names: Sequence[str]) -> None:
        store.import_annotations((store.item_named(name).id, self._frames.truth(name)) for name in names)
        store.flush()

    def _train(self, store: Store, parent: str | None) -> None:
        record = store.create_run(self._plan.spec(seed=self._seed, parent=parent))
        said: list[RunEvent] = []
        outcome = carry_out(record.folder, device="cpu", emit=said.append)
        assert outcome is OutcomeKind.FINISHED, said[-1]
        store.set_outcome(record.id, RunOutcome(kind=outcome, sentence="Finished."))
        last = [event for event in said if isinstance(event, EpochEnd)][-1]
        metrics = {metric.name: metric.value for metric in last.metrics}
        self.measured.append(Measured(accuracy=metrics["pixel accuracy"], overlap=metrics["mean IoU"]))


def compare(folder: Path, frames: Frames, plan: Plan, *, seed: int) -> tuple[Arm, Arm]:
    """The arm whose frames the queue chose, and the one whose frames were drawn."""
    queued = Arm(folder / "queued", frames, plan, seed=seed, at_random=False)
    queued.begin()
    drawn = queued.copy(folder / "drawn", at_random=True)
    for _ in range(plan.rounds):
        queued.go_on()
        drawn.go_on()
    return queued, drawn


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Actions on each frame: from nothing, and from the accepted proposal; and how much of that was right."""

    empty: list[int]
    proposed: list[int]
    right: list[float]


def effort(folder: Path, frames: Frames, arm: Arm) -> Effort:
    """Of the frames that the arm chose last, each until it is right."""
    void = next(c.id for c in frames.classes if c.void)
    settings = ProjectSettings(name="effort", task=Task.SEGMENTATION, classes=frames.classes)
    found = Effort(empty=[], proposed=[], right=[])
    for is_proposed, actions in ((False, found.empty), (True, found.proposed)):
        with Store.create(folder / f"effort {is_proposed}", settings) as store:
            ids = store.add_items(NewItem(name=name, path=frames.images / name) for name in arm.chosen)
            hand = Hand()
            for item, name in zip(ids, arm.chosen, strict=True):
                document = store.open_document(item)
                assert isinstance(document, MaskDocument)
                annotator = Annotator(document, frames.truth(name), void, hand)
                if is_proposed:
                    _accept(annotator, arm.proposal(name), frames.classes)
                    found.right.append(annotator.share(document.mask))
                with_brush_and_fill(annotator)
                actions.append(annotator.actions)
    return found


def _accept(annotator: Annotator, proposed: Mask, classes: tuple[LabelClass, ...]) -> None:
    document = annotator.document
    edit = acceptance(document.mask, proposed, classes, document.protection, "accepting the prediction", replace=False)
    assert edit is not None
    document.carry_out(edit)
    annotator.actions += 1


def measure() -> list[Row]:
    data = Path(os.environ.get("STUDIO_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "camvid11"
    if not data.is_dir():
        return [Row(what="active", budget="–", measured="not measured: the data set camvid11 is not there")]
    frames, plan = frames_of(data), Plan()
    seeds = range(int(os.environ.get("STUDIO_BENCH_SEEDS", SEEDS)))
    arms: list[tuple[Arm, Arm]] = []
    efforts: list[Effort] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            here = Path(folder) / str(seed)
            here.mkdir()
            arms.append(compare(here, frames, plan, seed=seed))
            efforts.append(effort(here, frames, arms[-1][0]))
            print("\n".join(_told(seed, *arms[-1], efforts[-1])), flush=True)
    return list(_rows(arms, efforts))


def frames_of(data: Path) -> Frames:
    """A folder in fast.ai's layout of CamVid."""
    valid = (data / "valid.txt").read_text().split()
    names = sorted(path.name for path in (data / "images").iterdir())
    return Frames(
        images=data / "images",
        labels=data / "labels",
        classes=tuple(make_classes((data / "codes.txt").read_text().split())),
        train=tuple(name for name in names if name not in set(valid)),
        valid=tuple(valid),
    )


def _told(seed: int, queued: Arm, drawn: Arm, found: Effort) -> Iterator[str]:
    for name, arm in (("queue", queued), ("random", drawn)):
        figures = " → ".join(f"{m.accuracy:.4f} / {m.overlap:.4f}" for m in arm.measured)
        yield f"seed {seed}, {name}: {figures}"
    yield f"seed {seed}, actions: {found.empty} from nothing, {found.proposed} pre-labelled"
    yield f"seed {seed}, pixels right in the proposals: {', '.join(f'{share:.2f}' for share in found.right)}"


def _rows(arms: Sequence[tuple[Arm, Arm]], efforts: Sequence[Effort]) -> Iterator[Row]:
    seeds = f"{len(arms)} seed{'s' if len(arms) > 1 else ''}"
    what = f"active: {FIRST} labelled frames + {ROUNDS} rounds of {A_ROUND}, {seeds}"
    yield Row(
        what=f"{what}, pixel accuracy and mean IoU at the end",
        budget="–",
        measured=f"queue {_ends([queued for queued, _ in arms])}; random {_ends([drawn for _, drawn in arms])}",
    )
    empty, proposed = (sum(sum(getattr(e, kind)) for e in efforts) for kind in ("empty", "proposed"))
    yield Row(
        what=f"active: brush and fill until {TARGET:.0%} of the pixels are right, on the last {A_ROUND} frames",
        budget="pre-labelled ≤ half of unlabelled",
        measured=f"{proposed} pre-labelled, {empty} unlabelled ({proposed / empty:.2f})",
        met=2 * proposed <= empty,
    )


def _ends(arms: Sequence[Arm]) -> str:
    accuracy = [arm.measured[-1].accuracy for arm in arms]
    overlap = [arm.measured[-1].overlap for arm in arms]
    each = ", ".join(f"{a:.3f} / {o:.3f}" for a, o in zip(accuracy, overlap, strict=True))
    return f"{np.mean(accuracy):.3f} / {np.mean(overlap):.3f} ({each})"
