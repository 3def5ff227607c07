from __future__ import annotations

import pytest

from tests.support.catalogs import WHITE, closed, csv, png, zipped


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.client("shop") as client:
        yield client


def test_a_zip_with_a_catalog_and_its_pictures_becomes_a_job(client):
    sent = zipped({"spring/catalog.csv": csv(f"A,images/a.png,{WHITE}"), "spring/images/a.png": png()})
    answer = client.post("/api/jobs", files={"files": ("spring.zip", sent)}, data={"name": "Spring"})
    assert answer.status_code == 201, answer.text
    job = closed(client, answer.json()["job"])
    assert answer.headers["location"] == f"/api/jobs/{job['job']}"
    assert (job["name"], job["counts"]["succeeded"]) == ("Spring", 1)


def test_check_and_submit_are_two_requests_of_one_upload(client):
    files = [("files", ("catalog.csv", csv(f"B,b.png,{WHITE}"))), ("files", ("b.png", png("blue")))]
    upload = client.post("/api/uploads", files=files).json()
    assert (upload["files"], upload["catalogs"]) == (2, ["catalog.csv"])
    check = client.post("/api/jobs?dry_run=true", json={"upload": upload["upload"]})
    assert (check.status_code, check.json()["job"], check.json()["estimate"]["edits"]) == (200, "", 1)
    assert client.post("/api/jobs", json={"upload": upload["upload"]}).status_code == 201


def test_every_wrong_row_is_named_and_nothing_is_submitted(client):
    before = [job["job"] for job in client.get("/api/jobs").json()["jobs"]]
    files = [
        ("files", ("c.csv", csv(f"C,missing.png,{WHITE}", "D,d.png,Teleport it"))),
        ("files", ("D.PNG", png())),
    ]
    answer = client.post("/api/jobs", files=files)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "rows_invalid")
    assert [(row["line"], row["id"], row["code"]) for row in problem["errors"]] == [
        (2, "C", "image_missing"),
        (3, "D", "instruction_not_understood"),
    ]
    assert [job["job"] for job in client.get("/api/jobs").json()["jobs"]] == before
