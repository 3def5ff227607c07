from __future__ import annotations

import csv as csv_file
import io
import zipfile

import httpx2
import pytest
from PIL import Image

from tests.support.catalogs import WHITE, closed, csv, png


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.client("results") as client:
        yield client


@pytest.fixture(scope="module")
def job(client):
    rows = csv(f"A,a.png,{WHITE}", f"B,b.png,{WHITE}", f"C,none.png,{WHITE}")
    files = [("f", ("catalog.csv", rows)), ("f", ("a.png", png())), ("f", ("b.png", png("blue")))]
    answer = client.post("/api/jobs", files=files, data={"skip_bad_rows": "true", "output": "jpeg"})
    return closed(client, answer.json()["job"])["job"]


def test_the_zip_holds_images_and_tables(client, job):
    answer = client.get(f"/api/jobs/{job}/results.zip?name_template={{id}}/{{stem}}&xlsx=true")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert Image.open(archive.open("A/a.jpg")).size == (96, 64)
        # Readers of a stream need the sizes of what is not compressed before its bytes.
        assert not any(entry.flag_bits & 0x8 for entry in archive.infolist())
    assert names[:2] == ["A/a.jpg", "B/b.jpg"]
    assert set(names[2:]) == {"results.csv", "errors.csv", "results.xlsx", "errors.xlsx", "report.html"}


def test_a_wrong_template_is_a_problem_and_no_broken_download(client, job):
    answer = client.get(f"/api/jobs/{job}/results.zip?name_template={{colour}}")
    assert (answer.status_code, answer.json()["code"]) == (422, "name_template")


def test_the_table_names_each_image_by_its_address(client, job):
    text = client.get(f"/api/jobs/{job}/results.csv").content.decode("utf-8-sig")
    rows = list(csv_file.DictReader(io.StringIO(text)))
    assert [row["qie_status"] for row in rows] == ["succeeded", "succeeded", "failed"]
    image = client.get(rows[0]["qie_output"])
    assert image.headers["content-type"] == "image/jpeg"
    assert image.headers["x-content-type-options"] == "nosniff"


def test_failed_rows_are_a_catalog_to_mend_and_send_again(client, job):
    errors = client.get(f"/api/jobs/{job}/errors.csv").content
    mended = errors.replace(b"none.png", b"a.png")
    answer = client.post("/api/jobs", files={"f": ("errors.csv", mended)})
    assert (answer.status_code, answer.json()["estimate"]["rows"]) == (201, 1)


def test_an_image_is_shown_before_and_after_and_small(client, job):
    item = client.get(f"/api/jobs/{job}/items?state=succeeded").json()["items"][0]["id"]
    address = f"/api/jobs/{job}/items/{item}/image"
    assert client.get(f"{address}?of=before").content == png()
    small = client.get(f"{address}?side=32")
    assert Image.open(io.BytesIO(small.content)).size == (32, 21)
    tag = {"If-None-Match": small.headers["etag"]}
    assert client.get(f"{address}?side=32", headers=tag).status_code == 304


def test_a_link_needs_no_credentials(client, job):
    item = client.get(f"/api/jobs/{job}/items").json()["items"][0]["id"]
    url = client.get(f"/api/jobs/{job}/items/{item}/link").json()["url"]
    assert Image.open(io.BytesIO(httpx2.get(url).content)).format == "JPEG"


def test_events_end_with_the_closed_job(client, job):
    with client.stream("GET", f"/api/jobs/{job}/events") as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert lines[0] == "event: progress"
    assert '"state": "closed"' in lines[1]


def test_items_are_found_by_state_code_and_row(client, job):
    def ids(query: str) -> list[str]:
        return [item["row_id"] for item in client.get(f"/api/jobs/{job}/items?{query}").json()["items"]]

    assert ids("state=failed") == ids("code=image_missing") == ids("row_id=C") == ["C"]
    page = client.get(f"/api/jobs/{job}/items?limit=2").json()
    assert [item["row_id"] for item in page["items"]] == ["A", "B"]
    assert ids(f"after={page['next']}") == ["C"]


def test_cost_is_of_the_job_or_of_all_jobs(client, job):
    assert client.get(f"/api/jobs/{job}/cost?by=sku").json()["total"]["items"] == 2
    assert client.get("/api/cost").json()["total"]["items"] >= 2
