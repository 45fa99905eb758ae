"""Photographs and results in object storage, through Snakemake's storage plugin, against a local S3 server (moto)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import boto3
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from judge_vision.records.steps import STEPS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "photos"
PYTHON = Path(os.environ.get("CLUSTER_PYTHON", ROOT / ".venv-cluster" / "bin" / "python"))
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def club(server):
    """A bucket of its own, with three photographs in a folder."""
    os.environ.update(KEYS)
    bucket = boto3.resource("s3", endpoint_url=server, region_name="us-east-1").Bucket("club")
    bucket.create()
    for key, name in {
        "2026/Chelsea.jpg": "Chelsea.jpg",
        "2026/Mono/A bowl.jpg": "Mono/Only the bowl.jpg",
        "2026/Nuthatch.jpg": "Nuthatch.jpg",
    }.items():
        bucket.upload_file(str(EXAMPLES / name), key)
    yield bucket
    bucket.objects.delete()
    bucket.delete()


def judge(server, results, *more, **config):
    """Call Snakemake with the profile."""
    command = [
        str(PYTHON),
        "-m",
        "snakemake",
        "-s",
        str(ROOT / "Snakefile"),
        "--profile",
        str(ROOT / "profiles" / "s3"),
    ]
    command += ["--cores", "2", "--storage-s3-endpoint-url", server, *more]
    command += ["--config", f"results={results}", *(f"{key}={value}" for key, value in config.items())]
    done = subprocess.run(
        command, cwd=results.parent, env={**os.environ, **KEYS}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def rows(data):
    return {row["image"]: row for row in pq.read_table(data).to_pylist()}


def published_rows(bucket):
    return rows(io.BytesIO(bucket.Object("judged/stage1.parquet").get()["Body"].read()))


def test_photographs_come_from_a_bucket_and_results_go_there(server, club, tmp_path):
    # names that are no paths of files below the folder: nothing is written outside of it, and they are counted
    for key in ("2026/../../../../escaped.jpg", "2026/a//b.jpg", "2026/" + 300 * "x"):
        club.put_object(Key=key, Body=b"x")
    club.put_object(Key="2027/other.jpg", Body=b"another folder")
    results = tmp_path / "deep" / "er" / "results"
    results.parent.mkdir(parents=True)
    bucket = "{photos: s3://club/2026, results: s3://club/judged}"
    status, output = judge(server, results, bucket=bucket)
    assert status == 0, output
    assert set(published_rows(club)) == {"Chelsea.jpg", "Mono/A bowl.jpg", "Nuthatch.jpg"}
    assert "3 object whose name cannot be a file's" in output
    assert not list(tmp_path.rglob("escaped.jpg"))
    keys = {item.key for item in club.objects.filter(Prefix="judged/")}
    assert {"judged/stage1.parquet", "judged/summary.json", "judged/report/index.html"} <= keys
    assert any(key.startswith("judged/report/pictures/") for key in keys)
    archive = club.Object("judged/records.tar.gz").get()["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as records:
        assert sum(name.endswith(".json") for name in records.getnames()) == 3 * len(STEPS)

    untouched = (results / "originals" / "Chelsea.jpg").stat().st_ctime_ns
    status, output = judge(server, results, bucket=bucket)
    assert status == 0 and "Nothing to be done" in output, output

    # one more, one less, one changed; and a folder where a file was
    club.upload_file(str(EXAMPLES / "Coffee break.png"), "2026/Coffee break.png")
    club.Object("2026/Nuthatch.jpg").delete()
    club.upload_file(str(EXAMPLES / "Nuthatch.jpg"), "2026/Nuthatch.jpg/1.jpg")
    club.upload_file(str(EXAMPLES / "Dandelions.jpg"), "2026/Mono/A bowl.jpg")
    status, output = judge(server, results, bucket=bucket)
    assert status == 0, output
    table = published_rows(club)
    assert set(table) == {"Chelsea.jpg", "Coffee break.png", "Mono/A bowl.jpg", "Nuthatch.jpg/1.jpg"}
    assert (results / "originals" / "Chelsea.jpg").stat().st_ctime_ns == untouched
    job = json.loads(next((results / "state" / "jobs" / "tonal").glob("*.json")).read_text())
    # the picture that moved was measured already
    assert (job["photographs"], job["cached"]) == (4, 2)
    # the table is the one that the same photographs in a folder give
    local = tmp_path / "local"
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--quiet", "host"]
    command += ["--config", f"photos={results / 'originals'}", f"results={local}"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    assert rows(local / "stage1.parquet") == table


def test_a_bucket_that_holds_only_results_is_not_deleted_when_they_are_replaced(server, club, tmp_path):
    other = boto3.resource("s3", endpoint_url=server, region_name="us-east-1").Bucket("results-only")
    other.create()
    other.Tagging().put(Tagging={"TagSet": [{"Key": "kept", "Value": "yes"}]})
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "Chelsea.jpg").write_bytes((EXAMPLES / "Chelsea.jpg").read_bytes())
    wanted = {"photos": tmp_path / "photos", "bucket": "{results: s3://results-only/judged}"}
    for title in ("First", "Second"):
        status, output = judge(server, tmp_path / "results", report=f"{{title: {title}}}", **wanted)
        assert status == 0, output
    assert b"Second" in other.Object("judged/report/index.html").get()["Body"].read()
    assert other.Tagging().tag_set == [{"Key": "kept", "Value": "yes"}]


@pytest.mark.parametrize(
    ("photos", "line"),
    [
        ("s3://club/nowhere", "there is nothing below s3://club/nowhere"),
        ("s3://no-such-bucket/2026", "s3://no-such-bucket/2026 cannot be used"),
        ("club/2026", "config key bucket.photos"),
    ],
)
def test_a_wrong_address_is_one_line(server, club, tmp_path, photos, line):
    status, output = judge(server, tmp_path / "results", bucket=f"{{photos: {photos}}}")
    assert status != 0 and f"judge-vision: {line}" in output and "Traceback" not in output
