from __future__ import annotations

import pytest

from tests.support.catalogs import WHITE, closed, csv, png


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.client("nightly") as client:
        yield client


@pytest.fixture
def upload(client):
    files = [("f", ("catalog.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png()))]
    return client.post("/api/uploads", files=files).json()["upload"]


def test_a_schedule_of_an_upload_is_kept_and_run(client, upload):
    asked = {"schedule": "spring", "cron": "0 2 * * *", "timezone": "Asia/Shanghai", "upload": upload}
    made = client.post("/api/schedules", json=asked)
    assert (made.status_code, made.json()["name"]) == (201, "spring"), made.text
    assert client.post("/api/schedules", json=asked).json()["code"] == "schedule_taken"
    job = client.post("/api/schedules/spring/run").json()["job"]
    assert closed(client, job)["name"] == "spring"
    (shown,) = client.get("/api/schedules").json()
    assert [run["job"] for run in shown["slots"]] == [job]
    assert client.delete("/api/schedules/spring").status_code == 204
    assert client.delete("/api/schedules/spring").json()["code"] == "schedule_unknown"


def test_an_administrator_calls_it_by_its_tenant(client, upload, gateway):
    client.post("/api/schedules", json={"schedule": "theirs", "cron": "0 2 * * *", "upload": upload})
    with gateway.client("nightly", "admin") as admin, gateway.client("other") as other:
        for name in ("nightly/theirs", "nightly%2Ftheirs"):
            assert other.delete(f"/api/schedules/{name}").json()["code"] == "schedule_unknown"
            assert other.post(f"/api/schedules/{name}/run").json()["code"] == "schedule_unknown"
        assert admin.post("/api/schedules/nightly/theirs/run").status_code == 201
        assert admin.delete("/api/schedules/nightly%2Ftheirs").status_code == 204
    assert client.get("/api/schedules").json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"cron": "every night"},
        {"timezone": "Mars"},
        {"schedule": "other/name"},
        {"upload": "", "catalog": "/etc/passwd"},
        {"upload": "", "catalog": "s3://qie-batch/uploads/t-other/up-1/catalog.csv"},
        {"engine": "os"},
        {"upload": "up-none-there"},
    ],
)
def test_what_cannot_run_is_refused(client, upload, wrong):
    asked = {"schedule": "wrong", "cron": "0 2 * * *", "upload": upload, **wrong}
    assert client.post("/api/schedules", json=asked).status_code in {404, 422}
    assert client.get("/api/schedules").json() == []


def test_another_tenant_sees_and_changes_none(client, upload, gateway):
    client.post("/api/schedules", json={"schedule": "mine", "cron": "0 2 * * *", "upload": upload})
    with gateway.client("stranger") as stranger:
        assert stranger.get("/api/schedules").json() == []
        assert stranger.delete("/api/schedules/mine").status_code == 404
        assert stranger.post("/api/schedules/mine/run").status_code == 404
        assert stranger.get(f"/api/uploads/{upload}").status_code == 404
        assert stranger.post("/api/jobs", json={"upload": upload}).status_code == 404
    assert client.delete("/api/schedules/mine").status_code == 204
