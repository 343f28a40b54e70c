"""A plain folder of pictures: nothing is labelled yet, the task is asked for, and no picture is opened."""

from __future__ import annotations

from pathlib import Path

from studio.core.classes import distinct_color, make_classes
from studio.core.errors import BadInput
from studio.core.items import NewItem
from studio.core.points import KeypointName
from studio.core.settings import ProjectSettings, Task
from studio.formats.listing import image_names, sequence_of
from studio.formats.plan import ImportPlan, Question, Recognised, read_options
from studio.formats.splits import choose_split, split_by_folder

DEFAULT_CLASSES = ("background", "object")
DEFAULT_KEYPOINTS = ("point",)


class FolderImporter:
    name = "folder"
    title = "A folder of pictures"
    options = ("task", "classes", "keypoints", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        names = image_names(source)
        if not names:
            return None
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"A folder of pictures: {len(names):,} images, none of them labelled.",
            confidence=10,
            questions=(
                Question(id="task", text="What to label", choices=tuple(Task), default=Task.SEGMENTATION.value),
                Question(
                    id="classes",
                    text="Names of the classes, separated by commas",
                    default=", ".join(DEFAULT_CLASSES),
                    only_if=("task", Task.SEGMENTATION.value),
                ),
                Question(
                    id="keypoints",
                    text="Names of the keypoints, separated by commas",
                    default=", ".join(DEFAULT_KEYPOINTS),
                    only_if=("task", Task.KEYPOINTS.value),
                ),
                Question(id="valid", text="Share to hold out for validation, or folders", default="0.2"),
            ),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        names = image_names(source)
        if not names:
            raise BadInput(f"{source} has no picture of a kind that can be read; choose another folder.")
        groups = [sequence_of(name) for name in names]
        by_folder = split_by_folder(names) if options.valid is None else None
        split = by_folder or choose_split(names, groups, valid=options.valid, seed=options.seed)
        root = source.resolve()
        items = [
            NewItem(name=name, path=root / name, split=chosen, group=group)
            for name, chosen, group in zip(names, split.splits, groups, strict=True)
        ]
        segmentation = options.task is Task.SEGMENTATION
        settings = ProjectSettings(
            name=root.name,
            task=options.task,
            classes=tuple(make_classes(options.classes or DEFAULT_CLASSES)) if segmentation else (),
            keypoints=() if segmentation else _keypoints(options.keypoints or DEFAULT_KEYPOINTS),
            split_rule=split.rule,
            image_roots=(str(root),),
        )
        return ImportPlan(
            settings=settings,
            items=items,
            labels={},
            found=f"A folder of pictures: {len(items):,} images, none of them labelled.",
            problems=split.problems,
        )


def _keypoints(names: tuple[str, ...]) -> tuple[KeypointName, ...]:
    return tuple(KeypointName(name=name, color=distinct_color(index)) for index, name in enumerate(names))
