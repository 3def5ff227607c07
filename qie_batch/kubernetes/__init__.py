"""What control says to the API server of Kubernetes: which worker pods are busy."""

from qie_batch.kubernetes.pods import ACCOUNT, PodApi
from qie_batch.kubernetes.protection import protect_busy

__all__ = ["ACCOUNT", "PodApi", "protect_busy"]
