"""Generated requests against every route of the gateway: answers of 5xx, and answers that are not declared.

A stack of its own has a tenant with a job that is done, an upload, files, a batch and a schedule. From the
OpenAPI document Schemathesis generates requests, half of them against its rules, and most get the ids of what
is there, so that they come past the first check. Answers are held against the document: status, content type
and shape. The pages are no part of the document; theirs is made here, and only 5xx count among them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from fastapi.openapi.utils import get_openapi
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as generation
from hypothesis.errors import HypothesisException
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.core.errors import SchemathesisError
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from qie_batch.gateway.access.cookies import sealed
from qie_batch.gateway.access.sessions import AUDIENCE
from qie_batch.gateway.app import create_app
from qie_batch.gateway.pages import PARTS
from qie_batch.settings import Settings
from tests.support.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from tests.support.gateways import RunningGateway

TENANT = "fuzz"
#: Requests of one route at a time.
BLOCK = 20
#: Of ids: those of the seeds, the others are generated.
SEEDED = 0.8
#: The same where what has the id is deleted, and has to be made again.
SEEDED_DELETE = 0.1
ANSWER_SECONDS = 120
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@dataclass(slots=True)
class Tally:
    """What was answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    #: How often, by route and what was wrong.
    wrong: dict[tuple[str, str], int] = field(default_factory=dict)
    #: Of what there was an id of.
    deleted: int = 0

    def note(self, route: str, what: str, example: str) -> None:
        """Prints the first of its kind at once."""
        if (route, what) not in self.wrong:
            print(f"{route}: {what}\n    {example}", flush=True)
        self.wrong[route, what] = self.wrong.get((route, what), 0) + 1

    def number(self, kind: str) -> int:
        return sum(count for (_, what), count in self.wrong.items() if what.startswith(kind))


@dataclass(frozen=True, slots=True)
class Stage:
    gateway: RunningGateway
    bearer: dict[str, str]
    program: requests.Session
    #: Of a person, for the pages.
    session: requests.Session
    form: str


Ask = Callable[[Stage, Any, Tally], None]


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "PNG")
    return file.getvalue()


def seeds(client: httpx2.Client) -> dict[str, str]:
    """Ids by the names of the parameters and fields that take them."""
    catalog = b"id,image,instruction\na,a.png,white background\n"
    sent = [("files", ("catalog.csv", catalog)), ("files", ("a.png", picture()))]
    upload = answered(client.post("/api/uploads", files=sent))["upload"]
    job = answered(client.post("/api/jobs", json={"upload": upload}))["job"]
    lines = {"custom_id": "1", "method": "POST", "url": "/v1/images/edits"}
    image = answered(
        client.post("/v1/files", files={"file": ("a.png", picture())}, data={"purpose": "vision"})
    )
    body = {"prompt": "white background", "image": image["id"]}
    line = json.dumps({**lines, "body": body}).encode()
    file = answered(client.post("/v1/files", files={"file": ("a.jsonl", line)}, data={"purpose": "batch"}))
    asked = {"input_file_id": file["id"], "endpoint": "/v1/images/edits", "completion_window": "24h"}
    batch = answered(client.post("/v1/batches", json=asked))
    client.delete("/api/schedules/nightly")
    schedule = {"schedule": "nightly", "cron": "0 2 * * *", "upload": upload}
    answered(client.post("/api/schedules", json=schedule))
    wait_closed(client, job)
    item = answered(client.get(f"/api/jobs/{job}/items"))["items"][0]
    return {
        "job_id": job,
        "job": job,
        "item_id": item["id"],
        "upload_id": upload,
        "upload": upload,
        "name": "nightly",
        "file_id": file["id"],
        "image": image["id"],
        "input_file_id": file["id"],
        "batch_id": batch["id"],
    }


def answered(answer: httpx2.Response) -> dict[str, Any]:
    if answer.is_error:
        sys.exit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


def wait_closed(client: httpx2.Client, job: str) -> None:
    deadline = time.monotonic() + 60
    while answered(client.get(f"/api/jobs/{job}"))["state"] != "closed":
        if time.monotonic() > deadline:
            sys.exit(f"job {job} is not done after a minute")
        time.sleep(0.2)


def documents() -> tuple[Any, Any]:
    """Of the API, and of the pages."""
    app = create_app(Settings(gateway_secret="x" * 32))
    pages = [route for part in PARTS for route in part.router.routes]
    for route in pages:
        route.include_in_schema = True
    return app.openapi(), get_openapi(title="pages", version="1", routes=pages)


