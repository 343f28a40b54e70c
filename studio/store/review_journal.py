"""The journal of reviews: every step of every run, in its order, who took it and how it is undone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from studio.core.deciding import Act, JournalEntry, StepState
from studio.core.review import LABEL_CHANGED, Correction, Decision, Note
from studio.store.database import Database
from studio.store.notes import decoded, encoded

_CORRECTING: Final = (Decision.ACCEPTED, Decision.EDITED, Decision.LEFT_OUT)
_STEP: Final = (
    "SELECT id, run, item, previous, accepted_before, hides_before, decision, took_back, act, edit, batch, "
    "note_before, note, head_before FROM decisions "
)


@dataclass(frozen=True)
class Standing:
    """How an item stands in a run's review; see the table `verdicts`."""

    decision: Decision = Decision.UNDECIDED
    accepted: int = 0
    hides: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """What undo and redo need of a step; `start` is how the item stood before it, `edit` the edit of the label that it
    made itself, 0 for none, negative where doing it again found nothing left to change. Of edits by hand it is
    the last of them. `head` is the edit that the item showed before, None where an earlier version kept none."""

    id: int
    run: str
    item: int
    start: Standing
    decision: Decision
    took_back: bool
    act: Act
    edit: int
    batch: int
    note_before: Note | None
    note: Note | None
    head: int | None


@dataclass(frozen=True, kw_only=True)
class NewStep:
    """What the journal is told of a step; `before` and `after` are revisions of the annotation, `head` is the edit that
    the item showed before it."""

    run: str
    item: int
    start: Standing
    decision: Decision
    act: Act
    before: int
    after: int
    head: int
    time: float
    who: str
    took_back: bool = False
    edit: int = 0
    what: str = ""
    batch: int = 0
    note_before: Note | None = None
    note: Note | None = None


