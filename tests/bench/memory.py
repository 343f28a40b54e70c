"""What a worker holds in memory while it trains: on camvid11 as it is, and on a data set four times the cache's limit.

Both are real worker processes; Linux says what each holds after every epoch.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from studio.core.architectures import DEFAULT_ENCODER
from studio.core.commands import StartRun, encode_command
from studio.core.events import EpochEnd, Failed, Finished, decode_event
from studio.core.items import Split
from studio.core.recipe import ModelSpec, RunSpec, Stage
from studio.formats import importer, recognise
from studio.ingest import import_into
from studio.store import RunData, Store
from tests.bench.table import Row
from tests.bench.throughput import DATA

HEIGHT, WIDTH, BATCH = 96, 128, 8
MOST_GIB: Final = 1.6
MOST_GROWTH: Final = 0.03
_LIMITED: Final = """
import sys
from studio.ml.data import stage_data
from studio.ml.worker import main
stage_data.memory_limit = lambda: {limit}
sys.exit(main())
"""


@dataclass
class Held:
    """MiB after each epoch: of the process's own (`anonymous`) and the most that was in memory together with the
    libraries' files (`peak`)."""

    anonymous: list[float] = field(default_factory=list)
    peak: float = 0.0
    failed: str = ""


def measure() -> list[Row]:
    source = DATA / "camvid11"
    what = f"memory of a worker, camvid11 at {HEIGHT}×{WIDTH}, batch {BATCH}, U-Net on {{}}"
    if not source.is_dir():
        return [Row(what=what, budget=f"≤ {MOST_GIB} GiB", measured=f"not measured: {source.name} is missing")]
    with tempfile.TemporaryDirectory() as temporary:
        rows = []
        for encoder in ("resnet18", "resnet34"):
            folder, decoded = _make_run(source, Path(temporary) / encoder, encoder=encoder, epochs=2)
            is_default = encoder == DEFAULT_ENCODER
            rows.append(_whole_row(what.format(encoder), _watched(folder, limit=2**33), is_default=is_default))
        small, decoded = _make_run(source, Path(temporary) / "limited", encoder="resnet18", epochs=5)
        rows.append(_limited_row(_watched(small, limit=2 * decoded // 4), decoded))
    return rows


def _whole_row(what: str, held: Held, *, is_default: bool) -> Row:
    """The budget is for what the program recommends on a processor; a larger network is measured beside it."""
    gib = held.peak / 1024
    return Row(
        what=what,
        budget=f"RSS ≤ {MOST_GIB} GiB" if is_default else "–",
        measured=held.failed or f"at most {gib:.2f} GiB, of which {max(held.anonymous) / 1024:.2f} GiB are its own",
        met=not held.failed and gib <= MOST_GIB if is_default or held.failed else None,
    )


def _limited_row(held: Held, decoded: int) -> Row:
    """The first epoch brings PyTorch's own buffers; what comes after it is growth."""
    growth = max(held.anonymous[1:]) / held.anonymous[1] - 1 if not held.failed else 0.0
    sizes = ", ".join(f"{mib:.0f}" for mib in held.anonymous)
    return Row(
        what=f"memory of a worker, {decoded / 2**20:.0f} MiB of decoded pictures and room for a quarter of them",
        budget=f"grows by ≤ {MOST_GROWTH:.0%} after the second epoch",
        measured=held.failed or f"{growth:.1%}; MiB after each epoch: {sizes}",
        met=not held.failed and growth <= MOST_GROWTH,
    )


def _make_run(source: Path, project: Path, *, encoder: str, epochs: int) -> tuple[Path, int]:
    """The run's folder, and how many bytes its training pictures take decoded."""
    recognised = recognise(source)
    import_into(project, importer(recognised.format).plan(recognised.source))
    with Store.open(project) as store:
        stage = Stage(epochs=epochs, height=HEIGHT, width=WIDTH, batch_size=BATCH)
        model = ModelSpec(encoder=encoder, pretrained=False)
        items = [store.item(item_id) for item_id in store.item_ids()]
        train = [item.id for item in items if item.split is Split.TRAIN]
        valid = [item.id for item in items if item.split is Split.VALID]
        spec = RunSpec(task=store.settings.task, model=model, stages=(stage,))
        folder = store.create_run(spec, data=RunData(train=train, valid=valid)).folder
    return folder, len(train) * HEIGHT * WIDTH * 4


def _watched(folder: Path, *, limit: int) -> Held:
    held = Held()
    with _worker(limit) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(encode_command(StartRun(folder=str(folder), device="cpu")))
        process.stdin.flush()
        for line in process.stdout:
            event = decode_event(line)
            if isinstance(event, EpochEnd):
                held.anonymous.append(_mib(process.pid, "RssAnon"))
            if isinstance(event, (EpochEnd, Finished)):
                held.peak = max(held.peak, _mib(process.pid, "VmHWM"))
            if isinstance(event, Failed):
                held.failed = event.sentence
            if isinstance(event, (Finished, Failed)):
                break
    return held


@contextmanager
def _worker(limit: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", _LIMITED.format(limit=limit)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _mib(pid: int, field_name: str) -> float:
    """A field of /proc/PID/status, which counts kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field_name:
            return int(value.split()[0]) / 1024
    raise RuntimeError(f"the system does not say {field_name}")
