"""A worker that speaks the protocol and does what `script.json` in its run's folder says, misdeeds included.

It needs the standard library only, so that a test waits for it some hundredths of a second. Each act of the script is
a list of a name and an argument; see `ACTS`. With `--gate FILE` it listens to nothing before that file exists, as a
worker that is slow to start; with `--started FILE` it adds its process id to that file as it starts.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STDOUT, STDERR = 1, 2


class Worker:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def say(self, event: dict[str, object]) -> None:
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        with (self.folder / "events.jsonl").open("ab") as file:
            file.write(line)
        self.raw(line.decode())

    def say_many(self, events: list[dict[str, object]]) -> None:
        for event in events:
            self.say(event)

    def raw(self, text: str) -> None:
        """Write to the descriptor itself, as a native library does."""
        data = text.encode("utf-8", "surrogateescape")
        while data:
            data = data[os.write(STDOUT, data) :]

    def log(self, text: str) -> None:
        os.write(STDERR, text.encode())

    def signal(self, name: str) -> None:
        os.kill(os.getpid(), getattr(signal, name))

    def exit(self, code: int) -> None:
        os._exit(code)

    def fail(self, error: str) -> None:
        raise {"MemoryError": MemoryError, "ValueError": ValueError("the rate is negative")}[error]

    def hang(self, _: None) -> None:
        """Neither work nor listen."""
        while True:
            time.sleep(60)

    def ignore_terminate(self, _: None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def start_helper(self, _: None) -> None:
        """Start a process that holds this one's pipes open, as one that loads data may."""
        helper = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
        (self.folder / "helper.pid").write_text(str(helper.pid))

    def describe(self, _: None) -> None:
        """Write down what this process got from the one that started it."""
        facts = {
            "environment": dict(os.environ),
            "descriptors": sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir()),
            "niceness": os.getpriority(os.PRIO_PROCESS, 0),
            "leads_group": os.getpgid(0) == os.getpid(),
        }
        (self.folder / "facts.json").write_text(json.dumps(facts))

    def obey(self, _: None) -> None:
        """Wait for commands and do as they say; at the end of input write a checkpoint and leave."""
        for line in sys.stdin.buffer:
            command = json.loads(line)["command"]
            if command == "stop":
                self.say({"event": "finished", "outcome": "stopped", "seconds": 1.0})
                return
            self.say(ANSWERS[command])
        (self.folder / "state.pt").write_bytes(b"a checkpoint")
        self.say({"event": "checkpoint", "step": 1, "epoch": 1})

    def ignore(self, _: None) -> None:
        """Hear commands, and the end of input, and take no notice."""
        for _line in sys.stdin.buffer:
            self.say({"event": "warning", "sentence": "heard and ignored"})
        self.hang(None)


ANSWERS: dict[str, dict[str, object]] = {
    "pause": {"event": "paused"},
    "continue": {"event": "resumed"},
    "lower_rate": {"event": "rate_lowered", "step": 1, "divisor": 3.0, "rate_divisor": 3.0},
    "add_epoch": {
        "event": "epoch_added",
        "step": 1,
        "stage": 0,
        "epochs": 2,
        "total_epochs": 2,
        "total_steps": 4,
    },
}

ACTS = {name: act for name, act in vars(Worker).items() if not name.startswith("_")}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gate", type=Path)
    parser.add_argument("--started", type=Path)
    options = parser.parse_args()
    if options.started:
        with options.started.open("a") as file:
            file.write(f"{os.getpid()}\n")
    while options.gate and not options.gate.exists():
        time.sleep(0.01)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    worker = Worker(Path(json.loads(line)["folder"]))
    (worker.folder / "start.json").write_bytes(line)
    for name, argument in json.loads((worker.folder / "script.json").read_text()):
        ACTS[name](worker, argument)


if __name__ == "__main__":
    main()
