"""What Snakemake's Kubernetes executor (snakemake-executor-plugin-kubernetes 0.5.1) has to be told."""

from __future__ import annotations

import signal
from typing import Any


def mount_results() -> None:
    """Let the executor rely on a volume that all pods mount, as executors of clusters do; call it before planning.

    By itself it takes for granted that pods share nothing, and carries every declared file through object storage,
    besides installing a plugin from the network in every pod. Our records are not declared, and they lie in the results
    folder, on a volume.
    """
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

    registry = ExecutorPluginRegistry()
    if registry.is_installed("kubernetes"):
        settings = registry.get_plugin("kubernetes").common_settings
        settings.implies_no_shared_fs = False
        settings.job_deploy_sources = False
        settings.auto_deploy_default_storage_provider = False


def cancel_when_stopped(executor: Any) -> None:
    """Let SIGTERM, which a pod gets when it is deleted, and SIGHUP end a run on Kubernetes as Ctrl-C does, jobs too.

    `executor` is Snakemake's own object; another one is left alone. Call it in the main thread.
    """
    if not hasattr(executor, "kubeapi"):
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    # once: a second signal must not cut off the cancelling
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
