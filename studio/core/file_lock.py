"""A lock of the operating system on an open file; the system lets it go however the process ends."""

from __future__ import annotations

import errno
import sys
from typing import BinaryIO, Final

TAKEN: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""What the OSError says where another process has the lock; any other means that the file system knows no locks."""

if sys.platform == "win32":
    import msvcrt

    def lock_file(file: BinaryIO, *, shared: bool = False) -> None:
        """Raises OSError at once where that is not possible."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def unlock_file(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock_file(file: BinaryIO, *, shared: bool = False) -> None:
        """Raises OSError at once where that is not possible."""
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)

    def unlock_file(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
