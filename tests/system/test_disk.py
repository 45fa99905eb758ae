"""A real full disk and a real read-only one: one line says so, and the same command finishes once that is mended."""

import re
import shutil
import subprocess

import pytest

from tests.system.stage1 import MORE, command

pytestmark = pytest.mark.slow

SCRIPT = """
results=$1 scores=$2; shift 2
mount -t tmpfs -o size=64k none "$results" || exit 77
attempt() {{
    mount -o "remount,$1" none "$results" || exit 77
    shift
    "$@"
    echo "ATTEMPT ENDED $?"
}}
{steps}
cp "$results/stage1.parquet" "$results.parquet"
"""


def unshared(*arguments):
    """The command line in a mount namespace of its own; skips where the system does not let us have one."""
    for start in (["unshare", "-m"], ["unshare", "-rm"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*start, "true"], check=False, capture_output=True).returncode == 0
        ):
            return [*start, *arguments]
    pytest.skip("mounting a small disk needs root or user namespaces")


def attempts(results, photos, scores, steps):
    """What each attempt said, without its last line, and whether it ended with status 0."""
    results.mkdir()
    call = ["bash", "-c", SCRIPT.format(steps="\n".join(steps)), "bash", results, scores]
    done = subprocess.run(
        unshared(*call, *command(results, photos=photos, **MORE)),
        cwd=results.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("a small disk cannot be mounted here")
    said, *ends = done.stdout.split("ATTEMPT ENDED ")
    texts = [said, *(end.split("\n", 1)[1] for end in ends)]
    return [(text, end.startswith("0\n")) for text, end in zip(texts, ends, strict=False)]


def reason(text):
    """What every line that speaks of it says is wrong; several jobs may."""
    assert "Traceback" not in text
    reasons = set(re.findall(r" cannot be written(?:: | \()([^;)]+)", text))
    assert len(reasons) == 1, text
    return reasons.pop()


def test_a_full_disk(photos, undisturbed, tmp_path):
    scores = undisturbed / "cache" / "iqa"
    steps = [
        'attempt size=64k "$@"',
        'attempt size=300k "$@"',
        'attempt size=700k "$@"',
        'mkdir -p "$results/cache"; mount -o remount,size=64m none "$results"; cp -r "$scores" "$results/cache/"',
        'attempt size=64m "$@"',
    ]
    found = attempts(tmp_path / "results", photos, scores, steps)
    assert [ended for _, ended in found] == [False, False, False, True], found[-1][0]
    for text, _ in found[:3]:
        assert reason(text) == "No space left on device"
    assert (tmp_path / "results.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes()


def test_a_disk_that_becomes_read_only(photos, undisturbed, tmp_path):
    scores = undisturbed / "cache" / "iqa"
    steps = [
        'attempt ro "$@"',
        'mount -o remount,rw,size=64m none "$results"; cp -r ' + f"'{undisturbed}'" + '/. "$results"',
        'attempt ro "$@"',
        'attempt rw "$@"',
    ]
    found = attempts(tmp_path / "results", photos, scores, steps)
    assert [ended for _, ended in found] == [False, False, True], found[-1][0]
    for text, _ in found[:2]:
        assert reason(text) == "Read-only file system"
    assert (tmp_path / "results.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes()
