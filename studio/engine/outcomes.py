"""How a run ended: from a last event, an exit code and the end of the worker's log to a sentence and a remedy."""

from __future__ import annotations

import enum
import re
import signal
import sys
from dataclasses import dataclass
from typing import Final

from studio.core.errors import MORE_MEMORY_TO_PROPOSE
from studio.core.events import Failed, Finished
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome

_DETAIL_LINES: Final = 60


class Work(enum.Enum):
    """What a process was started for."""

    TRAINING = enum.auto()
    PROPOSING = enum.auto()


@dataclass(frozen=True, kw_only=True)
class _Words:
    """How sentences speak of a kind of work: its process, itself, and what to do when memory ran out."""

    process: str
    itself: str
    memory: str


_WORDS: Final = {
    Work.TRAINING: _Words(
        process="The training process", itself="training", memory="A batch of half the size needs less."
    ),
    Work.PROPOSING: _Words(
        process="The process that proposes labels", itself="proposing with a run", memory=MORE_MEMORY_TO_PROPOSE
    ),
}

_REMEDIES: Final = {
    OutcomeKind.OUT_OF_MEMORY: Remedy.HALVE_BATCH,
    OutcomeKind.DIVERGED: Remedy.LOWER_RATE,
    OutcomeKind.BAD_INPUT: Remedy.NONE,
}
"""What helps against a failure that the process could still report; against any other, going on may."""


