"""Which label file belongs to which picture, found by the names alone."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Container, Sequence
from pathlib import Path

from studio.core.counting import counted
from studio.formats.listing import has_images, image_names, name_some, stem, subfolders

IMAGE_FOLDERS = ("images", "image", "imgs", "img", "701_stillsraw_full", "jpegimages", "frames", "photos", "pictures")
LABEL_FOLDERS = (
    "labels",
    "label",
    "masks",
    "mask",
    "annotations",
    "labels_color",
    "label_color",
    "labels_colour",
    "labeledapproved_full",
    "segmentationclass",
    "groundtruth",
    "gt",
)

_MOST_FOLDERS = 6
"""With more folders than this beside each other they are sequences or subjects, not pictures and labels."""


@dataclasses.dataclass(frozen=True)
class LabelPairs:
    """Label name by image index, what a label's name adds to its image's (`_P`), and sentences about the rest."""

    by_image: dict[int, str]
    suffix: str
    problems: list[str]


@dataclasses.dataclass(frozen=True)
class PairedFolders:
    """The folder of the pictures and the folders that hold labels for them."""

    images: Path
    labels: tuple[Path, ...]


def match_labels(images: Sequence[str], labels: Sequence[str], *, folder: Path) -> LabelPairs:
    """Pairs `X.png` with `X<suffix>.png`, the suffix being the one that fits most of the labels.

    A label may also carry its image's full name (`X.jpg_P.png`), which tells `X.jpg` from `X.png`.
    """
    by_stem: dict[str, list[int]] = {}
    for index, name in enumerate(images):
        by_stem.setdefault(stem(name), []).append(index)
    suffix = _common_suffix([stem(name) for name in labels], by_stem)
    keys = {label: bare.removesuffix(suffix) for label in labels if (bare := stem(label)).endswith(suffix)}
    by_name = {name: index for index, name in enumerate(images)}
    by_image = {by_name[key]: label for label, key in keys.items() if key in by_name}
    lost = []
    for label in labels:
        key = keys.get(label, "")
        index = next((i for i in by_stem.get(key, ()) if i not in by_image), None)
        if key in by_name:
            continue
        if index is None:
            lost.append(label)
        else:
            by_image[index] = label
    problems = (
        [
            (
                f"{folder}: {counted(len(lost), 'label file has', 'label files have')} no image "
                f"({name_some(lost)}); left out."
            )
        ]
        if lost
        else []
    )
    return LabelPairs(by_image, suffix, problems)


def _common_suffix(labels: Sequence[str], images: Container[str]) -> str:
    """What most labels add to an image's stem; looked up in a spread of at most 200 labels."""
    votes: collections.Counter[str] = collections.Counter()
    for label in labels[:: max(1, len(labels) // 200)]:
        for end in range(len(label), label.rfind("/") + 1, -1):
            if label[:end] in images:
                votes[label[end:]] += 1
                break
    return votes.most_common(1)[0][0] if votes else ""


def find_folders(source: Path) -> PairedFolders | None:
    """The image folder and the label folders directly in `source`: by their usual names, else by matching stems."""
    folders = [folder for folder in subfolders(source) if _holds_images(folder)]
    named_labels = tuple(f for f in folders if f.name.lower() in LABEL_FOLDERS)
    named_images = [f for f in folders if f.name.lower() in IMAGE_FOLDERS]
    if named_images:
        images = min(named_images, key=lambda f: IMAGE_FOLDERS.index(f.name.lower()))
        others = tuple(f for f in folders if f not in (images, *named_labels) and _labels_of(f, images))
        return PairedFolders(images, (*named_labels, *others))
    if named_labels and has_images(source):
        return PairedFolders(source, named_labels)
    return _pair_by_stems(folders)


def _holds_images(folder: Path) -> bool:
    return has_images(folder) or any(has_images(below) for below in subfolders(folder))


def _pair_by_stems(folders: Sequence[Path]) -> PairedFolders | None:
    if len(folders) > _MOST_FOLDERS:
        return None
    for images in folders:
        labels = tuple(f for f in folders if f is not images and _labels_of(f, images))
        if labels:
            return PairedFolders(images, labels)
    return None


def _labels_of(labels: Path, images: Path) -> bool:
    """Whether most files of `labels` are named like one of `images` with something added."""
    names = image_names(labels)
    pairs = match_labels(image_names(images), names, folder=labels)
    return bool(pairs.suffix) and 2 * len(pairs.by_image) > len(names)
