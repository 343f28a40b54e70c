"""A plain folder of pictures or of text files: nothing is labelled yet, the task is asked for, no file is opened."""

from __future__ import annotations

from pathlib import Path

from studio.core.classes import distinct_color, make_classes
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.items import NewItem
from studio.core.points import KeypointName
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.formats.listing import image_names, sequence_of, text_names
from studio.formats.plan import ImportPlan, Question, Recognised, read_options
from studio.formats.splits import choose_split, split_by_folder

DEFAULT_CLASSES = ("background", "object")
DEFAULT_TAGS = ("first class", "second class")
DEFAULT_KEYPOINTS = ("point",)
_PICTURE_TASKS = tuple(task for task in Task if task is not Task.TEXT)
_FEWEST_TEXTS = 2
"""A single text file says something about its folder and is no data."""
_VALID = Question(id="valid", text="Share to hold out for validation, or folders", default="0.2")


class FolderImporter:
    name = "folder"
    title = "A folder of pictures"
    options = ("task", "classes", "keypoints", "valid", "seed")

    def recognise(self, source: Path) -> Recognised | None:
        names = image_names(source)
        if not names:
            return self._recognise_texts(source)
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=f"A folder of pictures: {counted(len(names), 'image')}, none labelled.",
            confidence=10,
            questions=(
                Question(id="task", text="What to label", choices=_PICTURE_TASKS, default=Task.SEGMENTATION.value),
                Question(
                    id="classes",
                    text="Names of the classes, separated by commas",
                    default=", ".join(DEFAULT_CLASSES),
                    only_if=("task", Task.SEGMENTATION.value),
                ),
                _tags_question(Task.SINGLE_LABEL, Task.MULTI_LABEL),
                Question(
                    id="keypoints",
                    text="Names of the keypoints, separated by commas",
                    default=", ".join(DEFAULT_KEYPOINTS),
                    only_if=("task", Task.KEYPOINTS.value),
                ),
                _VALID,
            ),
        )

    def _recognise_texts(self, source: Path) -> Recognised | None:
        names = text_names(source)
        if len(names) < _FEWEST_TEXTS:
            return None
        return Recognised(
            format=self.name,
            title="A folder of text files",
            source=source,
            found=f"A folder of text files: {counted(len(names), 'document')}, none labelled.",
            confidence=5,
            questions=(_tags_question(), _VALID),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        names = image_names(source)
        texts = [] if names else text_names(source)
        if not names and not texts:
            raise BadInput(f"{source} has no picture of a kind that can be read; choose another folder.")
        task, names = (Task.TEXT, texts) if texts else (options.task, names)
        if task is Task.TEXT and not texts:
            raise BadInput(f"{source} has pictures and no text file; choose another task.")
        groups = [sequence_of(name) for name in names]
        by_folder = split_by_folder(names) if options.valid is None else None
        split = by_folder or choose_split(names, groups, valid=options.valid, seed=options.seed)
        root = source.resolve()
        items = [
            NewItem(name=name, path=root / name, split=chosen, group=group)
            for name, chosen, group in zip(names, split.splits, groups, strict=True)
        ]
        what = "text files" if texts else "pictures"
        classes = options.classes or (DEFAULT_TAGS if task in TAG_TASKS else DEFAULT_CLASSES)
        settings = ProjectSettings(
            name=root.name,
            task=task,
            classes=() if task is Task.KEYPOINTS else tuple(make_classes(classes)),
            keypoints=_keypoints(options.keypoints or DEFAULT_KEYPOINTS) if task is Task.KEYPOINTS else (),
            split_rule=split.rule,
            image_roots=(str(root),),
        )
        return ImportPlan(
            settings=settings,
            items=items,
            labels={},
            found=f"A folder of {what}: {len(items):,} {'documents' if texts else 'images'}, none labelled.",
            problems=split.problems,
        )


def _tags_question(*tasks: Task) -> Question:
    """What the classes are called; asked after one of `tasks`, or always where none is given."""
    return Question(
        id="classes",
        text="Names of the classes, separated by commas",
        default=", ".join(DEFAULT_TAGS),
        only_if=("task", *(task.value for task in tasks)) if tasks else None,
    )


def _keypoints(names: tuple[str, ...]) -> tuple[KeypointName, ...]:
    return tuple(KeypointName(name=name, color=distinct_color(index)) for index, name in enumerate(names))
