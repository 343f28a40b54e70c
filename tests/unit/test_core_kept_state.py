"""What an interrupted run can go on from."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.kept_state import can_go_on


@pytest.mark.parametrize("kept", ["state.pt", "folds/2/state.pt", "folds/1/scores.jsonl"])
def test_a_state_or_a_fold_is_something_to_go_on_from(tmp_path: Path, kept: str) -> None:
    assert not can_go_on(tmp_path)
    path = tmp_path / kept
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "vocabulary.json").write_bytes(b"")
    assert not can_go_on(tmp_path)
    path.write_bytes(b"")
    assert can_go_on(tmp_path)