class ReviewJournal:
    """Changes join the transaction that is open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- steps ---

    def add(self, step: NewStep) -> None:
        """Keep it as the run's last one; what could be redone no longer can be."""
        self._database.execute("UPDATE decisions SET state = 'dropped' WHERE run = ? AND state = 'undone'", (step.run,))
        start = step.start
        self._database.execute(
            "INSERT INTO decisions (run, item, previous, accepted_before, hides_before, decision, took_back, before, "
            "after, time, act, edit, what, who, batch, note_before, note, head_before) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(step.run, step.item, start.decision.value, start.accepted, int(start.hides), step.decision.value),
                *(int(step.took_back), step.before, step.after, step.time, step.act.value, step.edit, step.what),
                *(step.who, step.batch, encoded(step.note_before), encoded(step.note), step.head),
            ),
        )

    def last_done(self, run_id: str) -> Step | None:
        """The step that undo would take back."""
        return self._step("(SELECT MAX(id) FROM decisions WHERE run = ? AND state = 'done')", run_id)

    def first_undone(self, run_id: str) -> Step | None:
        """The step that redo would bring."""
        return self._step("(SELECT MIN(id) FROM decisions WHERE run = ? AND state = 'undone')", run_id)

    def last_of(self, run_id: str, item_id: int) -> Step | None:
        """The last step that decided something about the item and stands."""
        return self._step(
            "(SELECT MAX(id) FROM decisions WHERE run = ? AND item = ? AND state = 'done' AND act != 'note')",
            run_id,
            item_id,
        )

    def first_head(self, run_id: str, item_id: int) -> int | None:
        """The edit that the item showed before the first thing that was ever decided about it, also where that was
        taken back; None where there is none, or an earlier version kept it."""
        row = self._database.execute(
            "SELECT head_before FROM decisions WHERE run = ? AND item = ? AND act != 'note' ORDER BY id LIMIT 1",
            (run_id, item_id),
        ).fetchone()
        return row[0] if row else None

    def mark_undone(self, step: Step) -> None:
        self._database.execute("UPDATE decisions SET state = 'undone' WHERE id = ?", (step.id,))

    def mark_done(self, step: Step, *, accepted_before: int, after: int) -> None:
        """It was done again, which made other edits of the label; `step` says what came of it."""
        self._database.execute(
            "UPDATE decisions SET state = 'done', accepted_before = ?, decision = ?, took_back = ?, act = ?, edit = ?, "
            "after = ? WHERE id = ?",
            (accepted_before, step.decision.value, int(step.took_back), step.act.value, step.edit, after, step.id),
        )

    def note_edits(self, step: Step, edit: int, after: int) -> None:
        """The label went on changing since, up to `edit`."""
        self._database.execute("UPDATE decisions SET edit = ?, after = ? WHERE id = ?", (edit, after, step.id))

    def new_batch(self) -> int:
        """A number for steps that are to be taken together."""
        return int(self._database.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM decisions").fetchone()[0])

    def together(self, step: Step | None, state: StepState) -> int:
        """How many steps were taken together with this one and are in that state still; 0 for no step."""
        if step is None or not step.batch:
            return int(step is not None)
        return int(
            self._database.execute(
                "SELECT COUNT(*) FROM decisions WHERE run = ? AND state = ? AND batch = ?",
                (step.run, state.value, step.batch),
            ).fetchone()[0]
        )

    def _step(self, which: str, *values: object) -> Step | None:
        row = self._database.execute(f"{_STEP} WHERE id = {which}", values).fetchone()
        if row is None:
            return None
        number, run, item, previous, accepted, hides, decision, took_back, act, edit, batch, before, note, head = row
        return Step(
            id=number,
            run=run,
            item=item,
            start=Standing(Decision(previous), accepted, bool(hides)),
            decision=Decision(decision),
            took_back=bool(took_back),
            act=Act(act),
            edit=edit,
            batch=batch,
            note_before=decoded(before),
            note=decoded(note),
            head=head,
        )

    # --- reading ---

    def ids(self, run_id: str | None = None) -> list[int]:
        """The numbers of all steps, or of one run's, newest first."""
        where, values = ("WHERE run = ?", (run_id,)) if run_id is not None else ("", ())
        return [row[0] for row in self._database.execute(f"SELECT id FROM decisions {where} ORDER BY id DESC", values)]

    def entries(self, ids: Iterable[int]) -> list[JournalEntry]:
        """In the order of `ids`; numbers that no step has are passed over."""
        rows = self._database.execute(
            "SELECT decisions.id, run, item, COALESCE(name, ''), act, decision, previous, before, after, time, who, "
            "what, note, state, batch FROM json_each(?) AS wanted JOIN decisions ON decisions.id = wanted.value "
            "LEFT JOIN items ON items.id = item ORDER BY wanted.key",
            (json.dumps(list(ids)),),
        )
        return [_entry(row) for row in rows]

    def learnable_count(self, run_ids: Sequence[str]) -> int:
        """How many of the `corrections` leave a label to learn."""
        row = self._database.execute(
            "SELECT COUNT(*) FROM (SELECT MAX(id) AS last FROM decisions "
            "WHERE run IN (SELECT value FROM json_each(?1)) AND state = 'done' AND act != 'note' GROUP BY item) "
            "JOIN decisions ON decisions.id = last "
            "WHERE decision IN (SELECT value FROM json_each(?2))",
            (json.dumps(list(run_ids)), json.dumps(list(LABEL_CHANGED))),
        ).fetchone()
        return int(row[0])

    def corrections(self, run_ids: Sequence[str]) -> list[Correction]:
        """The labels that were changed because of what the runs showed, in the order of the last decisions; `before` is
        the revision at which the first of them found the label."""
        rows = self._database.execute(
            "SELECT run, item, name, decision, first, after, time, who FROM "
            "(SELECT MAX(id) AS last, MIN(before) AS first FROM decisions "
            "WHERE run IN (SELECT value FROM json_each(?)) AND state = 'done' AND act != 'note' GROUP BY item) "
            "JOIN decisions ON decisions.id = last JOIN items ON items.id = item ORDER BY last",
            (json.dumps(list(run_ids)),),
        )
        return [
            Correction(
                run=run,
                item=item,
                name=name,
                decision=Decision(decision),
                before=before,
                after=after,
                time=when,
                who=who,
            )
            for run, item, name, decision, before, after, when, who in rows
            if decision in _CORRECTING
        ]


def _entry(row: tuple[Any, ...]) -> JournalEntry:
    number, run, item, name, act, decision, previous, before, after, when, who, what, note, state, batch = row
    kept = decoded(note)
    return JournalEntry(
        id=number,
        run=run,
        item=item,
        name=name,
        act=Act(act),
        decision=Decision(decision),
        previous=Decision(previous),
        before=before,
        after=after,
        time=when,
        who=who,
        what=what,
        note="" if kept is None else kept.answer or kept.text,
        state=StepState(state),
        batch=batch,
    )
