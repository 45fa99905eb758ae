"""What is known of the scoring services that this user started on this machine: one small file for each.

The folder is the user's own and on this machine, never on a shared disk: process numbers mean nothing elsewhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from judge_vision.engines import processes
from judge_vision.engines.processes import Process
from judge_vision.failure import UserError
from judge_vision.records import store


@dataclass(frozen=True)
class Note:
    """A service that was started here."""

    url: str
    process: str
    """`Process.text` of the server."""
    owner: str | None
    """`Process.text` of the run that it belongs to; None: it is kept until somebody stops it."""
    log: str
    """Its log file."""
    starts: int = 1
    """How often it was started for this owner."""
    failures: int = 0
    """How often it had to be replaced because it died, hung or did not start."""
    errors: tuple[str, ...] = ()
    """Why the ones before had to be replaced."""

    @property
    def server(self) -> Process:
        """The server's process."""
        return processes.parse(self.process)

    @property
    def orphaned(self) -> bool:
        """The run that it belongs to is gone."""
        return self.owner is not None and not processes.parse(self.owner).alive

    @property
    def file(self) -> Path:
        """Where this note lies: one for each owner, or for each port of a kept service."""
        name = f"run-{self.owner.replace(':', '-')}" if self.owner else f"kept-{self.url.rpartition(':')[2]}"
        return folder() / f"{name}.json"


def folder() -> Path:
    """The folder of the notes, made if need be. Raises UserError where somebody else made it."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    # a job that outlives its login, or runs as another user, finds the variable but not the folder
    usable = base is not None and os.access(base, os.W_OK)
    path = Path(str(base)) / "judge-vision" if usable else Path(tempfile.gettempdir()) / f"judge-vision-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise UserError(f"{path} is not a folder that only you can write; remove it, or ask whom it belongs to")
    return path


@contextmanager
def lock() -> Iterator[None]:
    """Only one process of this user starts or stops services at a time."""
    with (folder() / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write(note: Note) -> None:
    """Write the note."""
    store.write_json(note.file, asdict(note), durable=False)


def forget(note: Note) -> None:
    """Delete the note."""
    note.file.unlink(missing_ok=True)


def read_all() -> list[Note]:
    """All notes, those of services that ended by themselves too."""
    notes = []
    for path in sorted(folder().glob("*.json")):
        try:
            value = json.loads(path.read_bytes())
            note = Note(**{**value, "errors": tuple(value["errors"])})
            processes.parse(note.process)
        except FileNotFoundError:
            continue
        except (ValueError, TypeError, KeyError):
            path.unlink(missing_ok=True)  # not one of ours, or of another version
            continue
        notes.append(note)
    return notes
