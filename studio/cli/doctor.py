"""`studio doctor`: what is here, what is missing, and the exact command that gets it."""

from __future__ import annotations

import typer

from studio.cli.checks import Check, Standing, every_check
from studio.cli.options import JsonOption
from studio.cli.output import Output

_MARKS = {Standing.GOOD: ("ok", "green"), Standing.WARNING: ("!", "yellow"), Standing.MISSING: ("missing", "red")}


def doctor(as_json: JsonOption = False) -> None:
    """Versions, device, Qt's libraries, display and data folder; what is missing, and how to get it. Code 1 where
    something is missing that the program needs."""
    output = Output(as_json=as_json)
    checks: list[Check] = []
    for check in every_check():
        checks.append(check)
        output.event("check", name=check.name, standing=check.standing, value=check.value, remedy=check.remedy)
        mark, style = _MARKS[check.standing]
        output.say(
            f"{mark:>8}  {check.name}: {check.value}", style=style if check.standing is not Standing.GOOD else None
        )
        if check.remedy:
            output.say(f"          → {check.remedy}", style=style)
    missing = [check.name for check in checks if check.standing is Standing.MISSING]
    sentence = f"Missing: {', '.join(missing)}." if missing else "Nothing that the program needs is missing."
    output.result("doctor", sentence, missing=missing)
    raise typer.Exit(1 if missing else 0)
