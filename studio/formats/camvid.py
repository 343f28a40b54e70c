"""CamVid and whatever is laid out like it: pictures in one folder, a label image of the same name in another.

fast.ai: `images/X.png`, `labels/X_P.png`, `codes.txt`, `valid.txt`. The original: colours explained by
`label_colors.txt`. SegNet: `train/`, `trainannot/`, see `segnet.py`. Without a file that names the classes the layout
is still read, and the names are asked for.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Final

from studio.core.classes import LabelClass
from studio.core.counting import counted
from studio.core.errors import BadInput, BadTable, StudioError
from studio.core.items import NewItem, Split
from studio.core.settings import ProjectSettings, Task
from studio.formats import segnet
from studio.formats.class_files import ClassFiles, class_files, color_table, read_classes
from studio.formats.label_masks import ColorReader, IdReader, ids_in, is_black_and_white, is_color_form
from studio.formats.label_pairs import IMAGE_FOLDERS, LabelPairs, find_folders, match_labels
from studio.formats.listing import has_images, image_names, sequence_of, subfolders
from studio.formats.plan import ImportOptions, ImportPlan, LabelReader, Question, Recognised, read_options
from studio.formats.splits import ChosenSplit, choose_split, split_by_folder, split_by_lists

CODES_FORM: Final = "codes"
COLOR_FORM: Final = "color"


@dataclasses.dataclass(frozen=True)
class _Labels:
    folder: Path
    names: list[str]
    pairs: LabelPairs

    @property
    def paths(self) -> list[Path]:
        return [self.folder / name for name in self.pairs.by_image.values()]


@dataclasses.dataclass(frozen=True)
class _Survey:
    """What lies where: names of the pictures, labels by form, and the files beside them."""

    images: Path
    names: list[str]
    labels: dict[str, _Labels]
    files: ClassFiles
    valid: Path | None
    test: Path | None


class CamvidImporter:
    name = "camvid"
    title = "Pictures with label images (CamVid)"
    options = ("valid", "seed", "form", "classes")

    def recognise(self, source: Path) -> Recognised | None:
        if segnet.is_segnet(source):
            return Recognised(
                format=self.name,
                title="CamVid as SegNet has it",
                source=source,
                found=segnet.found(source),
                confidence=95,
            )
        survey = _survey(source)
        if survey is None:
            return None
        problems: list[str] = []
        classes = read_classes(survey.files, names=(), problems=problems)
        return Recognised(
            format=self.name,
            title=self.title,
            source=source,
            found=_found(survey, classes),
            confidence=90 if classes else 60,
            questions=tuple(_questions(survey, classes)),
        )

    def plan(self, source: Path, **answers: str) -> ImportPlan:
        options = read_options(answers, accepted=self.options, format_name=self.name)
        if segnet.is_segnet(source):
            return segnet.plan(source, options)
        survey = _survey(source)
        if survey is None:
            raise BadInput(
                f"{source} is not laid out like CamVid: it needs a folder images with pictures and a folder labels "
                "with a label image for each, or codes.txt beside the pictures."
            )
        return _plan(source, survey, options)


def _survey(source: Path) -> _Survey | None:
    """None where the folder holds neither pictures with labels nor pictures beside a list of classes."""
    files = class_files(source)
    folders = find_folders(source)
    images = folders.images if folders else _images_alone(source) if files.exist else None
    if images is None:
        return None
    names = image_names(images, recursive=images != source)
    labels: dict[str, _Labels] = {}
    for folder in folders.labels if folders else ():
        found = image_names(folder)
        pairs = match_labels(names, found, folder=folder)
        if pairs.by_image:
            labels.setdefault(_form_of([folder / label for label in found]), _Labels(folder, found, pairs))
    if not names or not (labels or files.exist):
        return None
    valid, test = source / "valid.txt", source / "test.txt"
    return _Survey(images, names, labels, files, valid if valid.is_file() else None, test if test.is_file() else None)


def _images_alone(source: Path) -> Path | None:
    named = [folder for folder in subfolders(source) if folder.name.lower() in IMAGE_FOLDERS]
    return named[0] if named else source if has_images(source) else None


def _form_of(labels: list[Path]) -> str:
    """By the first label that can be read."""
    for label in labels[:20]:
        try:
            return COLOR_FORM if is_color_form(label) else CODES_FORM
        except StudioError:
            continue  # it gets its sentence when it is imported
    return CODES_FORM


def _found(survey: _Survey, classes: tuple[LabelClass, ...]) -> str:
    parts = [counted(len(survey.names), "image")]
    for form, labels in survey.labels.items():
        kind = "masks by colour" if form == COLOR_FORM else "masks"
        parts.append(f"{len(labels.pairs.by_image):,} {kind} in {labels.folder.name}")
    if classes:
        void = ", ".join(c.name for c in classes if c.void)
        parts.append(counted(len(classes), "class") + (f" (void: {void})" if void else ", none of them void"))
    if survey.valid:
        parts.append(f"the split of {survey.valid.name}")
    return f"Pictures with label images: {', '.join(parts)}."


def _questions(survey: _Survey, classes: tuple[LabelClass, ...]) -> list[Question]:
    questions = []
    if not classes:
        questions.append(
            Question(
                id="classes",
                text="Names of the classes in the order of their ids, separated by commas",
                default=", ".join(_default_names(survey)),
            )
        )
    if len(survey.labels) > 1:
        questions.append(
            Question(
                id="form",
                text="Labels by class id or by colour",
                choices=(CODES_FORM, COLOR_FORM),
                default=CODES_FORM,
            )
        )
    if survey.valid is None and split_by_folder(survey.names) is None:
        questions.append(Question(id="valid", text="Share to hold out for validation, or sequences", default="0.2"))
    return questions


def _default_names(survey: _Survey) -> list[str]:
    labels = survey.labels.get(CODES_FORM)
    if labels is None:
        return ["background", "object"]
    highest = max(ids_in(labels.paths), default=0)
    return ["background", "object"] if highest < 2 else [f"class {number}" for number in range(highest + 1)]


def _plan(source: Path, survey: _Survey, options: ImportOptions) -> ImportPlan:
    problems: list[str] = []
    classes = read_classes(survey.files, names=options.classes, problems=problems)
    classes = classes or read_classes(survey.files, names=_default_names(survey), problems=problems)
    split = _split(survey, options)
    form = options.form or (CODES_FORM if CODES_FORM in survey.labels else COLOR_FORM)
    if options.form and options.form not in survey.labels:
        raise BadInput(
            f"{source} has no labels of the form {form}; it has {' and '.join(survey.labels) or 'none at all'}."
        )
    labels = _readers(source, survey, form=form, classes=classes, problems=problems) if survey.labels else {}
    items = [
        NewItem(name=name, path=survey.images / name, split=chosen, group=sequence_of(name))
        for name, chosen in zip(survey.names, split.splits, strict=True)
    ]
    settings = ProjectSettings(
        name=source.resolve().name,
        task=Task.SEGMENTATION,
        classes=classes,
        split_rule=split.rule,
        image_roots=(str(survey.images.resolve()),),
    )
    found = _found(survey, classes).removesuffix(".") + f"; {split.splits.count(Split.VALID):,} for validation."
    return ImportPlan(settings=settings, items=items, labels=labels, found=found, problems=[*problems, *split.problems])


def _split(survey: _Survey, options: ImportOptions) -> ChosenSplit:
    groups = [sequence_of(name) for name in survey.names]
    if options.valid is not None:
        return choose_split(survey.names, groups, valid=options.valid, seed=options.seed)
    problems = []
    if survey.valid:
        try:
            return split_by_lists(survey.names, valid=survey.valid, test=survey.test)
        except BadTable as error:
            problems.append(f"{error.sentence} Instead, a share was drawn at random.")
    chosen = split_by_folder(survey.names) or choose_split(survey.names, groups, valid=None, seed=options.seed)
    return dataclasses.replace(chosen, problems=[*problems, *chosen.problems])


def _readers(
    source: Path, survey: _Survey, *, form: str, classes: tuple[LabelClass, ...], problems: list[str]
) -> dict[int, LabelReader]:
    """A reader for each image that has a label of this form, and sentences about labels without an image."""
    labels = survey.labels[form]
    problems += labels.pairs.problems
    if form == COLOR_FORM:
        table = color_table(survey.files, classes, source=source, problems=problems)
        reader = partial(ColorReader, classes=classes, table=table)
    else:
        reader = partial(IdReader, classes=classes, white=_white(survey, labels, classes, problems))
    return {
        index: reader(image=survey.images / survey.names[index], label=labels.folder / label)
        for index, label in sorted(labels.pairs.by_image.items())
    }


def _white(survey: _Survey, labels: _Labels, classes: tuple[LabelClass, ...], problems: list[str]) -> int | None:
    """The class that white stands for, where there are two classes and the masks are black and white throughout."""
    if len(classes) != 2 or survey.files.table or not is_black_and_white(labels.paths):
        return None
    problems.append(
        f"{labels.folder}: the masks hold only 0 and 255, so black was read as {classes[0].name} "
        f"and white as {classes[1].name}; rename the classes if it is the other way round."
    )
    return classes[1].id
