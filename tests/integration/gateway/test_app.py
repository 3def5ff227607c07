from __future__ import annotations

import httpx2


def test_it_lives_and_is_ready(gateway):
    assert httpx2.get(f"{gateway.url}/healthz").json() == {"status": "ok"}
    assert httpx2.get(f"{gateway.url}/readyz").status_code == 200


def test_without_a_token_nothing_is_shown(gateway):
    answer = httpx2.get(f"{gateway.url}/api/jobs/261127-abcdef")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_job_is_a_problem_with_the_code_of_the_command_line(gateway):
    with gateway.client() as client:
        answer = client.get("/api/jobs/261127-abcdef")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_unknown")
    assert answer.json()["instance"] == answer.headers["x-request-id"]
