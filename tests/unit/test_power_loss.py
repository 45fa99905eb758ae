"""A power cut after every step of a job: what was not flushed may be gone, and an index vouches only for what is there.

The disk is simulated. What a job writes is real; at every flush and rename a copy is kept of what a disk could hold if
the power failed right then: everything, only what was flushed, all names with nothing in what was not flushed, or
everything but the content of one file that was not flushed.
"""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

import numpy as np
import pytest

from judge_vision.records import paths, store
from judge_vision.workflow import manifest, shard
from judge_vision.workflow.pictures import write_png

pytestmark = pytest.mark.slow
MAP = np.full((4, 6, 3), 90, np.uint8)


class Disk:
    """What of the current folder would survive a power cut; `cuts` are the possible survivors, as {path: bytes}."""

    def __init__(self, monkeypatch):
        self.cuts = []
        self._flushed = {}  # inode: content
        self._entries = {}  # path: inode, as the disk has it
        rename = Path.replace
        monkeypatch.setattr(os, "fsync", self._fsync)
        monkeypatch.setattr(os, "sync", self._sync)
        monkeypatch.setattr(Path, "replace", lambda source, target: (rename(source, target), self._cut()))

    def durable(self):
        """What would survive even the worst cut right now."""
        return {path: self._flushed.get(inode, b"") for path, inode in self._entries.items()}

    def _fsync(self, descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            here = path.relative_to(Path.cwd())
            self._entries = {name: inode for name, inode in self._entries.items() if name.parent != here}
            self._entries |= {name: inode for name, inode in inodes().items() if name.parent == here}
        else:
            self._flushed[path.stat().st_ino] = path.read_bytes()
        self._cut()

    def _sync(self):
        self._entries = inodes()
        self._flushed |= {self._entries[path]: content for path, content in contents(self._entries).items()}
        self._cut()

    def _cut(self):
        names = inodes()
        everything = contents(names)
        flushed = {path: self._flushed.get(names[path], b"") for path in everything}
        one_lost = [{**everything, path: b""} for path in everything if flushed[path] != everything[path]]
        self.cuts += [everything, self.durable(), flushed, *one_lost]


def inodes():
    return {
        path: status.st_ino for path, status in of_those_there(Path.stat, Path().rglob("*")) if S_ISREG(status.st_mode)
    }


def contents(files):
    return dict(of_those_there(Path.read_bytes, files))


def of_those_there(look, files):
    """(path, what `look` gives for it); a job's threads rename what they have written while this one looks."""
    for path in list(files):
        with suppress(FileNotFoundError):
            yield path, look(path)


def restore(cut):
    for path in Path().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path, content in cut.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def work():
    """A job like those of the rules: figures and, for some photographs, a picture beside them."""
    job = shard.ShardJob("mono", "00000")
    items = [shard.Item(name, {"image": name}, {"status": "ok", "sha256": f"sha-{name}"}) for name in "abc"]

    def measure(item):
        name = paths.by_content(paths.HEAT_MAPS, item.facts["sha256"], ".png")
        made = {name.as_posix(): write_png(name, MAP)}
        return {"heat_map": name.as_posix(), "value": ord(item.image), store.COMPANIONS: made}

    job.run(items, shard.each(measure, 1), lambda item: store.digest(item.facts["sha256"]))


def outcome():
    """The records, through the index that vouches for them, and the pictures that they name."""
    records = shard.read_records("mono", "00000")
    return records, {name: Path(record["heat_map"]).read_bytes() for name, record in records.items()}


@pytest.mark.parametrize("earlier", [False, True], ids=["first run", "second run"])
def test_a_power_cut_at_any_step_of_a_job(tmp_path, monkeypatch, earlier):
    monkeypatch.chdir(tmp_path)
    if earlier:
        work()
        shutil.rmtree("cache")
    with monkeypatch.context() as patch:
        disk = Disk(patch)
        work()
    wanted = outcome()
    assert len(disk.cuts) > 20
    assert paths.index_file("mono", "00000") in disk.durable(), "a job that has ended is not on the disk"
    for cut in disk.cuts:
        restore(cut)
        if paths.index_file("mono", "00000") in cut and not earlier:
            assert outcome() == wanted, "the index vouches for what is not there"
        work()
        assert outcome() == wanted


def test_a_power_cut_at_any_step_of_the_manifest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entries = [{"image": f"{number}.jpg", "size": number} for number in range(5)]
    inventory = "".join(store.canonical_json(entry) + "\n" for entry in entries).encode()
    store.write_bytes(paths.INVENTORY, inventory)
    with monkeypatch.context() as patch:
        disk = Disk(patch)
        manifest.write_manifest(paths.INVENTORY, 2)
    lists = paths.shard_list("x").parent
    wanted = {path: path.read_bytes() for path in inodes() if path.parent == lists}
    for cut in disk.cuts:
        restore(cut)
        if paths.MANIFEST in cut:
            assert {path: content for path, content in cut.items() if path.parent == lists} == wanted
        store.write_bytes(paths.INVENTORY, inventory)
        manifest.write_manifest(paths.INVENTORY, 2)
        listed = [json.loads(line) for path in lists.glob("*.jsonl") for line in path.read_text().splitlines()]
        assert sorted(listed, key=lambda entry: entry["size"]) == entries
