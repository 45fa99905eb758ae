"""Files that a run writes, and folders that it sweeps."""

import errno
import os

import pytest

from judge_vision.failure import UserError
from judge_vision.records import store


def test_a_sweep_leaves_what_is_to_be_kept_and_no_empty_folders(tmp_path):
    kept = [tmp_path / "a" / "b" / "kept.js", tmp_path / "kept too.js"]
    for path in (*kept, tmp_path / "a" / "b" / "old.js", tmp_path / "c" / "d" / "old.js", tmp_path / "old.js"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    store.sweep(tmp_path, kept)
    assert sorted(tmp_path.rglob("*")) == sorted([tmp_path / "a", tmp_path / "a" / "b", *kept])
    store.sweep(tmp_path / "nothing", [])
    store.sweep(tmp_path, [])
    assert tmp_path.is_dir() and not any(tmp_path.iterdir())


def test_a_file_appears_whole_or_not_at_all_and_leaves_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "new" / "folder" / "file.jpg"
    store.write_bytes(path, b"first")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=f"{path} cannot be written: No space left"):
        store.write_bytes(path, b"second")
    assert path.read_bytes() == b"first" and list(path.parent.iterdir()) == [path]
