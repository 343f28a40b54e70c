"""Tiles drawn in the background: a few threads, what shows first, and a cache that never grows beyond its bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from studio.core.errors import StudioError
from studio.core.items import Split
from studio.core.review import ItemScore, ReviewItem
from studio.store import Store
from studio.ui.review.pictures import Look, Pictures, draw

TileKey = tuple[str, int, Split]
"""Run, item and split: what a tile shows."""

_CACHE_BYTES: Final = 64 * 2**20
_THREADS: Final = 2


def key_of(review: ReviewItem) -> TileKey:
    return review.run, review.score.item, review.score.split


@dataclass(frozen=True)
class _Job:
    key: TileKey
    score: ItemScore
    folder: Path
    look: Look
    age: int


@dataclass(frozen=True)
class _Drawn:
    job: _Job
    pictures: Pictures
    mistake: Exception | None = None


@dataclass
class _Entry:
    look: Look
    pictures: Pictures
    age: int


class TileRenderer(QObject):
    """Keeps the pictures of items that were wanted lately, up to `cache_bytes` on a plain screen; each drawing thread
    reads the project by a store of its own.

    A picture of an older look or label stays until the new one is there, so that nothing flickers.
    """

    ready = Signal(object)
    """The `TileKey` whose pictures changed."""
    _arrived = Signal(object)

    def __init__(
        self,
        project: Path,
        *,
        threads: int = _THREADS,
        cache_bytes: int = _CACHE_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._drawers = _Drawers(project, threads, self._arrived.emit)
        self._limit = cache_bytes
        self._used = 0
        self._entries: OrderedDict[TileKey, _Entry] = OrderedDict()
        self._ages: dict[int, int] = {}
        self._look: Look | None = None
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(self._drawers.close)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self._drawers.close)

    @property
    def look(self) -> Look | None:
        return self._look

    @property
    def used_bytes(self) -> int:
        return self._used

    def set_look(self, look: Look) -> None:
        self._look = look

    def pictures(self, key: TileKey) -> Pictures | None:
        """What is known of the tile, possibly in an older look; None before it was first drawn."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry.pictures

    def fresh_pictures(self, key: TileKey) -> Pictures | None:
        """What is known of the tile, if it is drawn with the label as it is now."""
        entry = self._entries.get(key)
        return entry.pictures if entry is not None and entry.age == self._ages.get(key[1], 0) else None

    def want(self, reviews: Iterable[ReviewItem], runs_folder: Path) -> None:
        """Draw these, the first ones first, and nothing else that was wanted before and is not yet begun."""
        if self._look is None:
            return
        jobs = [
            _Job(key_of(r), r.score, runs_folder / r.run, self._look, self._ages.get(r.score.item, 0))
            for r in reviews
            if not self._is_fresh(key_of(r))
        ]
        self._drawers.replace(jobs)

    def forget(self, items: Iterable[int]) -> None:
        """The labels of these items changed: their pictures are drawn anew when they are next wanted."""
        for item in items:
            self._ages[item] = self._ages.get(item, 0) + 1

    def forget_all(self) -> None:
        self._entries.clear()
        self._used = 0

    def close(self) -> None:
        """End the threads; what they are drawing is finished and dropped."""
        self._drawers.close()

    def _is_fresh(self, key: TileKey) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.look is self._look and entry.age == self._ages.get(key[1], 0)

    def _take(self, drawn: _Drawn) -> None:
        job = drawn.job
        self._drawers.done(job)
        old = self._entries.pop(job.key, None)
        if old is not None:
            self._used -= old.pictures.bytes
        self._entries[job.key] = _Entry(job.look, drawn.pictures, job.age)
        self._used += drawn.pictures.bytes
        limit = self._limit * job.look.ratio**2
        while self._used > limit and len(self._entries) > 1:
            _key, dropped = self._entries.popitem(last=False)
            self._used -= dropped.pictures.bytes
        self.ready.emit(job.key)
        if drawn.mistake is not None:
            raise drawn.mistake


class _Drawers:
    """The threads and the wishes of the moment. Knows nothing of Qt's object tree, so that it may outlive it a little.

    Replacing the wishes drops what nobody began. The threads start with the first wish.
    """

    def __init__(self, project: Path, count: int, report: Callable[[_Drawn], object]) -> None:
        self._project = project
        self._count = count
        self._report = report
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._jobs: list[_Job] = []
        self._begun: list[_Job] = []
        self._closed = False

    def replace(self, jobs: list[_Job]) -> None:
        with self._changed:
            begun = {(job.key, job.age, id(job.look)) for job in self._begun}
            self._jobs = [job for job in reversed(jobs) if (job.key, job.age, id(job.look)) not in begun]
            if self._jobs and not self._closed and not self._threads:
                for number in range(self._count):
                    thread = threading.Thread(target=self._work, name=f"tiles {number}", daemon=True)
                    self._threads.append(thread)
                    thread.start()
            self._changed.notify_all()

    def done(self, job: _Job) -> None:
        """The job's pictures are where they are looked for; from now on it may be wanted again."""
        with self._changed:
            self._begun.remove(job)

    def close(self, _gone: object = None) -> None:
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._changed.notify_all()
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()

    def _next(self) -> _Job | None:
        """The next job, once there is one; None when all is over."""
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            job = self._jobs.pop()
            self._begun.append(job)
            return job

    def _work(self) -> None:
        store: Store | None = None
        try:
            while (job := self._next()) is not None:
                try:
                    store = store or Store.open(self._project)
                    drawn = _Drawn(job, draw(store, job.folder, job.score, job.look))
                except (StudioError, OSError) as error:
                    drawn = _Drawn(job, Pictures(trouble=str(error)))
                except Exception as mistake:  # noqa: BLE001 ours: raised on the GUI thread, where it can be seen
                    drawn = _Drawn(job, Pictures(trouble=f"The program made a mistake: {mistake}."), mistake)
                if not self._is_over():
                    self._report(drawn)
        finally:
            if store is not None:
                store.close()

    def _is_over(self) -> bool:
        with self._changed:
            return self._closed