class Asked(enum.Enum):
    """What this program itself had asked of the process."""

    NOTHING = enum.auto()
    KILL = enum.auto()
    LEAVE = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Everything known about a process that ended.

    `exit_code` is minus the signal's number where a signal ended it (POSIX), or Windows' unsigned status. `final` is
    the last `Finished` or `Failed` that it said; `log` the end of its standard error; `has_checkpoint` whether the
    run's folder holds a state to go on from.
    """

    exit_code: int
    final: Finished | Failed | None = None
    log: str = ""
    has_checkpoint: bool = False
    asked: Asked = Asked.NOTHING
    work: Work = Work.TRAINING


@dataclass(frozen=True, kw_only=True)
class _Cause:
    """A cause that a log names. `sentence` may use the groups of `pattern` and the names of `_Words`; another
    try helps against some."""

    pattern: re.Pattern[str]
    sentence: str
    kind: OutcomeKind = OutcomeKind.CRASHED
    worth_another_try: bool = True


_CAUSES: Final = (
    _Cause(
        pattern=re.compile(r"ModuleNotFoundError: No module named '(torch|torchvision|torchmetrics|safetensors)\b"),
        sentence=r"\1 is not installed for this Python, and {itself} needs it; install it with "
        "`pip install torch torchvision torchmetrics safetensors` (`studio doctor` lists what is missing).",
        worth_another_try=False,
    ),
    _Cause(
        pattern=re.compile(r"ModuleNotFoundError: No module named '([^']+)'"),
        sentence=r"{process} lacks the module \1; install Relearn Studio again, or run `studio doctor`.",
        worth_another_try=False,
    ),
    _Cause(
        pattern=re.compile(
            r"torch[\s\S]*\n(?:ImportError|OSError): (.*(?:cannot open shared|undefined symbol|DLL|dlopen).*)"
        ),
        sentence=r"PyTorch is installed but cannot be loaded (\1); "
        "install it again with `pip install --force-reinstall torch torchvision`.",
        worth_another_try=False,
    ),
    _Cause(
        pattern=re.compile(
            r"CUDA out of memory|MPS backend out of memory|CUDA error: out of memory|OutOfMemoryError"
            r"|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED"
        ),
        sentence="The GPU's memory ran out.",
        kind=OutcomeKind.OUT_OF_MEMORY,
    ),
    _Cause(
        pattern=re.compile(
            r"\bMemoryError\b|std::bad_alloc|[Cc]an(?:'t|not) allocate memory|not enough memory: you tried to allocate"
        ),
        sentence="The computer's memory ran out.",
        kind=OutcomeKind.OUT_OF_MEMORY,
    ),
    _Cause(
        pattern=re.compile(r"insufficient shared memory|\(shm\)|/dev/shm"),
        sentence="The shared memory that the processes pass images through ran out; give /dev/shm more room.",
    ),
    _Cause(
        pattern=re.compile(r"No space left on device|\[Errno 28\]|\[WinError 112\]"),
        sentence="The disk is full; free some space on it.",
    ),
    _Cause(
        pattern=re.compile(r"device-side assert"),
        sentence="The GPU refused a value out of range (device-side assert), most often a label id that no class has; "
        "run it once on the CPU to see where.",
    ),
    _Cause(
        pattern=re.compile(r"no kernel image is available"),
        sentence="The installed PyTorch has no code for this GPU; install a build that has, or one for the CPU.",
        worth_another_try=False,
    ),
    _Cause(
        pattern=re.compile(r"CUDA driver version is insufficient|NVIDIA driver on your system is too old"),
        sentence="The GPU's driver is too old for the installed PyTorch; update it, or install a PyTorch for the CPU.",
        worth_another_try=False,
    ),
    _Cause(pattern=re.compile(r"CUDA error: ([^\n]+)"), sentence=r"The GPU stopped with an error (\1)."),
    _Cause(pattern=re.compile(r"cuDNN error: ([^\n]+)"), sentence=r"The GPU stopped with an error (\1)."),
)

_SIGNALS: Final = {
    "SIGKILL": "was killed by the system, most often because memory ran out",
    "SIGSEGV": "crashed in native code, most often in a GPU driver or a library",
    "SIGABRT": "gave up in native code",
    "SIGBUS": "lost a part of its memory, most often because /dev/shm or the disk is full",
    "SIGFPE": "crashed in native code by an impossible calculation",
    "SIGILL": "met an instruction that this processor does not have; another build of PyTorch may suit it",
    "SIGTERM": "was asked to end by another program",
    "SIGINT": "was interrupted from the keyboard",
    "SIGHUP": "was ended because its terminal closed",
}

_SUDDEN: Final = frozenset({"SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"})
"""Signals that come from outside; nothing in the log explains them."""

_WINDOWS_STATUS: Final = {
    0xC0000005: "SIGSEGV",
    0xC00000FD: "SIGSEGV",
    0xC000001D: "SIGILL",
    0xC0000094: "SIGFPE",
    0xC0000409: "SIGABRT",
    0xC000013A: "SIGINT",
}
"""Windows' status codes (ntstatus.h), under the POSIX names that mean the same."""


def outcome_of(ending: Ending) -> RunOutcome:
    """What the process said itself counts most, then a cause that its log names, then how it was ended."""
    if ending.final is not None:
        return _said(ending.final, ending)
    if ending.asked is not Asked.NOTHING:
        return _asked(ending)
    resume = _resume_if_possible(ending)
    name = signal_name(ending.exit_code)
    found = None if name in _SUDDEN else _cause_in(ending.log)
    if found is not None:
        cause, match = found
        remedy = Remedy.HALVE_BATCH if cause.kind is OutcomeKind.OUT_OF_MEMORY else resume
        words = _WORDS[ending.work]
        named = cause.sentence.replace("{process}", words.process).replace("{itself}", words.itself)
        sentence = match.expand(named)
        return _outcome(cause.kind, sentence, remedy if cause.worth_another_try else Remedy.NONE, ending)
    if name == "SIGKILL" and resume is Remedy.NONE:
        resume = Remedy.HALVE_BATCH
    process = _WORDS[ending.work].process
    sentence = f"{process} {_SIGNALS.get(name, 'was ended by a signal')} ({name})." if name else _exit_sentence(ending)
    return _outcome(OutcomeKind.CRASHED, sentence, resume, ending)


