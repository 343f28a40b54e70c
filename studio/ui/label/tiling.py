"""Huge pictures in tiles: found in the cache, or cut by a process that goes on in the background when it is left."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal
from PySide6.QtGui import QImage

from studio.core.images import HUGE_PIXELS, read_header
from studio.core.pyramid import OVERVIEW_SIDE, TILE
from studio.core.pyramid_cache import CACHE_BYTES, PyramidCache
from studio.core.pyramid_maker import NICENESS, Began, Broke, Done, Previewed, Report, Wrote
from studio.engine.launch import worker_environment
from studio.ui.label.tiled_picture import TiledPicture
from studio.ui.widgets.decoding import upright_size
from studio.ui.widgets.image_memory import from_rgb
from studio.ui.widgets.work_queue import WorkQueue

PYRAMIDS_FOLDER: Final = Path(".cache") / "pyramids"
_PROGRAM: Final = [] if getattr(sys, "frozen", False) else ["-m", "studio"]
_REDRAW_MS: Final = 40
_END_MS: Final = 3000
_CRASHED: Final = "{} cannot be shown: the process that cuts it into tiles was ended ({}); open the item again."


def pyramid_folder(project: Path) -> Path:
    """Where a project's tiles are kept: in the project, or in the user's cache where that cannot be written."""
    if os.access(project, os.W_OK):
        return project / PYRAMIDS_FOLDER
    import platformdirs  # noqa: PLC0415  needed for projects on read-only disks only

    return platformdirs.user_cache_path("relearn-studio", appauthor=False) / "pyramids"


def is_huge(path: Path, more_than: int) -> bool:
    """Whether a picture has more pixels than that; reads its header. Raises UnreadableImage."""
    size = upright_size(path)
    if not size.isEmpty():
        return size.width() * size.height() > more_than
    header = read_header(path)
    return header.width * header.height > more_than


class Tiling(QObject):
    """One huge picture at a time. `arrived(item id, TiledPicture)` when there is something to show, `refined(item id)`
    when it shows more, `finished(item id)` when it shows everything it ever will, `broke(item id, sentence)`."""

    arrived = Signal(int, object)
    refined = Signal(int)
    finished = Signal(int)
    broke = Signal(int, str)

    def __init__(
        self,
        folder: Path,
        *,
        huge_pixels: int = HUGE_PIXELS,
        tile: int = TILE,
        overview_side: int = OVERVIEW_SIDE,
        cache_bytes: int = CACHE_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.huge_pixels = huge_pixels
        self._cache = PyramidCache(folder, cache_bytes)
        self._numbers = (tile, overview_side)
        self._pruning = WorkQueue("room for tiles", self)
        self._item = 0
        self._shown: Path | None = None
        """Where the tiles of what is shown are."""
        self._picture: TiledPicture | None = None
        self._left: list[TiledPicture] = []
        self._process: _Cutting | None = None
        self._behind: _Cutting | None = None
        """What was left before it was done, and goes on."""
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self._tell)
        self._told_whole = False
        self._told_any = False

    def show(self, item_id: int, path: Path) -> None:
        """Bring this picture; what was shown before stays usable until `let_go`."""
        self.leave()
        self._item = item_id
        try:
            folder = self._shown = self._cache.folder_of(path)
            finished = self._cache.find(folder)
            if finished is not None:
                self._take(TiledPicture(folder, finished))
                return
        except OSError as error:
            self.broke.emit(item_id, f"{path} cannot be read ({error.strerror or error}).")
            return
        behind = self._behind
        if behind is not None and behind.folder == folder and behind.is_running:
            self._behind, self._process = None, behind
            self._listen(behind, path)
            for report in behind.told:
                self._heard(report)
            return
        self._make_room()
        self._process = _Cutting(path, folder, self._cache.root, self._numbers, self)
        self._listen(self._process, path)
        self._process.start()

    def leave(self) -> None:
        """The person goes on. What is being cut goes on as well, behind everything else, to be there when they come
        back; of two such pictures the one that is further."""
        self._shown = None
        process, self._process = self._process, None
        if process is not None:
            process.said.disconnect()
            process.crashed.disconnect()
            process.give_way()
            self._leave_behind(process)
        self._redraw.stop()
        if self._picture is not None:
            self._picture.came.disconnect(self._came)
            self._left.append(self._picture)
            self._picture = None

    def let_go(self) -> None:
        """Nothing that was left is drawn any more."""
        for picture in self._left:
            picture.close()
            picture.deleteLater()
        self._left.clear()

    def close(self) -> None:
        """End processes and threads."""
        self.leave()
        self._end_behind()
        self._pruning.abandon()
        self.let_go()

    def _listen(self, process: _Cutting, path: Path) -> None:
        process.said.connect(self._heard)
        process.crashed.connect(lambda why: self._give_up(_CRASHED.format(path, why)))

    def _leave_behind(self, process: _Cutting) -> None:
        rival, self._behind = self._behind, process
        if rival is not None and rival.rows > process.rows:
            rival, self._behind = process, rival
        if rival is not None:
            rival.end()
            rival.deleteLater()
        self._behind.said.connect(self._heard_from_behind)
        self._behind.crashed.connect(self._end_behind)

    def _heard_from_behind(self, report: object) -> None:
        """Whatever is wrong with a picture is said when it is shown again."""
        if isinstance(report, Done | Broke):
            self._make_room()
            self._end_behind()

    def _end_behind(self, _why: str = "") -> None:
        process, self._behind = self._behind, None
        if process is not None:
            process.end()
            process.deleteLater()

    def _make_room(self) -> None:
        """Keep the cache within its limit; what is shown stays, and what goes on behind it."""
        behind = self._behind.folder if self._behind is not None else None
        keep = [folder for folder in {self._shown, behind} if folder is not None]
        self._pruning.do(lambda: self._cache.prune(*keep), lambda _: None, lambda _: None)

    def _take(self, picture: TiledPicture) -> None:
        self._picture = picture
        self._told_any = self._told_whole = False
        picture.came.connect(self._came)

    def _came(self) -> None:
        if self._told_any:
            self._redraw.start()
        elif self._picture is not None and self._picture.can_be_shown:
            self._told_any = True
            self.arrived.emit(self._item, self._picture)
            self._tell()

    def _tell(self) -> None:
        """Say what is new, for many tiles at once."""
        self.refined.emit(self._item)
        if self._picture is not None and not self._picture.is_preview and not self._told_whole:
            self._told_whole = True
            self.finished.emit(self._item)

    def _heard(self, report: object) -> None:
        picture = self._picture
        match report:
            case Began():
                with contextlib.suppress(FileNotFoundError):  # it broke at once, and says why next
                    self._take(TiledPicture(Path(report.folder), report.plan, finished_rows=0))
            case QImage() if picture is not None:
                picture.set_preview(report)
            case Wrote() if picture is not None:
                picture.set_finished_rows(report.rows)
            case Broke():
                self._give_up(report.sentence)
            case Done():
                self._make_room()
                self._end_process()
            case _:
                pass

    def _give_up(self, sentence: str) -> None:
        item = self._item
        self._end_process()
        self.leave()
        self.broke.emit(item, sentence)
        self.let_go()

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()
            process.deleteLater()


class _Cutting(QObject):
    """The process that cuts one picture, and what it says."""

    said = Signal(object)
    """A `Report`, or the QImage of the whole picture small that it has made."""
    crashed = Signal(str)

    def __init__(self, picture: Path, folder: Path, cache: Path, numbers: tuple[int, int], parent: QObject) -> None:
        super().__init__(parent)
        self.folder = folder
        self.rows = 0
        """Rows of tiles of the largest level that are in the file."""
        self._began: Began | None = None
        self._preview: QImage | None = None
        self._decoder = msgspec.json.Decoder(Report)
        self._unfinished: Path | None = None
        self._done = False
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments([*_PROGRAM, "make-tiles", str(picture), str(cache), *map(str, numbers)])
        environment = QProcessEnvironment()
        for name, value in worker_environment().items():
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.errorOccurred.connect(self._failed)
        self._process.finished.connect(self._ended)

    def start(self) -> None:
        self._process.start()

    @property
    def is_running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def told(self) -> list[object]:
        """All that has been said, for who begins to listen now."""
        if self._began is None:
            return []
        preview = [self._preview] if self._preview is not None else []
        return [self._began, *preview, Wrote(rows=self.rows)]

    def give_way(self) -> None:
        """Let everything else come first from now on, where the system has such a thing."""
        number = self._process.processId()
        if number and hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, number, NICENESS)

    def end(self) -> None:
        """End the process and delete what it has not finished."""
        self._process.readyReadStandardOutput.disconnect(self._read)
        self._process.errorOccurred.disconnect(self._failed)
        self._process.finished.disconnect(self._ended)
        if self.is_running:
            if not self._done:
                self._process.kill()
            self._process.waitForFinished(_END_MS)
        if self._unfinished is not None:
            with contextlib.suppress(OSError):
                self._unfinished.unlink(missing_ok=True)

    def _read(self) -> None:
        while self._process.canReadLine():
            report = self._decoder.decode(self._process.readLine().data())
            if isinstance(report, Began):
                self._began = report
                self._unfinished = Path(report.folder) / report.plan.pixels
            elif isinstance(report, Wrote):
                self.rows = report.rows
            elif isinstance(report, Previewed):
                self._preview = _read_preview(report)
                self.said.emit(self._preview)
                continue
            elif isinstance(report, Done | Broke):
                self._unfinished = None
                self._done = True
            self.said.emit(report)

    def _failed(self, _error: QProcess.ProcessError) -> None:
        self.crashed.emit(self._process.errorString().rstrip("."))

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        """A process that ends by itself has said how, unless something went wrong that it did not foresee; what was
        killed has failed already."""
        self._read()
        if status is QProcess.ExitStatus.NormalExit and not self._done:
            self.crashed.emit(f"exit code {code}")


def _read_preview(report: Previewed) -> QImage:
    file = Path(report.file)
    pixels = np.fromfile(file, np.uint8).reshape(report.height, report.width, 3)
    file.unlink(missing_ok=True)
    return from_rgb(pixels)
