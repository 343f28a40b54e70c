"""Recipes to begin with: the program's samples, one TOML file each in `resources/recipes`, and a person's own.

A person's own are JSON files in the user's data folder, so that every project of their task has them. They name no run
and no items, which are one project's only.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from studio.core.atomic import why
from studio.core.counting import counted
from studio.core.defaults import default_augment
from studio.core.errors import BadInput, CannotWrite, StudioError
from studio.core.recipe import Purpose, RunSpec
from studio.core.recipe_files import read_recipe, write_recipe
from studio.core.resources import resources
from studio.core.settings import ProjectSettings, Task

LONGEST_NAME: Final = 60

_ASIDE: Final = ".replaced"
"""Beside a person's own: what they removed or replaced, to be put back."""

_NAME: Final = re.compile(r"[^\W_][\w ,.()+×-]*")
"""Letters, digits and a few signs: what every file system takes."""


class SampleRecipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of `resources/recipes`: a title, a sentence or two, where it is from, and the recipe."""

    title: str
    text: str
    source: str
    recipe: RunSpec


@dataclass(frozen=True, kw_only=True)
class ShelfRecipe:
    """`name` is what `studio train --recipe` takes; `source` is empty for a person's `own`."""

    name: str
    title: str
    text: str
    source: str
    spec: RunSpec
    path: Path

    @property
    def own(self) -> bool:
        return not self.source


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """One of a person's own that was removed or replaced: `path` is its place on the shelf, `kept` where it lies."""

    path: Path
    kept: Path

    @property
    def title(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class Shelf:
    """`recipes` of one task, the samples first; `problems` has a sentence for each file that is no recipe."""

    recipes: tuple[ShelfRecipe, ...]
    problems: tuple[str, ...] = ()


def own_folder() -> Path:
    """Where a person's own recipes lie."""
    import platformdirs  # noqa: PLC0415  not on the way to the window

    return platformdirs.user_data_path("relearn-studio", appauthor=False) / "recipes"


def shelf_of(task: Task, *, own: Path | None = None) -> Shelf:
    """What there is for this task. `own` is another folder than the user's."""
    problems: list[str] = []
    recipes = [recipe for recipe in sample_recipes() if recipe.spec.task is task]
    for path in sorted((own or own_folder()).glob("*.json"), key=lambda path: path.stem.casefold()):
        try:
            spec = read_recipe(path)
        except StudioError as error:
            problems.append(error.sentence)
            continue
        if spec.task is task:
            text = spec.note or spec_in_words(spec)
            recipes.append(ShelfRecipe(name=path.stem, title=path.stem, text=text, source="", spec=spec, path=path))
    return Shelf(tuple(recipes), tuple(problems))


def sample_recipes() -> list[ShelfRecipe]:
    """The program's own, of all tasks; a test holds that each can be read."""
    found: list[ShelfRecipe] = []
    for path in sorted((resources() / "recipes").glob("*.toml")):
        sample = msgspec.convert(tomllib.loads(path.read_text("utf-8")), SampleRecipe)
        found.append(
            ShelfRecipe(
                name=path.stem,
                title=sample.title,
                text=sample.text,
                source=sample.source,
                spec=sample.recipe,
                path=path,
            )
        )
    return found


def recipe_named(name: str, settings: ProjectSettings) -> RunSpec:
    """Of a file, as it stands, or of the shelf, fitted to the project. Raises BadInput, which names what there is."""
    if Path(name).exists() or "/" in name or "\\" in name or name.endswith(".json"):
        return read_recipe(Path(name))
    recipes = shelf_of(settings.task).recipes
    for recipe in recipes:
        if recipe.name == name:
            return fitted(recipe.spec, settings)
    known = ", ".join(recipe.name for recipe in recipes)
    raise BadInput(f"There is no file and no recipe for {settings.task} called {name}; there are {known}.")


def fitted(spec: RunSpec, settings: ProjectSettings) -> RunSpec:
    """The recipe for this project: pictures are mirrored only where that changes no label's meaning."""
    flip = spec.augment.flip and default_augment(settings).flip
    return replace(spec, augment=replace(spec.augment, flip=flip))


def keep_own(name: str, spec: RunSpec, *, own: Path | None = None) -> SetAside | None:
    """Put the recipe onto the shelf. Another one of the same name, of whatever task, is set aside and returned.

    Raises BadInput for a name that cannot be a file's everywhere, CannotWrite.
    """
    name = name.strip()
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or name.endswith("."):
        raise BadInput(f"{name!r} cannot be a recipe's name; use up to {LONGEST_NAME} letters, digits and spaces.")
    path = (own or own_folder()) / f"{name}.json"
    kept = replace(spec, purpose=Purpose.TRAIN, parent=None, fine_tune=None)
    before = None if _holds(path, kept) else _set_aside(path)
    write_recipe(path, kept)
    return before


def forget_own(recipe: ShelfRecipe) -> SetAside | None:
    """Take one of the person's own off the shelf. Raises CannotWrite."""
    if not recipe.own:
        return None
    before = _set_aside(recipe.path)
    try:
        recipe.path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(recipe.path, why(error)) from error
    return before


def put_back(recipe: SetAside) -> None:
    """What was set aside stands on the shelf again; what is in its place is set aside in turn. Raises CannotWrite."""
    _set_aside(recipe.path)
    try:
        recipe.kept.replace(recipe.path)
    except OSError as error:
        raise CannotWrite(recipe.path, why(error)) from error


def _set_aside(path: Path) -> SetAside | None:
    """A copy of the file, as it is, in a folder that no shelf shows; None where there is no file."""
    if not path.exists():
        return None
    folder = path.parent / _ASIDE
    kept = next(free for number in itertools.count(1) if not (free := folder / f"{path.stem} {number}.json").exists())
    try:
        folder.mkdir(exist_ok=True)
        shutil.copyfile(path, kept)
    except OSError as error:
        raise CannotWrite(kept, why(error)) from error
    return SetAside(path=path, kept=kept)


def _holds(path: Path, spec: RunSpec) -> bool:
    try:
        return read_recipe(path) == spec
    except StudioError:
        return False


def spec_in_words(spec: RunSpec) -> str:
    """4 stages, 42 epochs, 360×480 to 720×960, resnet34."""
    sizes = list(dict.fromkeys((stage.height, stage.width) for stage in spec.stages))
    parts = [counted(len(spec.stages), "stage"), counted(sum(stage.epochs for stage in spec.stages), "epoch")]
    if spec.task is Task.TEXT:
        parts.append(f"up to {max(width for _, width in sizes):,} tokens")
    else:
        ends = sizes if len(sizes) == 1 else [sizes[0], sizes[-1]]
        parts += [" to ".join(f"{height}×{width}" for height, width in ends), spec.model.encoder]
    return ", ".join(parts)
