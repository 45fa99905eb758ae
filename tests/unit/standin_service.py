"""The real server with STAND-IN networks: no TensorFlow, an answer within milliseconds, and faults on demand.

Everything but the networks is what users run. `STAND_IN` in the environment is a JSON object: `seconds` a batch takes,
`loading` takes seconds, `fails` (every batch), `memory_for` (pictures that fit into memory at once).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import requests

from judge_vision.engines.options import read_options
from judge_vision.engines.processes import process_of
from judge_vision.models.runtime import Batches
from judge_vision.models.scorer import Scores


class StandInNetworks:
    device = "stand-in"
    gpu_memory_bytes = None

    def __init__(self, options):
        self._faults = json.loads(os.environ.get("STAND_IN", "{}"))
        time.sleep(self._faults.get("loading", 0))
        self._batches = Batches(options.batch_size, (MemoryError,))

    @property
    def batch_size(self):
        return self._batches.size

    def score(self, pictures):
        time.sleep(self._faults.get("seconds", 0))
        if self._faults.get("fails"):
            raise RuntimeError("a fault <on demand>")
        return self._batches.run(pictures, self._model)

    def _model(self, part):
        if len(part) > self._faults.get("memory_for", len(part)):
            raise MemoryError
        return [self._scores(one) for one in part]

    def _scores(self, one):
        mean = 1 + 9 * float(one.sample.mean()) / 255
        even = [0.1] * 10
        return Scores(mean, 1.0, even, 11 - mean, 1.0, even, float(one.scaled.mean()), one.max_side)


class Server:
    """A server process that is ready; ended, whatever happens, by `with`."""

    def __init__(self, *arguments, wait=True, **faults):
        environment = {**os.environ, "STAND_IN": json.dumps(faults)}
        command = [sys.executable, __file__, "--port=0", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.lines = []
        self.url = None
        for line in self.process.stderr:
            self.lines.append(line)
            if "listening on" in line:
                self.url = line.split()[-1].replace("0.0.0.0", "127.0.0.1")
                break
        if self.url and wait:
            while self.get("/health").status_code == 503:
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def get(self, path, **more):
        return requests.get(self.url + path, timeout=30, **more)

    def post(self, path, **more):
        return requests.post(self.url + path, timeout=60, **more)

    def health(self):
        return self.get("/health").json()

    def children(self):
        # each thread has its own
        lists = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [process_of(int(child)) for one in lists for child in one.read_text().split()]


if __name__ == "__main__":
    import logging

    from judge_vision.service.main import serve

    logging.basicConfig(level=logging.INFO)
    sys.exit(serve(read_options(sys.argv[1:]), StandInNetworks))
