import json

import pytest

from judge_vision.records import paths, store
from judge_vision.workflow import estimate, progress

STEPS = ("prepare", "iqa", "mono", "tonal", "compliance")
FIRST = {"prepare_s": 1.0, "iqa_s": 4.0, "metric_s": 1.5, "compliance_s": 0.0, "start_s": 2.0}


def inventory(count, start=0):
    return [store.canonical_json({"image": f"{number}.jpg"}) for number in range(start, start + count)]


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines))


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(estimate, "STEPS", STEPS)
    write(paths.INVENTORY, inventory(100))
    return tmp_path


def finish(rule, shard="00000"):
    if not paths.settings_file(rule).exists():
        store.write_json(paths.settings_file(rule), {})
    store.write_json(paths.index_file(rule, shard), {})


def test_a_first_run_goes_by_the_configured_rates(results):
    # 100 x (1 + 4 + 1.5 + 1.5) s and 5 jobs that start in 2 s each: 810 s
    line = estimate.begin(results, FIRST, 100, jobs_at_once=1)
    assert (
        line
        == "100 photographs, 100 of them to be measured: about 14 minutes; a first guess, corrected as the run goes"
    )
    assert "about 7 minutes" in estimate.begin(results, FIRST, 100, jobs_at_once=2)


def test_what_earlier_runs_noted_gives_the_next_rates(results):
    for rule in STEPS:
        estimate.note(rule, 100, 50, 0, 0.1)
    with paths.PROGRESS.open("a") as handle:
        handle.write('{"rule": "iqa", "photogr')  # torn by a power cut
    # 100 x 5 x .1 s and 10 s of starts
    assert estimate.begin(results, FIRST, 100, 1) == "100 photographs, 100 of them to be measured: about a minute"
    assert json.loads(paths.RATES.read_text())["iqa"] == pytest.approx(0.1)
    estimate.note("iqa", 100, 0, 0, 0.3)
    estimate.begin(results, FIRST, 100, 1)
    assert json.loads(paths.RATES.read_text())["iqa"] == pytest.approx(0.2)


def test_only_what_is_new_or_has_other_settings_counts(results):
    write(paths.shard_list("00000"), inventory(60))
    write(paths.shard_list("00001"), inventory(30, start=60))
    for rule in STEPS:
        finish(rule)
        finish(rule, "00001")
    assert "10 of them" in estimate.begin(results, FIRST, 100, 1)
    paths.index_file("tonal", "00001").unlink()
    assert "40 of them" in estimate.begin(results, FIRST, 100, 1)
    write(paths.INVENTORY, inventory(60))
    assert estimate.begin(results, FIRST, 100, 1) is None


def test_what_is_left_follows_the_jobs(results):
    estimate.begin(results, FIRST, 100, 1)
    assert estimate.left("prepare", 0, 1.0) == pytest.approx(800)
    assert estimate.left("prepare", 50, 3.0) == pytest.approx(50 * 3 + 700)
    estimate.note("prepare", 100, 0, 0, 3.0)
    assert estimate.left("iqa", 100, 9.0) == pytest.approx(300)
    assert estimate.left("iqa", 0, None) == pytest.approx(400 + 300)
    paths.RUN.unlink()
    assert estimate.left("iqa", 100, 9.0) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "about a minute"), (61, "about 2 minutes"), (7100, "about 119 minutes"), (9000, "about 2 hours")],
)
def test_times_for_people(seconds, text):
    assert estimate.about(seconds) == text


def test_a_job_says_how_long_the_whole_run_takes_and_notes_its_rate(results, monkeypatch, capsys):
    """Photographs of a batch come together: what came with the first says nothing of the rate."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    estimate.begin(results, FIRST, 100, 1)
    shown = progress.Progress("iqa 00000", 100, 100, 0)
    now[0] += 20  # the networks are loaded
    for _ in range(5):
        for _ in range(20):
            shown.step()
        now[0] += 10
    shown.finish(0)
    lines = capsys.readouterr().err.splitlines()
    # nothing while nothing but the start was seen: 1 photograph in 20 s would say half an hour
    assert lines[0].startswith("[iqa 00000] 21 of 100 photographs, 2.0/s, 40 s left; the whole run: about")
    (job,) = estimate.noted(results)
    assert (job["rule"], job["photographs"], job["seconds_each"]) == ("iqa", 100, pytest.approx(50 / 80))
