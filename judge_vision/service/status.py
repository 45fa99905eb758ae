"""What the server says of itself: /health for programs, a page for people."""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import asdict
from typing import Any

from judge_vision.service.batching import Batcher
from judge_vision.service.metrics import Figures, resident_bytes

REFRESH_S = 5

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #1d1d1f; background: #fff; }
h1 { font-size: 1.4rem; } table { border-collapse: collapse; } caption { text-align: left; font-weight: 600; padding: .8rem 0 .2rem; }
th { text-align: left; font-weight: 400; color: #555; padding-right: 2rem; vertical-align: top; } td { overflow-wrap: anywhere; }
.ready { color: #126b2e; } .failed, .stopping { color: #a11; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1b1b1d; } th { color: #bbb; } .ready { color: #7fd99a; } .failed, .stopping { color: #f99; } }
"""  # noqa: E501


def figures(batcher: Batcher, counted: Figures) -> dict[str, Any]:
    """The part of /health that changes from moment to moment."""
    now, peak = resident_bytes()
    gpu = batcher.gpu_memory_bytes
    return {
        "problem": batcher.problem,
        "device": batcher.device,
        "queue_length": batcher.waiting,
        "running_s": round(batcher.running_s, 3),
        "batch_size": batcher.batch_size,
        "pictures": {"ok": counted.ok, "failed": counted.failed},
        "memory": {
            "resident_mb": round(now / 1e6, 1),
            "peak_mb": round(peak / 1e6, 1),
            "gpu_mb": None if gpu is None else round(gpu / 1e6, 1),
        },
        "uptime_s": round(counted.uptime_s, 1),
        "restarts": counted.restarts,
        "last_errors": [asdict(error) for error in counted.errors],
    }


def page(facts: dict[str, Any]) -> tuple[str, str]:
    """The status page of the facts of /health, and the policy that lets nothing run or load in it."""
    state, served = str(facts["state"]), facts["pictures"]
    rows = [
        ("State", state),
        ("Problem", facts["problem"]),
        ("Runs on", facts["device"]),
        ("Networks", facts["model_bundle"]),
        ("Trained on human ratings", "yes" if facts["human_ratings"] else "no"),
        ("Pictures scored", f"{served['ok']:,}"),
        ("Pictures refused or failed", f"{served['failed']:,}"),
        ("Pictures waiting", f"{facts['queue_length']:,}"),
        ("Pictures scored together, at most", facts["batch_size"]),
        ("Memory", f"{facts['memory']['resident_mb']:,.0f} MB, at most {facts['memory']['peak_mb']:,.0f} MB"),
        ("Memory of the GPU, MB", facts["memory"]["gpu_mb"]),
        ("Running for", _duration(facts["uptime_s"])),
        ("Restarts", facts["restarts"]),
    ]
    body = "".join(f"<tr><th scope=row>{name}<td>{_text(value)}" for name, value in rows if value is not None)
    errors = "".join(
        f"<tr><th scope=row>{_text(one['time'] or 'before the restart')}<td>{_text(one['text'])}"
        for one in reversed(facts["last_errors"])
    )
    models = "".join(f"<tr><th scope=row>{_text(role)}<td>{_text(id_)}" for role, id_ in facts["models"].items())
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta http-equiv=refresh content={REFRESH_S}><title>Judge Vision scoring: {_text(state)}</title>"
        f"<style>{_STYLE}</style>"
        f"<h1>Judge Vision scoring service: <span class={_text(state)}>{_text(state)}</span></h1>"
        f"<table>{body}</table>"
        f"<table><caption>Last errors</caption>{errors or '<tr><td>none'}</table>"
        f"<table><caption>Files of the networks</caption>{models}</table>"
        f"<p>This page renews itself every {REFRESH_S} seconds. For programs: /health and /metrics."
    )
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return text, f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"


def _text(value: Any) -> str:
    return html.escape(str(value))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
