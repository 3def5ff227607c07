"""The worker pods of one namespace, by Kubernetes' API server."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from qie_batch.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

#: Where a pod finds its token, its namespace, and the authority of the API server.
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
#: Which pods are workers.
SELECTOR = "app.kubernetes.io/component=worker"
#: Of the pods nothing but names and annotations: a whole pod has 10 kB.
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_MERGE = "application/merge-patch+json"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    name: str
    annotations: Mapping[str, str]


class PodApi:
    """Raises Unavailable where the API server does not answer, Misconfigured where it refuses us."""

    def __init__(self, address: str, account: Path) -> None:
        self._account = account
        self._namespace = (account / "namespace").read_text(encoding="utf-8").strip()
        authority = ssl.create_default_context(cafile=str(account / "ca.crt"))
        self._client = httpx2.Client(
            base_url=f"{address}/api/v1/namespaces/{self._namespace}",
            verify=authority,
            timeout=_SECONDS,
            trust_env=False,
        )

    @classmethod
    def of_this_pod(cls, environment: Mapping[str, str], account: Path = ACCOUNT) -> Self:
        host, port = (environment.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
        if not host or not (account / "token").is_file():
            raise Misconfigured(
                "QIE_KUBERNETES is set, and this process has no service account of Kubernetes",
                hint="run it in a pod with automountServiceAccountToken, or leave the variable out",
            )
        shown = f"[{host}]" if ":" in host else host
        return cls(f"https://{shown}:{port or 443}", account)

    def workers(self) -> list[Pod]:
        """The worker pods that run."""
        asked = {"labelSelector": SELECTOR, "fieldSelector": "status.phase=Running"}
        found = self._ask("GET", "/pods", params=asked, headers={"accept": _METADATA})
        return [
            Pod(name=metadata["name"], annotations=metadata.get("annotations") or {})
            for metadata in (each["metadata"] for each in found.get("items", ()))
        ]

    def annotate(self, pod: str, annotations: Mapping[str, str | None]) -> bool:
        """Set annotations, and remove those that are None; False for a pod that is gone."""
        body = json.dumps({"metadata": {"annotations": dict(annotations)}})
        return bool(self._ask("PATCH", f"/pods/{pod}", content=body, headers={"content-type": _MERGE}))

    def _ask(self, method: str, path: str, *, headers: dict[str, str], **request: Any) -> dict[str, Any]:
        """The object that is answered; {} for one that is gone."""
        # Read each time: the token is replaced every hour.
        token = (self._account / "token").read_text(encoding="utf-8").strip()
        headers = {"authorization": f"Bearer {token}", **headers}
        try:
            answer = self._client.request(method, path, headers=headers, **request)
        except httpx2.HTTPError as error:
            raise Unavailable(
                f"the API server of Kubernetes did not answer: {error}", code="kubernetes_unreachable"
            ) from error
        if answer.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
            raise Misconfigured(
                f"the API server of Kubernetes refuses to {method.lower()} pods in {self._namespace}:"
                f" {answer.status_code}",
                hint="give the service account of control a Role that may list and patch pods",
            )
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return {}
        if answer.is_error:
            raise Unavailable(
                f"the API server of Kubernetes answered {answer.status_code}", code="kubernetes_unreachable"
            )
        found: dict[str, Any] = answer.json()
        return found
