"""What goes wrong while a run goes or a service works, and the one line that people then read."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from starlette.requests import ClientDisconnect

from judge_vision.compliance.rules import Competition
from judge_vision.config import read_config
from judge_vision.engines import lifecycle
from judge_vision.engines.client import Client
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.lifecycle import Plan
from judge_vision.engines.notes import Note
from judge_vision.engines.options import Options
from judge_vision.engines.over_http import ServiceEngine
from judge_vision.engines.processes import this_process
from judge_vision.engines.settings import ServiceSettings
from judge_vision.failure import PhotographError, UserError
from judge_vision.models import download
from judge_vision.photograph import isolate
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.ranking.settings import RankingSettings
from judge_vision.records import paths, store
from judge_vision.records.table import arrow_schema, write_rows
from judge_vision.service import app, bodies, decoding, main
from judge_vision.service.batching import QueueFull
from judge_vision.workflow import calibrating, competing, pixels, ranking, session
from judge_vision.workflow.pixels import PixelJob
from judge_vision.workflow.shard import Item, read_records
from tests.unit import standin_hosts
from tests.unit.competition_entries import entry

ROOT = Path(__file__).parents[2]
QUICK = ServiceSettings(connect_timeout_s=1.0, timeout_s=2.0, start_timeout_s=0.2, port=0)
SETTINGS = PrepareSettings()
GONE = "the small picture .* is gone; delete state/index/prepare and run again"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("health", "says"),
    [
        ({"state": "failed", "problem": "no bundle"}, "the service is failed: no bundle"),
        ({"state": "loading"}, r"the service was not ready within 0\.2 s"),
    ],
)
def test_a_service_that_does_not_become_ready(health, says):
    answer = {"service": "judge-vision", "process": this_process().text, **health}
    with standin_hosts.answers({"/health": (200, answer, {})}) as url, pytest.raises(EngineUnavailable, match=says):
        lifecycle._await_ready(Note(url, this_process().text, None, "log"), QUICK, None, None)


def test_a_service_that_is_gone_at_once_or_does_not_end(folder, monkeypatch):
    monkeypatch.setattr(lifecycle, "_SCRIPTS", folder)
    monkeypatch.setattr(lifecycle.processes, "process_of", lambda _: (_ for _ in ()).throw(ProcessLookupError()))
    with pytest.raises(EngineUnavailable, match="the service ended at once: "):
        lifecycle._launch(Plan(Options(), QUICK), None, None, folder / "service.log")
    refused = {"/shutdown": (500, {"error": "busy"}, {})}
    with standin_hosts.answers(refused) as url, pytest.raises(EngineUnavailable, match="does not shut down: "):
        Client(url, QUICK, None).shutdown()


def test_a_service_that_never_scores(monkeypatch):
    engine = ServiceEngine.__new__(ServiceEngine)

    def refuse(*_):
        raise EngineUnavailable("gone")

    engine._plan, engine._wanted, engine.note, engine._most_bytes = None, {}, None, 10**9
    engine._client = SimpleNamespace(score=refuse)
    monkeypatch.setattr(lifecycle, "ensure", lambda *_: None)
    monkeypatch.setattr(ServiceEngine, "_connect", lambda self, note: None)
    picture = SimpleNamespace(sample=np.zeros((2, 2, 3), np.uint8), scaled=np.zeros((2, 2, 3), np.uint8), nbytes=1)
    with pytest.raises(EngineUnavailable, match="the service did not score 1 pictures in"):
        engine.score([picture])


def test_a_download_that_breaks_off(folder, monkeypatch):
    class Half:
        """Half of what its header says."""

        status_code, headers = 200, {"Content-Length": "8"}

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def raise_for_status(self):
            return None

        def iter_content(self, _):
            return iter([b"half"])

    monkeypatch.setattr("requests.get", lambda *_, **__: Half())
    with pytest.raises(download.DownloadError, match="the connection broke; run `make models` again"):
        download._receive("http://example.org/w.npz", folder / "part")


def test_a_defect_in_the_preparation_costs_one_row(folder):
    future = Future()
    future.set_exception(RuntimeError("x"))
    found = isolate._outcome(future, folder / "gone", SETTINGS)
    assert found.message == "a defect of this program (RuntimeError); the job's log has the details"


@pytest.mark.parametrize(
    ("raised", "says"),
    [(asyncio.TimeoutError(), "the request did not arrive within"), (ClientDisconnect(), "the client went away")],
)
def test_requests_that_do_not_arrive(raised, says):
    class Request:
        async def stream(self):
            raise raised
            yield b""

    with pytest.raises(bodies.Refused, match=says) as refused:
        asyncio.run(bodies.read_body(Request(), 100))
    assert refused.value.message.startswith(says)


def test_a_service_that_has_too_much_to_do_or_another_form_to_read(monkeypatch):
    service = app.Service.__new__(app.Service)

    def full(_):
        raise QueueFull

    service.batcher = SimpleNamespace(submit=full, waiting=9, state="ready")
    with pytest.raises(bodies.Refused) as refused:
        asyncio.run(service._score([]))
    assert refused.value.message == "9 pictures wait already; ask again later"


def test_a_decoder_that_died_or_was_stopped(monkeypatch):
    decoders = decoding.Decoders.__new__(decoding.Decoders)
    decoders._own, decoders._lock, decoders._closed = SimpleNamespace(), decoding.threading.Lock(), True
    assert decoders._decode(b"").message == "the service is stopping"
    worker = decoding._Worker.__new__(decoding._Worker)
    worker._timeout_s = 1.0
    worker._process = SimpleNamespace(join=lambda _: None, exitcode=-9, kill=lambda: None)
    worker._pipe = SimpleNamespace(send_bytes=lambda _: (_ for _ in ()).throw(BrokenPipeError()), close=lambda: None)
    found = worker.ask(b"")
    assert found.message == "the decoder's process was ended by SIGKILL; save the picture again as JPEG"


def test_an_address_that_this_machine_does_not_have():
    with pytest.raises(UserError, match=r"cannot listen on 192\.0\.2\.1, port 0 .*; choose another with --port"):
        main._listen(Options(address="192.0.2.1", port=0))


def run_config(**settings):
    store.write_json(paths.RUN_CONFIG, read_config(settings).model_dump(mode="json"))


def test_marks_of_other_photographs(folder):
    (folder / "marks.csv").write_text("image,mark\nother.jpg,7\n")
    run_config(calibration={"marks": str(folder / "marks.csv")})
    write_rows(paths.TABLE, [{"image": "a.jpg", "status": "ok"}], arrow_schema({"bundle": {}}, []))
    with pytest.raises(UserError, match=r"none of the 1 marks in .* belongs to a photograph of this run; its column"):
        calibrating.write_calibration()


def test_a_competition_whose_marks_entries_or_pictures_are_gone(folder, monkeypatch):
    run_config(photos=str(folder))
    Image.new("RGB", (4, 4)).save(folder / "a.png")
    found = SimpleNamespace(run=store.read_json(paths.RUN_CONFIG), competition=Competition(name="Spring"))
    with pytest.raises(UserError, match=r"a\.png changed since it was checked; run again"):
        competing._pixels(entry("a.png", sha256="0" * 64, corrected_copy=None), found)
    monkeypatch.setattr(competing, "gather", lambda: found)
    with pytest.raises(UserError, match=r"there are no marks; set MARKS=marks\.csv, or competition\.marks"):
        competing.write_results()
    with pytest.raises(UserError, match=GONE):
        lines = [SimpleNamespace(entry=entry("a.png"))]
        competing._write_archive(found, SimpleNamespace(lines=lines), None)


def test_a_photograph_or_its_proof_that_changed_during_the_run(folder, monkeypatch):
    job = PixelJob("tonal", "00000")
    sizes = {"sample_px": 224, "scaled_px": 640, "linear_px": 1024}
    store.write_json(paths.settings_file("prepare"), {"proof": sizes, "settings": vars(SETTINGS)})
    run_config(photos=str(folder))
    item = Item("a.png", {}, {"sha256": "0" * 64, "status": "ok"})
    other = SimpleNamespace(sha256="1" * 64)
    monkeypatch.setattr(pixels, "load_proof", lambda *_: other)
    with pytest.raises(PhotographError, match="the file changed during the run; run again"):
        job.proof(item)
    monkeypatch.setattr(pixels, "load_proof", lambda *_: (_ for _ in ()).throw(FileNotFoundError()))
    monkeypatch.setitem(sys.modules, "judge_vision.photograph.prepare", None)
    with pytest.raises(UserError, match=r"the proof of a\.png is gone; run again, and it is made again"):
        job.proof(item)


def test_a_calibration_of_other_scores(folder):
    calibration = folder / "calibration.json"
    mapping = {"scores": [1.0, 9.0], "marks": [1.0, 9.0], "scored_by": "other 1"}
    known = {"format": "judge-vision/calibration/1", "scores": {"musiq_mos": {"mapping": mapping}}}
    calibration.write_text(json.dumps(known))
    run = SimpleNamespace(
        ranking=replace(RankingSettings(), calibration=str(calibration)),
        source="musiq_mos",
        stage1=([], {"bundle": {"name": "embedded", "version": "1"}}),
        stage2=SimpleNamespace(model=None),
    )
    with pytest.raises(UserError, match="was fitted to scores of other 1, these are of embedded 1; calibrate again"):
        ranking._mark(run)


def test_a_photograph_that_the_list_names_and_nobody_has(folder, monkeypatch):
    """By the rule's own command: a list with one photograph that is there and one that is not."""
    (folder / "photos").mkdir()
    Image.new("RGB", (4, 4)).save(folder / "photos" / "a.png")
    (folder / "list.csv").write_text("image\na.png\ngone.png\n")
    config = read_config({"photos": "photos", "list": "list.csv", "results": "results"}).resolved(folder)
    session.begin(config, ROOT, None, 1)
    for script, *shard in (["manifest"], ["prepare", "--shard", "00000"]):
        command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), "--results", "results", *shard]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    monkeypatch.chdir(folder / "results")
    record = read_records("prepare", "00000")["gone.png"]
    assert record["error"] == "the list names it, but there is no such file; put it back or take it off the list"
    assert "the list names it, but there is no such file" in done.stderr


def test_a_link_in_the_place_of_a_photograph_is_not_followed_out_of_the_folder(folder, monkeypatch):
    """By the rule's own command: swapped between the listing and the preparation."""
    (folder / "photos").mkdir()
    for place in (folder / "secret.png", folder / "photos" / "a.png", folder / "photos" / "b.png"):
        Image.new("RGB", (4, 4)).save(place)
    config = read_config({"photos": "photos", "results": "results"}).resolved(folder)
    session.begin(config, ROOT, None, 1)
    (folder / "photos" / "a.png").unlink()
    (folder / "photos" / "a.png").symlink_to(folder / "secret.png")
    for script, *shard in (["manifest"], ["prepare", "--shard", "00000"]):
        command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), "--results", "results", *shard]
        subprocess.run(command, check=True, capture_output=True)
    monkeypatch.chdir(folder / "results")
    records = read_records("prepare", "00000")
    assert records["b.png"]["status"] == "ok"
    assert (records["a.png"]["error_type"], records["a.png"]["sha256"]) == ("changed", None)
