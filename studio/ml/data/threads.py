"""How many threads read pictures, and carrying out the same for many items on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from studio.ml.device import usable_cores

PROGRESS_SECONDS: Final = 0.2

Report = Callable[[int, int], None]
"""Called with how many of how many items are done."""


def decoding_threads() -> int:
    return min(8, usable_cores())


def background_threads() -> int:
    """Threads that read beside the one that trains."""
    return max(1, decoding_threads() - 1)


def each_in_threads(work: Callable[[int], None], count: int, *, report: Report, check: Callable[[], None]) -> None:
    """Call `work(0)` … `work(count - 1)` on a few threads; the first error is raised and the rest is dropped."""
    with ThreadPoolExecutor(decoding_threads(), thread_name_prefix="decode") as pool:
        futures = [pool.submit(work, i) for i in range(count)]
        try:
            _wait(futures, report, check)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _wait(futures: list[Future[None]], report: Report, check: Callable[[], None]) -> None:
    reported = time.monotonic()
    for done, future in enumerate(futures, start=1):
        future.result()
        if time.monotonic() - reported >= PROGRESS_SECONDS:
            reported = time.monotonic()
            report(done, len(futures))
        check()
    report(len(futures), len(futures))