def operations(document: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(document)
    # Who asks is not varied here: what is not let in reaches no handler.
    schema.config.generation.with_security_parameters = False
    return [found.ok() for found in schema.get_all_operations()]


@cache
def strategy(operation: Any, mode: GenerationMode) -> Any:
    return operation.as_strategy(generation_mode=mode)


def block(operation: Any, mode: GenerationMode, draw: random.Random, ask: Callable[[Any], None]) -> None:
    """BLOCK generated requests of a route."""
    options = generation(
        max_examples=BLOCK,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def each(case: Any) -> None:
        ask(case)

    try:
        seed(draw.getrandbits(64))(options(given(strategy(operation, mode))(each)))()
    except HypothesisException:
        return  # nothing that breaks the rules can be made for this route


def with_seeds(case: Any, ids: Mapping[str, str], draw: random.Random) -> None:
    share = SEEDED_DELETE if case.operation.method.upper() == "DELETE" else SEEDED
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            for name in ids.keys() & place.keys():
                if draw.random() < share:
                    place[name] = ids[name]


def ask_api(stage: Stage, case: Any, tally: Tally) -> None:
    route = case.operation.label
    answer = case.call(
        base_url=stage.gateway.url, session=stage.program, headers=stage.bearer, timeout=ANSWER_SECONDS
    )
    tally.statuses[answer.status_code] += 1
    tally.routes[route] += 1
    tally.deleted += case.operation.method.upper() == "DELETE" and answer.status_code < 300
    try:
        case.validate_response(answer, checks=list(CHECKS))
    except FailureGroup as group:
        for failure in group.exceptions:
            kind = "5xx" if answer.status_code >= 500 else type(failure).__name__
            shown = f"{case.as_curl_command()[:1500]}\n    {answer.text[:400]}"
            tally.note(route, f"{kind} {answer.status_code}: {str(failure)[:160]}", shown)


def ask_page(stage: Stage, case: Any, tally: Tally) -> None:
    route = f"page {case.operation.label}"
    if route.endswith("/logout"):
        return
    if isinstance(case.body, dict):
        case.body["form"] = stage.form
    case.headers["Sec-Fetch-Site"] = "same-origin"
    answer = case.call(
        base_url=stage.gateway.url, session=stage.session, timeout=ANSWER_SECONDS, allow_redirects=False
    )
    tally.statuses[answer.status_code] += 1
    tally.routes[route] += 1
    if answer.status_code >= 500:
        tally.note(
            route, f"5xx {answer.status_code}", f"{case.as_curl_command()[:1500]}\n    {answer.text[:400]}"
        )


def log_in(gateway: RunningGateway, session: requests.Session) -> str:
    """Make the session one of a person of the tenant; the token of its forms."""
    form = "fuzz"
    claims = {"sub": "person", "tenant": TENANT, "scope": "jobs:read jobs:write edits", "form": form}
    cookie = sealed({"aud": AUDIENCE, "exp": int(time.time()) + 86_400, **claims}, gateway.settings)
    session.cookies.set(f"qie-session-{gateway.settings.gateway_port}", cookie)
    return form


def asked(
    stage: Stage, ask: Ask, ids: Mapping[str, str], tally: Tally, draw: random.Random
) -> Callable[[Any], None]:
    def one(case: Any) -> None:
        with_seeds(case, ids, draw)
        try:
            ask(stage, case, tally)
        except (requests.RequestException, SchemathesisError) as error:
            tally.note(
                case.operation.label, f"no answer: {type(error).__name__}", case.as_curl_command()[:1500]
            )

    return one


def fuzz(gateway: RunningGateway, minutes: float, number: int) -> Tally:
    draw, tally = random.Random(number), Tally()
    of_api, of_pages = map(operations, documents())
    deadline = time.monotonic() + 60 * minutes
    with gateway.client(TENANT) as client, requests.Session() as program, requests.Session() as session:
        client.timeout = ANSWER_SECONDS
        bearer = {"Authorization": client.headers["Authorization"]}
        stage = Stage(gateway, bearer, program, session, log_in(gateway, session))
        ids = seeds(client)
        while time.monotonic() < deadline:
            routes = [(ask_api, each) for each in of_api] + [(ask_page, each) for each in of_pages]
            draw.shuffle(routes)
            for ask, operation in routes:
                if time.monotonic() > deadline:
                    break
                for mode in GenerationMode:
                    block(operation, mode, draw, asked(stage, ask, ids, tally, draw))
                if tally.deleted:
                    ids, tally.deleted = seeds(client), 0
    return tally


def report(tally: Tally) -> dict[str, Any]:
    for (route, what), count in sorted(tally.wrong.items()):
        print(f"{count} x {route}: {what}")
    classes = Counter(f"{status // 100}xx" for status in tally.statuses.elements())
    return {
        "cases": sum(tally.statuses.values()),
        "routes": len(tally.routes),
        **{kind: classes[kind] for kind in ("2xx", "3xx", "4xx", "5xx")},
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "server_errors": tally.number("5xx"),
        "no_answer": tally.number("no answer"),
        "undeclared": tally.number("Undefined"),
        "wrong_shape": sum(tally.wrong.values()) - sum(map(tally.number, ("5xx", "no answer", "Undefined"))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0, help="for the same requests again")
    arguments = parser.parse_args()
    os.environ |= {"QIE_GATEWAY_READ_RATE": "none", "QIE_GATEWAY_WRITE_RATE": "none"}
    os.environ["QIE_GATEWAY_EDIT_SECONDS"] = "20"
    warnings.simplefilter("ignore")
    with (
        tempfile.TemporaryDirectory(prefix="qie-fuzz-") as name,
        running_gateway(Path(name)) as gateway,
    ):
        found = report(fuzz(gateway, arguments.minutes, arguments.seed))
    print(", ".join(f"{key} {value}" for key, value in found.items()))
    if arguments.json:
        print(json.dumps(found))
    sys.exit(1 if tally_failed(found) else 0)


def tally_failed(found: dict[str, Any]) -> bool:
    return any(found[kind] for kind in ("server_errors", "no_answer", "undeclared", "wrong_shape"))


if __name__ == "__main__":
    main()
