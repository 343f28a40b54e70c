"""The child process in which the scribble model learns and answers, so that neither can make the window wait."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.atomic import replacing
from studio.core.commands import Command, StartProposals, Stop
from studio.core.errors import BadInput, CannotWrite, StudioError, UnreadableImage
from studio.core.events import Proposed, Warned
from studio.core.images import read_image
from studio.core.masks import read_mask, write_mask
from studio.core.outcome import OutcomeKind
from studio.core.proposal_jobs import Emit, carry_out_job
from studio.core.proposals import ProposalJob, Stroked
from studio.core.worker_pipes import commands_from, read_start, take_over_pipes
from studio.scribble.model import Scene, ScribbleModel
from studio.scribble.samples import Samples

_CACHE_VERSION: Final = "1"
"""Another one whenever features or the choice of samples change."""

_EXIT_CODES: Final = {OutcomeKind.FINISHED: 0, OutcomeKind.STOPPED: 0, OutcomeKind.BAD_INPUT: 2}


def main() -> int:
    """Read one StartProposals from standard input, carry it out, return the exit code (0 done, 2 bad input, 1 failed).

    What takes long to load is loaded before, so that a waiting spare answers at once.
    """
    emit = take_over_pipes()
    import sklearn.ensemble  # noqa: F401, PLC0415 - loaded here, while nobody waits

    commands = commands_from(0)
    start = read_start(commands)
    if not isinstance(start, StartProposals):
        return 0
    stopped = threading.Event()
    threading.Thread(target=_hear, args=(commands, stopped), name="commands", daemon=True).start()
    outcome = carry_out_strokes(Path(start.folder), emit=emit, is_stopped=stopped.is_set)
    return _EXIT_CODES.get(outcome, 1)


def carry_out_strokes(
    folder: Path, *, emit: Emit, is_stopped: Callable[[], bool] = lambda: False, threads: int = -1
) -> OutcomeKind:
    """Carry out the `job.json` in `folder`: learn from its strokes, answer for what it wants. Pictures that cannot be
    read get a warning. `threads` -1: as many as the process has cores."""
    return carry_out_job(folder, lambda job: _proposals(folder, job, emit, threads), emit=emit, is_stopped=is_stopped)


def _hear(commands: Iterator[Command], stopped: threading.Event) -> None:
    for command in commands:
        if isinstance(command, Stop):
            stopped.set()
    stopped.set()


def _proposals(folder: Path, job: ProposalJob, emit: Emit, threads: int) -> Iterator[Proposed]:
    scenes = _Scenes()
    samples: list[Samples] = []
    for stroked in job.strokes:
        try:
            samples.append(_samples(folder, job, stroked, scenes))
        except StudioError as error:
            emit(Warned(sentence=error.sentence))
    model = ScribbleModel.learn([s for s in samples if len(s.classes)], threads=threads)
    for wanted in job.wanted:
        try:
            answer = model.propose(scenes.of(wanted.image))
        except UnreadableImage as error:
            emit(Warned(sentence=error.sentence))
            continue
        write_mask(Path(wanted.mask), answer.mask, job.classes, durable=False)
        yield Proposed(item=wanted.item, uncertainty=answer.uncertainty)


class _Scenes:
    """The picture worked on last is kept: most often a person wants the rest of the one they have just painted on."""

    def __init__(self) -> None:
        self._image = ""
        self._scene: Scene | None = None

    def of(self, image: str) -> Scene:
        """Raises UnreadableImage."""
        if self._scene is None or image != self._image:
            self._scene, self._image = Scene.of(read_image(Path(image))), image
        return self._scene


def _samples(folder: Path, job: ProposalJob, stroked: Stroked, scenes: _Scenes) -> Samples:
    """What one item's label says; found in the cache where neither picture nor label changed. Raises StudioError."""
    kept = Path(job.cache) / f"{stroked.item}.npz" if job.cache else None
    key = _key(stroked, folder)
    found = _from_cache(kept, key) if kept is not None else None
    if found is not None:
        return found
    label, _ = read_mask(folder / stroked.mask)
    scene = scenes.of(stroked.image)
    if label.shape != scene.picture.shape[:2]:
        raise BadInput(f"The label of {stroked.image} has another size than the picture; put the picture back.")
    samples = scene.samples(label, seed=stroked.item)
    if kept is not None:
        with contextlib.suppress(CannotWrite), replacing(kept, durable=False) as file:  # it can be found out again
            np.savez(file, key=np.array(key), features=samples.features, classes=samples.classes)
    return samples


def _key(stroked: Stroked, folder: Path) -> str:
    """Names everything that the samples hang on."""
    try:
        about = Path(stroked.image).stat()
    except OSError as error:
        raise UnreadableImage(Path(stroked.image), error.strerror or str(error)) from error
    digest = hashlib.sha1((folder / stroked.mask).read_bytes(), usedforsecurity=False).hexdigest()
    return f"{_CACHE_VERSION} {stroked.image} {about.st_size} {about.st_mtime_ns} {digest}"


def _from_cache(path: Path, key: str) -> Samples | None:
    """None where there is nothing, something else, or a file that cannot be read: it is all found out again then."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return Samples(kept["features"], kept["classes"]) if str(kept["key"]) == key else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


if __name__ == "__main__":
    sys.exit(main())
