"""Lesson 3's data block chain: which pictures, what their labels are, which are held out, how they are shown.

    data = (ImageFileList.from_folder(path)
            .label_from_folder()
            .split_by_folder()
            .add_test_folder()
            .datasets()
            .transform(tfms, size=224)
            .databunch())

Each word returns the next link and changes none, so that a chain can be gone on with from any link more than once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from studio.core.errors import BadInput
from studio.core.images import IMAGE_SUFFIXES
from studio.core.items import Split
from studio.core.recipe import Augment
from studio.core.resizing import Resize
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml.notebook.data_bunch import BATCH_SIZE, DataBunch
from studio.ml.notebook.labels import Label, Labelled, make_snapshot, task_of
from studio.ml.notebook.mask_files import with_masks_that_are_there
from studio.ml.notebook.saying import say
from studio.ml.notebook.tables import Column, read_table, table_of

DEFAULT_SIZE: Final = 224

NO_TRANSFORMS: Final = Augment(flip=False)

Size = int | Sequence[int] | np.ndarray
"""Pixels: of both sides, or (height, width)."""


def get_image_files(path: Path | str, *, recurse: bool = False) -> list[Path]:
    """The pictures of a folder, sorted; `recurse` takes those below it too."""
    folder = Path(path)
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder; name the one that the pictures lie in.")
    found = folder.rglob("*") if recurse else folder.glob("*")
    return sorted(p for p in found if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))


@dataclass(frozen=True, repr=False)
class ImageFileList:
    """Pictures. `path` is what tables and lists of names count from."""

    path: Path
    items: tuple[Path, ...]

    @classmethod
    def from_folder(cls, path: Path | str, *, recurse: bool = True) -> ImageFileList:
        """Raises BadInput where there is no picture."""
        items = get_image_files(path, recurse=recurse)
        if not items:
            raise BadInput(f"{path} has no picture of a kind that can be read; choose another folder.")
        return cls(Path(path), tuple(items))

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return _few("ImageFileList", self.items, self.path)

    def label_from_folder(self) -> LabelList:
        """The class is the name of the folder that a picture lies in."""
        return self.label_from_func(lambda path: path.parent.name)

    def label_from_func(self, func: Callable[[Path], Label]) -> LabelList:
        """`func` says the label of each picture: a class, a list of tags, the path of a mask or points; None for a
        picture without one."""
        return LabelList(self.path, tuple((item, func(item)) for item in self.items))

    def label_from_re(self, pat: str) -> LabelList:
        """The class is what the first group of the pattern finds in a picture's path."""
        pattern = re.compile(pat)

        def label_of(path: Path) -> str:
            found = pattern.search(path.as_posix())
            if found is None:
                raise BadInput(f"{pat} finds nothing in {path}; change the pattern.")
            return found.group(1)

        return self.label_from_func(label_of)

    def label_from_csv(
        self,
        csv_fname: Path | str,
        header: str | None = "infer",
        fn_col: Column = 0,
        label_col: Column = 1,
        sep: str | None = None,
        folder: Path | str = ".",
        suffix: str = "",
    ) -> LabelList:
        """Names and labels come from a table; `sep` divides several labels of one picture. `header=None`: the table
        begins with its first row. Raises BadTable."""
        rows = read_table(self.path / csv_fname, (fn_col, label_col), has_header=header is not None)
        return self._from_rows(rows, sep=sep, folder=folder, suffix=suffix)

    def label_from_df(
        self,
        df: Any,
        fn_col: Column = 0,
        label_col: Column = 1,
        sep: str | None = None,
        folder: Path | str = ".",
        suffix: str = "",
    ) -> LabelList:
        """The same out of a pandas data frame."""
        return self._from_rows(table_of(df, (fn_col, label_col)), sep=sep, folder=folder, suffix=suffix)

    def _from_rows(
        self, rows: Iterable[tuple[Any, ...]], *, sep: str | None, folder: Path | str, suffix: str
    ) -> LabelList:
        there = set(self.items)
        pairs = [(self.path / folder / f"{name}{suffix}", label) for name, label in rows]
        items = tuple((path, label.split(sep) if sep else label) for path, label in pairs if path in there)
        if not items:
            raise BadInput(
                f"None of the pictures that the table names is there ({pairs[0][0] if pairs else 'no rows'})."
            )
        if len(items) < len(pairs):
            say(f"{len(pairs) - len(items):,} of the {len(pairs):,} pictures in the table are not there.")
        return LabelList(self.path, items)


