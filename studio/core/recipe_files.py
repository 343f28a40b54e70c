"""Recipes as files: the `recipe.json` of a run, one saved from the window, or one written by hand."""

from __future__ import annotations

from pathlib import Path

import msgspec

from studio.core.atomic import why, write_atomically
from studio.core.errors import BadInput
from studio.core.recipe import RunSpec, decode_spec, encode_spec
from studio.core.recipe_mistakes import mistake_in_words
from studio.core.settings import Task


def read_recipe(path: Path) -> RunSpec:
    """Raises BadInput for what cannot be read or is no recipe."""
    try:
        spec = decode_spec(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({why(error)}); name a recipe.json.") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{path} is no recipe ({mistake_in_words(error)}); a run's recipe.json shows how one looks."
        ) from error
    if not spec.stages:
        raise BadInput(f"{path} is no recipe (it has no stage); a run's recipe.json shows how one looks.")
    return spec


def read_recipe_for(path: Path, task: Task) -> RunSpec:
    """Raises BadInput for a recipe of another task as well."""
    spec = read_recipe(path)
    if spec.task is not task:
        raise BadInput(f"{path} is a recipe for {spec.task}, and this project is for {task}; choose another file.")
    return spec


def write_recipe(path: Path, spec: RunSpec) -> None:
    """What `read_recipe` and `studio train --recipe` read. Raises CannotWrite."""
    write_atomically(path, encode_spec(spec) + b"\n")
