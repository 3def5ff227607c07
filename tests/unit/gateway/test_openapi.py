from __future__ import annotations

import pytest
from pydantic import SecretStr

from qie_batch.gateway.app import create_app
from qie_batch.settings import Settings


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    settings = Settings(dir=tmp_path_factory.mktemp("none"), gateway_secret=SecretStr("x" * 40))
    return create_app(settings).openapi()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_has_an_id_of_its_own_that_is_an_identifier(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(name.isidentifier() for name in ids)


def test_every_route_of_the_api_names_its_problems_and_its_answer(document):
    for path, _, operation in operations(document):
        if not path.startswith("/api/"):
            continue
        answers = operation["responses"]
        assert {"401", "403", "422", "429", "503"} <= set(answers), path
        for status, answer in answers.items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"]
            elif status not in ("204", "304"):
                assert all(shown != {"schema": {}} for shown in answer["content"].values()), path


def test_a_submission_is_described_as_form_and_as_json(document):
    bodies = document["paths"]["/api/jobs"]["post"]["requestBody"]["content"]
    form, rows = (bodies[kind]["schema"] for kind in ("multipart/form-data", "application/json"))
    assert "files" in form["properties"]
    assert {"rows", "upload", "budget_usd", "notify"} <= set(rows["properties"])
