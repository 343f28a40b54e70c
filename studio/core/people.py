"""Who is at work, for records that say so."""

from __future__ import annotations

import getpass
import os
from typing import Final

NAME_VARIABLE: Final = "STUDIO_USER"


def user_name() -> str:
    """The name in `STUDIO_USER`, else that of the account; empty where the system knows none."""
    chosen = os.environ.get(NAME_VARIABLE, "").strip()
    if chosen:
        return chosen
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no account
        return ""
