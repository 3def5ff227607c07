"""What belongs to another tenant is not there: asked for on every route of the OpenAPI that takes an id.

The routes are those of the OpenAPI document, so a new one is tested without a change here, unless it takes an
id of a new kind: then MADE has to know how one is made.
"""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as generation
from sqlalchemy import insert, select

from qie_batch import wiring
from qie_batch.gateway.app import create_app
from qie_batch.ledger import tables
from qie_batch.model import JobOrder, Schedule
from qie_batch.settings import Settings
from tests.support.gateways import ALL, lone_settings, served, token
from tests.support.ledgers import add, finish

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qie_batch.ledger.sql import SqlLedger

OWNER, STRANGER = "owner", "stranger"
EXAMPLES = 3

#: Ids of what the owner has, by the name of the parameter or of the field of a body.
MADE: Mapping[str, str] = {
    "job_id": "the-owners-job",
    "job": "the-owners-job",
    "item_id": "the-owners-job.0",
    "name": "nightly",
    "schedule": "nightly",
    "file_id": "file-of-the-owner",
    "input_file_id": "file-of-the-owner",
    "batch_id": "batch-of-the-owner",
    "upload_id": "",  # made by sending one
    "upload": "",
}
#: The same as the ledger names them, should a route take that.
STORED = {"name": f"{OWNER}/nightly", "schedule": f"{OWNER}/nightly"}
#: Parameters that name nothing of a tenant.
OF_ALL = {"model", "table", "engine"}


def document() -> dict[str, Any]:
    shown: dict[str, Any] = create_app(Settings(gateway_secret="x" * 32)).openapi()
    return shown


OPENAPI = document()


def names_of(path: str, method: str) -> set[str]:
    """Parameters in path and query, and fields of a body at its top."""
    operation = OPENAPI["paths"][path][method]
    names = {each["name"] for each in operation.get("parameters", ()) if each["in"] in ("path", "query")}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        named = schema.get("$ref", "").rpartition("/")[2]
        names |= (OPENAPI["components"]["schemas"][named] if named else schema).get("properties", {}).keys()
    return names


ROUTES = [
    (path, method)
    for path, operations in OPENAPI["paths"].items()
    for method in operations
    if names_of(path, method) & MADE.keys()
]


@dataclass(frozen=True, slots=True)
class Stage:
    url: str
    settings: Settings
    ledger: SqlLedger
    ids: Mapping[str, str]

    def headers(self, tenant: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.settings, tenant, ALL)}"}


@pytest.fixture(scope="module")
def stage(stack, tmp_path_factory) -> Iterator[Stage]:
    settings = lone_settings(stack, tmp_path_factory.mktemp("isolation"), gateway_write_rate="none")
    ledger = wiring.ledger(settings)
    own_things(ledger)
    with served(settings) as url:
        stage = Stage(url, settings, ledger, MADE)
        upload = own_upload(stage)
        yield Stage(url, settings, ledger, {**MADE, "upload_id": upload, "upload": upload})
    ledger.dispose()


def own_things(ledger: SqlLedger) -> None:
    add(ledger, "red", "blue", job_id=MADE["job_id"], owner=OWNER)
    finish(ledger, MADE["item_id"])
    order = JobOrder(owner=OWNER)
    cron, catalog = "0 2 * * *", "s3://bucket/catalog.csv"
    schedule = Schedule(name=STORED["name"], cron=cron, timezone="UTC", catalog=catalog, order=order)
    ledger.schedules.add(schedule)
    common = {"owner": OWNER, "created_at": time.time()}
    file = {"name": "a.jsonl", "purpose": "batch", "object_key": "uploads/owner/a", "size": 1}
    batch = {"file_id": MADE["file_id"], "job_id": MADE["job_id"], "state": "in_progress"}
    with ledger._db.write() as connection:
        connection.execute(insert(tables.files).values(id=MADE["file_id"], **file, **common))
        connection.execute(insert(tables.batches).values(id=MADE["batch_id"], **batch, **common))


def own_upload(stage: Stage) -> str:
    """The id of an upload, where there is a route to send one."""
    if "/api/uploads" not in OPENAPI["paths"]:
        return "none"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("catalog.csv", "id,image,instruction\n1,https://shop.example/a.png,white background\n")
    sent = {"files": ("catalog.zip", archive.getvalue(), "application/zip")}
    answer = httpx2.post(f"{stage.url}/api/uploads", files=sent, headers=stage.headers(OWNER), timeout=30)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["upload"]
    return made


