"""Every way to end has its sentence and its remedy."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.events import Failed, Finished
from studio.core.outcome import OutcomeKind, Remedy, RunOutcome
from studio.engine import Asked, Ending, Work, outcome_of
from studio.engine.outcomes import signal_name

CUDA_OOM = """Traceback (most recent call last):
  File "/opt/app/studio/ml/learner.py", line 88, in batch
    loss.backward()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB
"""
CPU_OOM = """Traceback (most recent call last):
  File "/opt/app/studio/ml/learner.py", line 88, in batch
    loss.backward()
RuntimeError: [enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory
"""
ASSERT = """../aten/src/ATen/native/cuda/NLLLoss2d.cu:104: block: [1,0,0], thread: [2,0,0] Assertion `t >= 0` failed.
Traceback (most recent call last):
  File "/opt/app/studio/ml/learner.py", line 88, in batch
    loss.backward()
RuntimeError: CUDA error: device-side assert triggered
CUDA kernel errors might be asynchronously reported at some other API call.
"""
ABORTED_BY_ASSERT = """terminate called after throwing an instance of 'c10::AcceleratorError'
  what():  CUDA error: device-side assert triggered
Fatal Python error: Aborted
"""
NO_TORCH = """Traceback (most recent call last):
  File "/opt/app/studio/ml/worker.py", line 3, in <module>
    import torch
ModuleNotFoundError: No module named 'torch'
"""
BROKEN_TORCH = """Traceback (most recent call last):
  File "/usr/lib/python3/site-packages/torch/__init__.py", line 405, in <module>
    from torch._C import *
ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory
"""
NO_MODULE = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'studio.ml.worker'\n"
OLD_GPU = "RuntimeError: CUDA error: no kernel image is available for execution on the device\n"
OLD_DRIVER = "RuntimeError: The NVIDIA driver on your system is too old (found version 11040).\n"
LOST_GPU = "RuntimeError: CUDA error: unspecified launch failure\nCUDA kernel errors might be\n"
FULL_DISK = "OSError: [Errno 28] No space left on device: 'runs/0001/state.pt'\n"
NO_SHARED_MEMORY = (
    "RuntimeError: DataLoader worker (pid 7) is killed. It is possible that insufficient shared memory (shm)\n"
)
BAD_VALUE = """Traceback (most recent call last):
  File "/opt/app/studio/ml/learner.py", line 88, in batch
    except MemoryError:
studio.ml.errors.RateError: the rate is negative
"""
CHAINED = CUDA_OOM + "\nDuring handling of the above exception, another exception occurred:\n\n" + BAD_VALUE

TABLE = {
    "killed": (-9, "", "was killed by the system, most often because memory ran out (SIGKILL).", OutcomeKind.CRASHED),
    "killed, whatever the log says": (-9, NO_TORCH, "was killed by the system", OutcomeKind.CRASHED),
    "segmentation fault": (-11, "", "crashed in native code", OutcomeKind.CRASHED),
    "abort": (-6, "", "gave up in native code (SIGABRT)", OutcomeKind.CRASHED),
    "terminated": (-15, "", "was asked to end by another program (SIGTERM)", OutcomeKind.CRASHED),
    "bus error": (-7, "", "lost a part of its memory", OutcomeKind.CRASHED),
    "illegal instruction": (-4, "", "an instruction that this processor does not have", OutcomeKind.CRASHED),
    "odd signal": (-12, "", "was ended by a signal (SIGUSR2)", OutcomeKind.CRASHED),
    "signal without a name": (-33, "", "was ended by a signal (signal 33)", OutcomeKind.CRASHED),
    "GPU memory": (1, CUDA_OOM, "The GPU's memory ran out.", OutcomeKind.OUT_OF_MEMORY),
    "main memory": (1, CPU_OOM, "The computer's memory ran out.", OutcomeKind.OUT_OF_MEMORY),
    "MemoryError": (1, "MemoryError\n", "The computer's memory ran out.", OutcomeKind.OUT_OF_MEMORY),
    "GPU memory, then another error": (1, CHAINED, "The GPU's memory ran out.", OutcomeKind.OUT_OF_MEMORY),
    "device-side assert": (1, ASSERT, "a label id that no class has", OutcomeKind.CRASHED),
    "abort by device-side assert": (-6, ABORTED_BY_ASSERT, "a label id that no class has", OutcomeKind.CRASHED),
    "no torch": (1, NO_TORCH, "torch is not installed for this Python", OutcomeKind.CRASHED),
    "broken torch": (1, BROKEN_TORCH, "cannot be loaded (libcudnn.so.9: cannot open", OutcomeKind.CRASHED),
    "part of the program missing": (1, NO_MODULE, "lacks the module studio.ml.worker", OutcomeKind.CRASHED),
    "GPU too old": (1, OLD_GPU, "has no code for this GPU", OutcomeKind.CRASHED),
    "driver too old": (1, OLD_DRIVER, "driver is too old", OutcomeKind.CRASHED),
    "GPU lost": (1, LOST_GPU, "stopped with an error (unspecified launch failure)", OutcomeKind.CRASHED),
    "full disk": (1, FULL_DISK, "The disk is full", OutcomeKind.CRASHED),
    "shared memory": (1, NO_SHARED_MEMORY, "/dev/shm", OutcomeKind.CRASHED),
    "an error nobody foresaw": (
        1,
        BAD_VALUE,
        "ended with an error (RateError: the rate is negative)",
        OutcomeKind.CRASHED,
    ),
    "an exit code": (7, "nothing of use\n", "ended with an error (exit code 7)", OutcomeKind.CRASHED),
    "no reason at all": (0, "", "ended without saying why", OutcomeKind.CRASHED),
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals have other numbers")
@pytest.mark.parametrize("name", TABLE)
def test_each_ending_has_its_sentence(name: str) -> None:
    exit_code, log, part, kind = TABLE[name]
    outcome = outcome_of(Ending(exit_code=exit_code, log=log, has_checkpoint=True))
    assert part in outcome.sentence
    assert outcome.kind is kind
    assert outcome.sentence[0].isupper() or outcome.sentence.startswith("torch ")
    assert outcome.sentence.endswith(".")
    assert outcome.detail == log.rstrip("\n")


def test_out_of_memory_halves_the_batch() -> None:
    outcome = outcome_of(Ending(exit_code=1, log=CUDA_OOM, has_checkpoint=True))
    assert outcome.remedy is Remedy.HALVE_BATCH
    assert outcome.sentence == "The GPU's memory ran out. A batch of half the size needs less."


def test_a_crash_with_a_checkpoint_offers_to_resume() -> None:
    outcome = outcome_of(Ending(exit_code=-9, has_checkpoint=True))
    assert outcome.remedy is Remedy.RESUME
    assert outcome.signal == "SIGKILL"
    assert outcome.sentence.endswith("(SIGKILL). Resume goes on from the last checkpoint.")


def test_killed_before_the_first_checkpoint_offers_a_smaller_batch() -> None:
    outcome = outcome_of(Ending(exit_code=-9))
    assert outcome.remedy is Remedy.HALVE_BATCH
    assert outcome.sentence.endswith("(SIGKILL). A batch of half the size needs less.")


@pytest.mark.parametrize("log", [NO_TORCH, BROKEN_TORCH, NO_MODULE, OLD_GPU, OLD_DRIVER])
def test_what_another_try_cannot_cure_offers_none(log: str) -> None:
    assert outcome_of(Ending(exit_code=1, log=log, has_checkpoint=True)).remedy is Remedy.NONE


def test_a_missing_torch_says_how_to_install_it() -> None:
    assert "pip install torch torchvision" in outcome_of(Ending(exit_code=1, log=NO_TORCH)).sentence


FAILURES = [
    (OutcomeKind.OUT_OF_MEMORY, Remedy.HALVE_BATCH),
    (OutcomeKind.DIVERGED, Remedy.LOWER_RATE),
    (OutcomeKind.BAD_INPUT, Remedy.NONE),
    (OutcomeKind.CRASHED, Remedy.RESUME),
]


@pytest.mark.parametrize(("kind", "remedy"), FAILURES)
def test_what_the_worker_said_counts_more_than_how_it_ended(kind: OutcomeKind, remedy: Remedy) -> None:
    failed = Failed(outcome=kind, sentence="The loss became NaN at step 12.", detail="Traceback …")
    outcome = outcome_of(Ending(exit_code=-6, final=failed, log=CUDA_OOM, has_checkpoint=True))
    assert outcome == RunOutcome(
        kind=kind, sentence="The loss became NaN at step 12.", remedy=remedy, detail="Traceback …"
    )


@pytest.mark.parametrize(
    ("seconds", "told"), [(3.4, "3 s"), (0.0, "0 s"), (59.6, "1 min 0 s"), (260.0, "4 min 20 s"), (7500.0, "2 h 5 min")]
)
def test_a_finished_run_says_how_long_it_took(seconds: float, told: str) -> None:
    outcome = outcome_of(Ending(exit_code=0, final=Finished(outcome=OutcomeKind.FINISHED, seconds=seconds)))
    assert outcome == RunOutcome(kind=OutcomeKind.FINISHED, sentence=f"Finished in {told}.")


def test_a_stopped_run_can_go_on() -> None:
    outcome = outcome_of(
        Ending(exit_code=0, final=Finished(outcome=OutcomeKind.STOPPED, seconds=61.0), has_checkpoint=True)
    )
    assert outcome.sentence == "Stopped after 1 min 1 s; what was learnt is kept."
    assert outcome.remedy is Remedy.RESUME
    assert outcome.learnt_something


@pytest.mark.parametrize("asked", [Asked.KILL, Asked.LEAVE])
def test_what_the_program_itself_did_is_not_blamed_on_the_system(asked: Asked) -> None:
    sentence = outcome_of(Ending(exit_code=-9, asked=asked)).sentence
    assert "system" not in sentence
    assert "memory" not in sentence


@pytest.mark.parametrize(
    ("status", "name"), [(0xC0000005, "SIGSEGV"), (0xC0000409, "SIGABRT"), (0xC000001D, "SIGILL"), (1, ""), (0, "")]
)
def test_the_status_codes_of_windows_are_signals_too(status: int, name: str) -> None:
    assert signal_name(status) == name


@settings(deadline=None)
@given(
    exit_code=st.integers(-70, 300),
    log=st.text(max_size=400) | st.just(CHAINED),
    has_checkpoint=st.booleans(),
    asked=st.sampled_from(Asked),
)
def test_there_is_always_a_sentence(exit_code: int, log: str, has_checkpoint: bool, asked: Asked) -> None:
    ending = Ending(exit_code=exit_code, log=log, has_checkpoint=has_checkpoint, asked=asked)
    outcome = outcome_of(ending)
    assert outcome.sentence.endswith(".")
    assert not outcome.learnt_something
    assert outcome.remedy is not Remedy.RESUME or has_checkpoint


@pytest.mark.skipif(sys.platform == "win32", reason="signals have other numbers")
@pytest.mark.parametrize("name", TABLE)
def test_a_process_that_proposes_is_not_told_of_as_one_that_trains(name: str) -> None:
    exit_code, log, _, kind = TABLE[name]
    outcome = outcome_of(Ending(exit_code=exit_code, log=log, work=Work.PROPOSING))
    for word in ("training", "train on", "batch", "Resume"):
        assert word not in outcome.sentence
    assert outcome.kind is kind
    assert outcome.remedy is Remedy.NONE


@pytest.mark.skipif(sys.platform == "win32", reason="signals have other numbers")
@pytest.mark.parametrize(("exit_code", "log"), [(1, CUDA_OOM), (1, CPU_OOM), (-9, "")])
def test_what_proposes_without_memory_says_what_to_close(exit_code: int, log: str) -> None:
    sentence = outcome_of(Ending(exit_code=exit_code, log=log, work=Work.PROPOSING)).sentence
    assert "memory ran out" in sentence
    assert sentence.endswith("Close what else uses it, such as a run that trains, and propose again.")
