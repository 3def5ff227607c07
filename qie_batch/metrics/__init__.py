"""What Prometheus reads: each process counts what it does and serves it at an address of its own.

Names and label values are listed in docs/metrics.md. No label names an item, a job, a tenant or a text of a
user; labels whose values others choose are bounded by `Bounded`.
"""

from qie_batch.metrics.edits import EditMetrics
from qie_batch.metrics.exporter import expose, new_registry
from qie_batch.metrics.workers import SupervisorMetrics, WorkerMetrics

__all__ = ["EditMetrics", "SupervisorMetrics", "WorkerMetrics", "expose", "new_registry"]
