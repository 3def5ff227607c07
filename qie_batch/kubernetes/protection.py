"""Marks worker pods that are busy, so that scale-in and consolidation take idle ones.

`pod-deletion-cost` orders the pods of a ReplicaSet when it shrinks (Kubernetes, "Pod deletion cost");
`do-not-disrupt` keeps Karpenter from emptying a node to save money. Neither holds back a spot reclaim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qie_batch.kubernetes.pods import PodApi
    from qie_batch.model import RunningEdit

#: An idle pod has no annotation, which counts as a cost of 0.
BUSY: Mapping[str, str] = {
    "controller.kubernetes.io/pod-deletion-cost": "100",
    "karpenter.sh/do-not-disrupt": "true",
}
IDLE: Mapping[str, None] = dict.fromkeys(BUSY)


def protect_busy(pods: PodApi, running: Iterable[RunningEdit]) -> int:
    """Annotate every worker pod whose state has changed; says how many.

    A worker is named after its pod (see `processes.launch.worker_name`). A pod that another person or
    program has annotated otherwise is set right, too.
    """
    workers = {edit.worker for edit in running}
    changed = 0
    for pod in pods.workers():
        busy = any(worker.startswith(f"{pod.name}-") for worker in workers)
        marked = {name: pod.annotations.get(name) for name in BUSY}
        if marked != dict(BUSY if busy else IDLE):
            changed += pods.annotate(pod.name, BUSY if busy else IDLE)
    return changed