@cache
def requests_of(path: str, method: str) -> list[Any]:
    """Some requests that the OpenAPI allows, with generated values everywhere."""
    found: list[Any] = []
    operation = schemathesis.openapi.from_dict(OPENAPI)[path][method.upper()]
    options = generation(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def keep(case):
        found.append(case)

    options(given(operation.as_strategy())(keep))()
    return found


def ask(stage: Stage, case: Any, ids: Mapping[str, str], tenant: str) -> Any:
    """Send the request with these ids in place of the generated ones."""
    asked_for = names_of(case.operation.path, case.operation.method.lower()) & ids.keys()
    for name in asked_for:
        if name in case.path_parameters:
            case.path_parameters[name] = ids[name]
        elif case.query and name in case.query:
            case.query[name] = ids[name]
        elif isinstance(case.body, dict):
            case.body[name] = ids[name]
    case.headers["Authorization"] = stage.headers(tenant)["Authorization"]
    return case.call(base_url=stage.url, timeout=30)


def told(answer: Any) -> tuple[int, str]:
    """Status and code, in the shape of a problem or of OpenAI."""
    body = answer.json()
    return answer.status_code, body.get("code") or body.get("error", {}).get("code")


def test_every_parameter_of_a_path_is_known_here():
    unknown = {
        (path, name)
        for path, operations in OPENAPI["paths"].items()
        for method in operations
        for name in names_of(path, method)
        if f"{{{name}}}" in path and name not in MADE.keys() | OF_ALL
    }
    assert unknown == set(), "say in MADE how one is made, or in OF_ALL that it is nobody's"


@pytest.mark.parametrize(("path", "method"), ROUTES, ids=[f"{method} {path}" for path, method in ROUTES])
def test_what_belongs_to_another_tenant_is_as_what_does_not_exist(stage, path, method):
    for ids in (stage.ids, {**stage.ids, **STORED}):
        # Of the same form, so that no check of the form tells them apart.
        missing = {name: f"{made[:-1]}{'1' if made[-1] == '0' else '0'}" for name, made in ids.items()}
        statuses = set()
        for case in requests_of(path, method):
            foreign, unknown = ask(stage, case, ids, STRANGER), ask(stage, case, missing, STRANGER)
            assert told(foreign) == told(unknown)
            assert 400 <= foreign.status_code < 500
            statuses.add(foreign.status_code)
        if "{" in path:
            assert statuses <= {404, 422}
            assert 404 in statuses


def test_the_owner_sees_what_the_stranger_does_not(stage):
    seen = httpx2.get(f"{stage.url}/api/jobs/{MADE['job_id']}", headers=stage.headers(OWNER))
    assert seen.status_code == 200
    if "/api/uploads/{upload_id}" in OPENAPI["paths"]:
        own = f"{stage.url}/api/uploads/{stage.ids['upload_id']}"
        assert httpx2.get(own, headers=stage.headers(OWNER)).status_code == 200


def test_lists_of_the_stranger_are_empty(stage):
    for path, operations in OPENAPI["paths"].items():
        if "get" not in operations or "{" in path or not operations["get"].get("security"):
            continue
        answer = httpx2.get(f"{stage.url}{path}", headers=stage.headers(STRANGER), timeout=30)
        assert answer.status_code < 500
        for made in stage.ids.values():
            assert made not in answer.text


def test_the_stranger_has_changed_nothing(stage):
    """Runs last in this file."""
    assert [item.state for item in stage.ledger.jobs.items(MADE["job_id"])] == ["succeeded", "queued"]
    assert stage.ledger.jobs.get(MADE["job_id"]).state == "open"
    assert [entry.name for entry in stage.ledger.owned_by(OWNER).schedules.all()] == [STORED["name"]]
    with stage.ledger._db.read() as connection:
        assert connection.scalars(select(tables.files.c.id)).all() == [MADE["file_id"]]
        assert connection.execute(select(tables.batches.c.id, tables.batches.c.state)).all() == [
            (MADE["batch_id"], "in_progress")
        ]
    assert stage.ledger.owned_by(STRANGER).jobs.latest() == []
