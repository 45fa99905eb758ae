"""A stand-in for a Kubernetes cluster, for want of a real one: as much of its API as Snakemake's executor calls.

It runs the command of a job's container as a process of this machine, in an empty folder, with the environment that the
job's secrets give. Real: the executor, its requests and what it makes of the answers. Not real: images, volumes (a
folder of this machine has the path at which the volume would be mounted), nodes, limits, the scheduler.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: stand-in
clusters: [{{name: stand-in, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
contexts: [{{name: stand-in, context: {{cluster: stand-in, user: nobody}}}}]
users: [{{name: nobody, user: {{}}}}]
"""


class Cluster:
    """What was asked for, and the processes that run instead of pods."""

    def __init__(self, folder: Path, python: Path):
        self.folder, self.python = folder, python
        self.jobs: dict[str, dict] = {}
        self.secrets: dict[str, dict] = {}
        self.pods: dict[str, subprocess.Popen[bytes]] = {}

    def create_job(self, job: dict) -> None:
        name = job["metadata"]["name"]
        self.jobs[name] = job
        container = job["spec"]["template"]["spec"]["containers"][0]
        environment = {"HOME": os.environ["HOME"], "PATH": f"{self.python.parent}:{os.environ['PATH']}"}
        for variable in container.get("env") or ():
            source = variable["valueFrom"]["secretKeyRef"]
            environment[variable["name"]] = base64.b64decode(
                self.secrets[source["name"]]["data"][source["key"]]
            ).decode()
        workdir = self.folder / name
        workdir.mkdir()
        log = (self.folder / f"{name}.log").open("wb")
        self.pods[name] = subprocess.Popen(
            [*container["command"], *container["args"]], cwd=workdir, env=environment, stdout=log, stderr=log
        )

    def delete_job(self, name: str) -> None:
        process = self.pods.get(name)
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(30)

    def status(self, name: str) -> dict:
        code = self.pods[name].poll()
        return {"active": int(code is None), "succeeded": int(code == 0), "failed": int(code not in (None, 0))}

    def pod(self, name: str) -> dict:
        code = self.pods[name].poll()
        state = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
        status = {"name": "snakemake", "image": "", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        return {"metadata": {"name": name}, "status": {"containerStatuses": [status]}}


@contextmanager
def running(folder: Path, python: Path):
    """The stand-in, and the environment in which the executor finds it."""
    cluster = Cluster(folder, python)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/secrets"):
                cluster.secrets[body["metadata"]["name"]] = body
            else:
                cluster.create_job(body)
            self.answer(body)

        def do_GET(self):
            if found := re.search(r"/jobs/([^/?]+)/status", self.path):
                name = found[1]
                self.answer({**cluster.jobs[name], "status": cluster.status(name)})
            elif found := re.search(r"labelSelector=job-name%3D([^&]+)", self.path):
                self.answer({"apiVersion": "v1", "kind": "PodList", "items": [cluster.pod(found[1])]})
            elif found := re.search(r"/pods/([^/]+)/log", self.path):
                self.answer((cluster.folder / f"{found[1]}.log").read_text())

        def do_DELETE(self):
            if found := re.search(r"/jobs/([^/?]+)", self.path):
                cluster.delete_job(found[1])
            self.answer({"kind": "Status", "status": "Success"})

        def answer(self, value):
            data = (value if isinstance(value, str) else json.dumps(value)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain" if isinstance(value, str) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *more):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = folder / "kubeconfig"
    config.write_text(KUBECONFIG.format(port=server.server_port))
    try:
        yield cluster, {"KUBECONFIG": str(config)}
    finally:
        for name in cluster.pods:
            cluster.delete_job(name)
        server.shutdown()
