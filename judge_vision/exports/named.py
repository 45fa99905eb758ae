"""Writing files that are called after photographs, whose names come from outside."""

from __future__ import annotations

import errno
from pathlib import Path

from judge_vision.records import store

# What a file system answers where the name is at fault: one photograph's matter, while a full disk is everyone's.
_OF_THE_NAME = {
    errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ENOTEMPTY,
}  # fmt: skip


def write_named(path: Path, data: bytes) -> str | None:
    """Write `data` to `path`; None, or why a file cannot have that name here.

    Raises UserError where it is not the name: a full disk, or a folder that nobody may write.
    """
    try:
        store.put_bytes(path, data, durable=False)
    except OSError as error:
        if error.errno not in _OF_THE_NAME:
            raise store.cannot_be_written(path, error) from None
        return error.strerror
    return None
