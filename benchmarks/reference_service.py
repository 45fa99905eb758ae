"""The scoring service of the reference's way: base64 JSON over HTTP, one picture a request, networks called eagerly.

    python benchmarks/reference_service.py

Says its port on a line of standard output when it is ready. Networks are those of the embedded bundle.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import base64
import io
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.nima import keras_network
from judge_vision.models import bundle, musiq, nima, runtime
from judge_vision.models.musiq_patches import patches_of


class Networks:
    """NIMA as Keras' own MobileNet, MUSIQ operation by operation."""

    def __init__(self) -> None:
        """Load the embedded bundle."""
        tf = runtime.start_tensorflow()
        models = bundle.load_bundle("embedded").models
        self._nima = []
        for role in ("nima_aesthetic", "nima_technical"):
            alpha = float(models[role].entry["alpha"])
            self._nima.append(keras_network(tf, nima.load_hdf5(models[role].path, alpha), alpha))
        self._arch = musiq.read_architecture(models["musiq"].entry["architecture"])
        self._weights = musiq.standardised(musiq.load_npz(models["musiq"].path, self._arch))

    def score(self, picture: Any) -> dict[str, float]:
        """The three scores of a picture, uint8 [height, width, 3]."""
        sample = nima.prepare(picture)[None]
        aesthetic, technical = (nima.mean_and_std(model(sample, training=False).numpy()[0])[0] for model in self._nima)
        one = patches_of(picture, self._arch)
        tokens = musiq.embed(self._weights, self._arch, one.pixels)[None]
        mask = np.ones((1, len(one.where)), bool)
        logits = musiq.encode(self._weights, self._arch, tokens, one.where[None], one.scale[None], mask).numpy()[0]
        return {"nima_aesthetic_mean": aesthetic, "nima_technical_mean": technical, "musiq_mos": musiq.mos(logits)}


class Handler(BaseHTTPRequestHandler):
    """POST {"image": base64 of a JPEG} -> scores."""

    networks: Networks

    def do_POST(self) -> None:
        """Score the picture."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Image.open(io.BytesIO(base64.b64decode(body["image"]))) as opened:
            answer = json.dumps(self.networks.score(np.asarray(opened.convert("RGB")))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        """Nothing: a line a request is of no use."""


if __name__ == "__main__":
    Handler.networks = Networks()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