def could_not_start(error: OSError, work: Work) -> RunOutcome:
    """The outcome of a run whose process the system refused to start."""
    process = _WORDS[work].process
    return RunOutcome(
        kind=OutcomeKind.CRASHED,
        sentence=f"{process} could not be started ({error.strerror or error}); close other programs and try again.",
        detail=repr(error),
    )


def signal_name(exit_code: int) -> str:
    """The name of the signal that an exit code stands for (SIGKILL), or an empty string."""
    if exit_code < 0:
        try:
            return signal.Signals(-exit_code).name
        except ValueError:
            return f"signal {-exit_code}"
    return _WINDOWS_STATUS.get(exit_code, "") if sys.platform == "win32" or exit_code > 255 else ""


def _said(final: Finished | Failed, ending: Ending) -> RunOutcome:
    if isinstance(final, Failed):
        remedy = _offered(_REMEDIES.get(final.outcome, _resume_if_possible(ending)), ending)
        return RunOutcome(kind=final.outcome, sentence=final.sentence, remedy=remedy, detail=final.detail)
    if final.outcome is OutcomeKind.STOPPED:
        sentence = f"Stopped after {_duration(final.seconds)}; what was learnt is kept."
        return RunOutcome(kind=final.outcome, sentence=sentence, remedy=_resume_if_possible(ending))
    return RunOutcome(kind=final.outcome, sentence=f"Finished in {_duration(final.seconds)}.")


def _asked(ending: Ending) -> RunOutcome:
    process = _WORDS[ending.work].process
    if ending.asked is Asked.KILL:
        sentence = f"{process} was ended at once, as you asked."
    elif ending.exit_code == 0:
        sentence = f"{process} left because the program was closed."
    else:
        sentence = f"{process} was ended because the program was closed and it did not leave in time."
    return _outcome(OutcomeKind.CRASHED, sentence, _resume_if_possible(ending), ending)


def _outcome(kind: OutcomeKind, sentence: str, remedy: Remedy, ending: Ending) -> RunOutcome:
    advice = {
        Remedy.RESUME: " Resume goes on from the last checkpoint.",
        Remedy.HALVE_BATCH: f" {_WORDS[ending.work].memory}",
    }
    return RunOutcome(
        kind=kind,
        sentence=sentence + advice.get(remedy, ""),
        remedy=_offered(remedy, ending),
        signal=signal_name(ending.exit_code),
        detail="\n".join(ending.log.splitlines()[-_DETAIL_LINES:]),
    )


def _offered(remedy: Remedy, ending: Ending) -> Remedy:
    """One click can only do something about a run that trains."""
    return remedy if ending.work is Work.TRAINING else Remedy.NONE


def _resume_if_possible(ending: Ending) -> Remedy:
    return Remedy.RESUME if ending.has_checkpoint else Remedy.NONE


def _cause_in(log: str) -> tuple[_Cause, re.Match[str]] | None:
    """The cause that the last traceback names, or else one that stands anywhere in the log.

    Source lines, which a traceback indents by four, are left out: `except MemoryError` is no lack of memory.
    """
    told = "\n".join(line for line in log.splitlines() if not line.startswith("    "))
    for text in (told[max(told.rfind("Traceback (most recent call last)"), 0) :], told):
        for cause in _CAUSES:
            match = cause.pattern.search(text)
            if match:
                return cause, match
    return None


def _exit_sentence(ending: Ending) -> str:
    process = _WORDS[ending.work].process
    if ending.exit_code == 0:
        return f"{process} ended without saying why."
    errors = re.findall(r"^(?:\w+\.)*(\w*(?:Error|Exception|Interrupt|Exit)\b(?:: .*)?)$", ending.log, re.MULTILINE)
    reason = errors[-1] if errors else f"exit code {ending.exit_code}"
    return f"{process} ended with an error ({reason})."


def _duration(seconds: float) -> str:
    """3 s, 4 min 20 s or 2 h 5 min."""
    whole = max(round(seconds), 0)
    minutes, seconds_left = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {seconds_left} s" if minutes else f"{whole} s"
