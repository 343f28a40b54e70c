"""Writing a file so that a reader, a crash or a power cut sees the old one or the new one and nothing between."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO, Final

from studio.core.errors import CannotWrite

_FOLDERS_CAN_BE_OPENED: Final = os.name != "nt"


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace `path` by a file that holds `data`, making its folder where needed.

    `durable` waits until the disk has it. Raises CannotWrite; the old file then stays as it was.
    """
    with replacing(path, durable=durable) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Generator[BinaryIO]:
    """A file to be written that takes the place of `path` when the block ends; see `write_atomically`. After any error
    within the block the old file stays as it was."""
    part = path.with_name(f".{os.getpid()}-{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
        if durable:
            sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):  # there may be no part file, and the first error is the one to tell
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CannotWrite(path, why(error)) from error
        raise


def sync_files(paths: Iterable[Path]) -> None:
    """Wait until the disk has these files, written before without waiting; together that is much faster than one by one
    while writing. Raises CannotWrite."""
    folders: set[Path] = set()
    for path in paths:
        try:
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            if path.parent not in folders:
                folders.add(path.parent)
                sync_folder(path.parent)
        except OSError as error:
            raise CannotWrite(path, why(error)) from error


def sync_folder(folder: Path) -> None:
    """Make a rename within `folder` outlive a power cut. Windows does that by itself and cannot open folders."""
    if not _FOLDERS_CAN_BE_OPENED:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def why(error: OSError) -> str:
    """The reason of an OS error in a few lower-case words."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def _take_place(part: Path, folder: Path) -> None:
    """Of a folder that is missing or empty. Where something appeared in it meanwhile, such as a file manager's own
    file, that stays, and what is new goes in beside it."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        for child in part.iterdir():
            child.rename(folder / child.name)
        return
    part.replace(folder)


@contextlib.contextmanager
def whole_folder(folder: Path, *, durable: bool = True) -> Generator[Path]:
    """A folder beside `folder`, which is missing or empty, that takes its place when the block ends and goes after any
    error. `durable` waits until the disk has what is in it. Raises CannotWrite."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = folder.parent / f".{folder.name}-{secrets.token_hex(4)}.part"
        part.mkdir()
    except OSError as error:
        raise CannotWrite(folder, why(error)) from error
    try:
        yield part
        if durable:
            sync_files(path for path in part.rglob("*") if path.is_file())
        if folder.exists():
            shutil.copymode(folder, part)
        _take_place(part, folder)
        if durable:
            sync_folder(folder.parent)
    except OSError as error:
        raise CannotWrite(folder, why(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