@dataclass(frozen=True, repr=False)
class LabelList:
    """Pictures with their labels."""

    path: Path
    items: tuple[Labelled, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return _few("LabelList", self.items, self.path)

    def split_by_folder(self, train: str = "train", valid: str = "valid") -> SplitData:
        """By the folder below `path`; where there is none called valid, one called val holds out. Others drop out."""
        if valid == "valid" and not self._of_folder(valid):
            valid = "val"
        return self._split(self._of_folder(train), self._of_folder(valid))

    def split_by_idx(self, valid_idx: Collection[int]) -> SplitData:
        held_out = {int(index) for index in valid_idx}
        train = [item for i, item in enumerate(self.items) if i not in held_out]
        return self._split(train, [item for i, item in enumerate(self.items) if i in held_out])

    def split_by_valid_func(self, func: Callable[[Path], bool]) -> SplitData:
        """`func` says of a picture's path whether it is held out."""
        return self.split_by_idx([i for i, (path, _) in enumerate(self.items) if func(path)])

    def split_by_files(self, valid_names: Collection[str]) -> SplitData:
        """These file names are held out."""
        names = {Path(name).name for name in valid_names}
        return self.split_by_valid_func(lambda path: path.name in names)

    def split_by_fname_file(self, fname: Path | str, path: Path | str | None = None) -> SplitData:
        """A text file, counted from `path`, has the held-out names, one a line. Raises BadInput."""
        file = Path(path if path is not None else self.path) / fname
        try:
            names = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file} cannot be read ({error}); name the file with the held-out names.") from error
        return self.split_by_files(names)

    def random_split_by_pct(self, valid_pct: float = 0.2, seed: int | None = None) -> SplitData:
        """A share is held out, drawn with NumPy's global generator: after the same `np.random.seed`, or with the same
        `seed`, the same one."""
        if seed is not None:
            np.random.seed(seed)
        return self.split_by_idx(np.random.permutation(len(self.items))[: int(valid_pct * len(self.items))].tolist())

    def _of_folder(self, name: str) -> list[Labelled]:
        return [item for item in self.items if item[0].relative_to(self.path).parts[:-1][:1] == (name,)]

    def _split(self, train: Sequence[Labelled], valid: Sequence[Labelled]) -> SplitData:
        for name, items in (("training", train), ("validation", valid)):
            if not items:
                raise BadInput(f"The {name} set is empty; look at what the chain splits by.")
        return SplitData(self.path, tuple(train), tuple(valid))


