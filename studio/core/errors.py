"""Every error a person can meet, each with the one sentence they see: what, which file, and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class StudioError(Exception):
    """A failure with a sentence for people. `exit_code` is what the command line ends with."""

    exit_code = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadInput(StudioError):
    """Something that was handed in cannot be used; the sentence names the file and the remedy."""

    exit_code = 2


class ExportStopped(StudioError):
    def __init__(self, out: Path) -> None:
        super().__init__(f"The export to {out} was stopped and what it had written is removed; export again.")


class UnreadableItem(BadInput):
    """The picture or the text of an item."""

    path: Path


class UnreadableImage(UnreadableItem):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be read as an image ({why}); replace the file or leave it out.")
        self.path = path


class UnreadableText(UnreadableItem):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be read ({why}); put the file back or leave its item out.")
        self.path = path


class BadMask(BadInput):
    def __init__(self, path: Path, why: str, remedy: str) -> None:
        super().__init__(f"{path} cannot be used as a mask: {why}; {remedy}.")
        self.path = path


class BadTable(BadInput):
    """A list, CSV or codes file whose contents do not fit its format."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}; {remedy}.")
        self.path = path


class UnknownLayout(BadInput):
    def __init__(self, path: Path, known: str) -> None:
        super().__init__(f"{path} has none of the layouts that can be imported ({known}); name one with --format.")
        self.path = path


class NotAProject(BadInput):
    def __init__(self, path: Path, *, is_file: bool = False) -> None:
        super().__init__(
            f"{path} is a file; name the project's folder, the one that holds its studio.toml."
            if is_file
            else f"{path} is not a project (it has no studio.toml); make one with `studio import SOURCE {path}`."
        )
        self.path = path


class ProjectTooNew(BadInput):
    def __init__(self, path: Path, version: int, known: int) -> None:
        super().__init__(
            f"{path} was made by a newer program (format {version}, this one knows {known}); "
            "update Relearn Studio to open it."
        )
        self.path = path


class ProjectDamaged(BadInput):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} is damaged ({why}); restore it from a backup, the label files are untouched.")
        self.path = path


class CannotWrite(StudioError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be written ({why}); free space or change its permissions, nothing was lost.")
        self.path, self.reason = path, why


class LabelNotWritten(StudioError):
    """A mistake of the program, which is the cause of this error."""

    def __init__(self, mistake: Exception) -> None:
        super().__init__(
            f"A label file could not be written because of a mistake in the program ({type(mistake).__name__}: "
            f"{mistake}); every stroke is in the project's journal, and writing is tried again."
        )
        self.__cause__ = mistake


class NotACheckpoint(BadInput):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is not a checkpoint of this program ({why}); choose a run's folder that has a model.safetensors."
        )
        self.path = path


class NothingToTrainOn(BadInput):
    def __init__(self, split: str) -> None:
        super().__init__(f"No labelled item is in the {split} split; label some or move some into it.")


class UnknownItem(BadInput):
    def __init__(self, name: str, project: Path) -> None:
        super().__init__(f"{project} has no item called {name}; `studio review` and the item list show the names.")


class UnknownRun(BadInput):
    def __init__(self, run: str, project: Path) -> None:
        super().__init__(f"{project} has no run called {run}; its runs folder lists them.")


class RunIsTaken(BadInput):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"Another program is carrying out run {folder.name}; wait for its end, or stop it there.")


class ProjectExists(BadInput):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} already is a project; open it or choose another folder.")
        self.path = path


class RegionTooLarge(StudioError):
    """What is to be done to a region of a huge mask needs more memory than there may be."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"This region is too large for {what} ({why}): divide it with the brush and do it in parts.")


class PaintedOver(StudioError):
    """Where a person pointed there is another class by the time it is to be changed."""

    def __init__(self) -> None:
        super().__init__("It was painted over meanwhile, so nothing was changed: point at it again.")


class ChangedElsewhere(StudioError):
    """An item moved on in another window or process while it was open here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The label of {name} was changed by another program meanwhile; open it again to go on.")


class BadName(BadInput):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} cannot be an item's name; it must be a path relative to its folder, without “..”.")


class Diverged(StudioError):
    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what}; train with a lower learning rate. The last good checkpoint is kept.")


class OutOfMemory(StudioError):
    """`kept`: there is a checkpoint to go on from."""

    def __init__(self, what: str, device: str, *, kept: bool = False) -> None:
        checkpoint = " The last good checkpoint is kept." if kept else ""
        super().__init__(
            f"{what} did not fit into the memory of {device}; halve the batch or the image size.{checkpoint}"
        )


MORE_MEMORY_TO_PROPOSE = "Close what else uses it, such as a run that trains, and propose again."
"""What to do when a kind of memory that a sentence has just named ran out."""


class NoMemoryToPropose(OutOfMemory):
    def __init__(self, memory: str) -> None:
        StudioError.__init__(self, f"{memory} ran out while labels were proposed. {MORE_MEMORY_TO_PROPOSE}")


class NoPrediction(BadInput):
    def __init__(self, run: str, name: str) -> None:
        super().__init__(f"Run {run} has no prediction for {name}; train a run that scores it.")


class MissingPackage(BadInput):
    def __init__(self, what: str, packages: Sequence[str]) -> None:
        super().__init__(f"{what} needs packages that are not installed; run `pip install {' '.join(packages)}`.")


class ExportDiffers(StudioError):
    def __init__(self, name: str, difference: float, allowed: float) -> None:
        super().__init__(
            f"{name} differs from PyTorch by {difference:.1e} on pictures of the run, and {allowed:.0e} is allowed; "
            "nothing was exported, so use the model with `studio predict`."
        )
