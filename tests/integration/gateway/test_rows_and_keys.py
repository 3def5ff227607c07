"""JSON rows, idempotency keys, and changes of a job."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.catalogs import WHITE, closed, csv, png


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.client("rows") as client:
        yield client


def data_url(colour: str) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(colour)).decode()}"


def row(row_id: str, image: str, **more: object) -> dict:
    return {"id": row_id, "image": image, "instruction": WHITE, **more}


def test_rows_with_data_urls_become_a_job(client):
    rows = [row("A", data_url("red"), variants=2), row("B", data_url("blue"))]
    answer = client.post("/api/jobs", json={"rows": rows, "name": "By hand", "size": "128x128"})
    assert answer.status_code == 201, answer.text
    job = closed(client, answer.json()["job"])
    assert (job["name"], job["counts"]["succeeded"]) == ("By hand", 3)
    item = client.get(f"/api/jobs/{job['job']}/items?row_id=B").json()["items"][0]
    assert (item["width"], item["height"]) == (128, 128)


def test_rows_may_name_the_images_of_an_upload(client):
    upload = client.post("/api/uploads", files={"f": ("a.png", png("green"))}).json()
    asked = {"rows": [row("A", "a.png")], "upload": upload["upload"]}
    assert client.post("/api/jobs?dry_run=true", json=asked).json()["estimate"]["bad"] == 0


@pytest.mark.parametrize(
    "image",
    [
        "/etc/passwd",
        "s3://qie-batch/results/x",
        "s3://other/x.png",
        "https://127.0.0.1/a.png",
        "../../index.json",
    ],
)
def test_rows_name_nothing_that_is_not_the_tenants(client, image):
    answer = client.post("/api/jobs?dry_run=true", json={"rows": [row("A", image)]})
    (bad,) = answer.json()["estimate"]["bad_rows"]
    assert bad["code"] in {"image_address", "image_missing", "image_host"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "submission_empty"),
        ({"upload": "up-none-there"}, "upload_unknown"),
        ({"rows": [row("A", "x")], "engine": "os.path"}, "engine_unknown"),
        ({"rows": [row("A", "x")], "budget_usd": "much"}, "budget_invalid"),
        ({"rows": [row("A", "x")], "size": "9x9"}, "size_invalid"),
        ({"rows": [row("A", "data:image/png;base64,%%%")]}, "image_address"),
        ({"rows": [{"a": 1}]}, "invalid_manifest"),
        ({"rows": [row("A", "x")], "colour": "red"}, "request_invalid"),
    ],
)
def test_what_is_wrong_with_a_request_has_a_code(client, asked, code):
    answer = client.post("/api/jobs", json=asked)
    assert (answer.json()["code"], answer.status_code) == (code, 404 if code.endswith("unknown") else 422)


@pytest.mark.parametrize("image", [png(size=(2049, 100)), b"x" * 10_000_001], ids=["side", "bytes"])
def test_images_have_the_limits_of_the_gateway(client, image):
    files = [("f", ("c.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", image))]
    (bad,) = client.post("/api/jobs?dry_run=1", files=files).json()["estimate"]["bad_rows"]
    assert bad["code"] == "image_too_large"


def test_one_key_makes_one_job_however_often_it_is_sent(client):
    asked = {"rows": [row("K", data_url("red"))]}
    key = {"Idempotency-Key": "order-4711"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/api/jobs", json=asked, headers=key), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["job"] for answer in answers}) == 1
    other = client.post("/api/jobs", json={**asked, "name": "other"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_request_does_not_use_up_its_key(client):
    key = {"Idempotency-Key": "mended"}
    assert client.post("/api/jobs", json={"rows": [row("A", "none.png")]}, headers=key).status_code == 422
    assert (
        client.post("/api/jobs", json={"rows": [row("A", data_url("red"))]}, headers=key).status_code == 201
    )


def test_a_key_covers_the_bytes_of_files(client):
    key = {"Idempotency-Key": "files"}

    def send(colour: str) -> int:
        files = [("f", ("c.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png(colour)))]
        return client.post("/api/jobs", files=files, headers=key).status_code

    assert [send("red"), send("red"), send("blue")] == [201, 200, 422]


def test_a_job_is_paused_given_a_budget_resumed_and_cancelled(client):
    rows = [row(str(number), data_url("red"), seed=number) for number in range(300)]
    job = client.post("/api/jobs", json={"rows": rows, "priority": "low"}).json()["job"]
    assert client.post(f"/api/jobs/{job}/pause").json()["state"] == "paused"
    again = client.post(f"/api/jobs/{job}/pause")
    assert (again.status_code, again.json()["code"]) == (409, "job_not_open")
    budget = client.put(f"/api/jobs/{job}/budget", json={"budget_usd": 2.5})
    assert budget.json()["budget_usd"] == "2.500000"
    assert client.post(f"/api/jobs/{job}/resume").json()["state"] == "open"
    cancelled = client.post(f"/api/jobs/{job}/cancel").json()
    assert cancelled["job"]["counts"]["pending"] == 0
    assert closed(client, job)["counts"]["cancelled"] == cancelled["items"]
    refused = client.put(f"/api/jobs/{job}/budget", json={"budget_usd": None})
    assert (refused.status_code, refused.json()["code"]) == (409, "job_closed")
    assert client.post(f"/api/jobs/{job}/retry").json()["items"] == 0


def test_jobs_are_listed_page_by_page(client):
    ids, before = [], ""
    for _ in range(2):
        page = client.get(f"/api/jobs?limit=1&before={before}").json()
        ids += [job["job"] for job in page["jobs"]]
        before = page["next"]
    assert len(set(ids)) == 2
    assert ids == [job["job"] for job in client.get("/api/jobs?limit=2").json()["jobs"]]