@dataclass(frozen=True, repr=False)
class SplitData:
    """What is trained on, what is held out, and pictures without a label to predict."""

    path: Path
    train: tuple[Labelled, ...]
    valid: tuple[Labelled, ...]
    test: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        counts = f"Train: {len(self.train):,} items; Valid: {len(self.valid):,}; Test: {len(self.test):,}"
        return f"SplitData\n{counts}\nPath: {self.path}"

    def add_test_folder(self, test_folder: str = "test") -> SplitData:
        """The pictures of a folder below `path` are there to be predicted; where there is no such folder, none."""
        folder = self.path / test_folder
        if not folder.is_dir():
            say(f"{folder} is not there, so there are no pictures to predict.")
            return self
        return self.add_test(get_image_files(folder, recurse=True))

    def add_test(self, items: Iterable[Path | str]) -> SplitData:
        return replace(self, test=tuple(Path(item) for item in items))

    def datasets(
        self, dataset: Task | None = None, *, classes: Sequence[str] | np.ndarray | None = None, order: str = "yx"
    ) -> SplitDatasets:
        """What the labels are for follows from their kind unless `dataset` says it. `classes`: names by id, which masks
        need. Points are (y, x) in pixels as in lesson 3; `order="xy"` for (x, y). Pictures whose mask is no file count
        as without one, and a sentence says so. Raises BadInput."""
        if order not in ("yx", "xy"):
            raise BadInput(f'The order of points is "yx" or "xy", not {order!r}.')
        known = [label for _, label in (*self.train, *self.valid) if label is not None]
        task = dataset or (task_of(known[0]) if known else Task.SINGLE_LABEL)
        train, valid = self.train, self.valid
        if task is Task.SEGMENTATION:
            train, valid = with_masks_that_are_there(train, valid)
        snapshot = make_snapshot(
            task,
            {
                Split.TRAIN: train,
                Split.VALID: valid,
                Split.TEST: [(path, None) for path in self.test],
            },
            classes=None if classes is None else [str(name) for name in classes],
            order=order,
        )
        return SplitDatasets(self.path, snapshot)


@dataclass(frozen=True, repr=False)
class SplitDatasets:
    """Everything but the batches."""

    path: Path
    snapshot: Snapshot
    augment: Augment = NO_TRANSFORMS
    height: int = DEFAULT_SIZE
    width: int = DEFAULT_SIZE
    resize: Resize = Resize.SQUISH

    def __repr__(self) -> str:
        task, items = self.snapshot.task.value, len(self.snapshot.items)
        return f"SplitDatasets for {task} ({items:,} items, to be {self.height}×{self.width})\nPath: {self.path}"

    def transform(
        self,
        tfms: Augment | None = None,
        size: Size | None = None,
        *,
        resize_method: Resize | str | None = None,
        tfm_y: bool = True,
    ) -> SplitDatasets:
        """`tfms` as `get_transforms` makes them; without them pictures are trained on as they are. They come to `size`
        by `resize_method`, `ResizeMethod.SQUISH` unless one is named; a crop is at a place drawn anew each time in
        training, and shows classes their picture's middle and masks and points all of it, padded, elsewhere. Masks and
        points always move with their picture: raises BadInput for `tfm_y=False`."""
        if not tfm_y:
            raise BadInput("Masks and points move with their picture here; leave out tfm_y=False.")
        height, width = (self.height, self.width) if size is None else _height_and_width(size)
        try:
            resize = self.resize if resize_method is None else Resize(resize_method)
        except ValueError as error:
            raise BadInput(f"{resize_method} is no ResizeMethod; take SQUISH, CROP or PAD.") from error
        return replace(self, augment=tfms or NO_TRANSFORMS, height=height, width=width, resize=resize)

    def databunch(self, path: Path | str | None = None, bs: int = BATCH_SIZE) -> DataBunch:
        """`path`: where models are saved below; by default the pictures' folder."""
        return DataBunch(
            self.snapshot,
            path=Path(path) if path is not None else self.path,
            height=self.height,
            width=self.width,
            bs=bs,
            augment=self.augment,
            resize=self.resize,
        )


def _few(kind: str, items: Sequence[object], path: Path) -> str:
    """How a long list looks as the value of a cell."""
    first = "\n".join(str(item) for item in items[:3])
    return f"{kind} ({len(items):,} items)\n{first}{'…' if len(items) > 3 else ''}\nPath: {path}"


def _height_and_width(size: Size) -> tuple[int, int]:
    height, width = np.broadcast_to(np.asarray(size, np.int64), 2).tolist()
    if min(height, width) < 32:
        raise BadInput(f"A size of {height}×{width} is below 32×32; choose a larger one.")
    return height, width
