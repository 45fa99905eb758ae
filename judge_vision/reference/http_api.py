"""The requests and statuses of the scoring service."""

from __future__ import annotations

import inspect

from judge_vision.reference.markdown import code, table
from judge_vision.service.app import ROUTES, STATUSES, Service


def requests() -> str:
    """A row for each request, with the documentation of the method that answers it."""
    rows = [
        (code(f"{method} {path}"), inspect.getdoc(getattr(Service, answer)) or "") for method, path, answer in ROUTES
    ]
    return table(("Request", "Answer"), rows)


def statuses() -> str:
    """A row for each status of a refusal or failure."""
    return table(("Status", "Why"), [(str(status), why) for status, why in STATUSES.items()])
