from __future__ import annotations

import io
import json
import re
import subprocess
from dataclasses import replace

import pytest
from PIL import Image

from qie_batch.model import Failure, ItemState
from qie_batch.report import Pair, render
from tests.support import requires
from tests.support.reports import item, summary

#: Looks into the page from outside: the page itself may run nothing.
HARNESS = """<!doctype html><body><iframe src="report.html" width="%d" height="900"></iframe><script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const images = [...page.images];
  document.title = JSON.stringify({
    scroll_width: page.documentElement.scrollWidth,
    widest: Math.max(...[...page.querySelectorAll("body *")].map(e => e.getBoundingClientRect().right)),
    pictures: images.filter(i => i.complete && i.naturalWidth > 0).length,
    heights: [...new Set(images.map(i => Math.round(i.getBoundingClientRect().height)))].length,
    grid: getComputedStyle(page.querySelector(".grid")).display,
    columns: getComputedStyle(page.querySelector(".grid")).gridTemplateColumns.split(" ").length,
    title: page.title,
  });
});
</script>"""


def jpeg(colour, size):
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "JPEG")
    return data.getvalue()


@pytest.fixture(scope="module")
def page():
    missing = Failure(
        code="image_missing", reason="photos/" + "x" * 300 + ".jpg is not there; correct the path."
    )
    pairs = [
        Pair(
            item=item(
                row_id="SKU-" + "9" * 200 + str(number),
                line=number + 2,
                instruction="把背景换成白色" * 30 if number % 2 else "W" * 300,
                cost_micros=1_600,
                attempts=2,
                cached=bool(number % 2),
                height=1024,
            ),
            before=jpeg("red", (480, 320)),
            after=jpeg("blue", (320, 480)),
        )
        for number in range(4)
    ]
    bad = item(
        row_id="BAD",
        line=6,
        instruction="white",
        state=ItemState.FAILED,
        failure=missing,
        device_seconds=0.0,
        cost_micros=0,
        engine="",
        width=None,
        height=None,
    )
    pairs.append(Pair(item=bad))
    head = summary(
        done=4,
        cached=2,
        cancelled=0,
        failed=[replace(bad, row_id="B" * 200)],
        job="j-" + "0" * 60,
        job_name="autumn-" * 20 + "catalog.csv",
        spent_micros=1_234_567_890,
        lost_micros=1_230,
    )
    return render(head, pairs).decode()


@pytest.fixture(scope="session")
def chromium():
    return requires.browser()


@pytest.fixture
def look(tmp_path, chromium):
    """Shows a page this many pixels wide; what there is to see, and what the browser's console said."""

    def look(html, width):
        (tmp_path / "report.html").write_text(html, "utf-8")
        (tmp_path / "harness.html").write_text(HARNESS % width, "utf-8")
        run = subprocess.run(
            [
                chromium,
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *("--disable-dev-shm-usage", "--allow-file-access-from-files", "--enable-logging=stderr"),
                *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1600,1000", "--dump-dom"),
                (tmp_path / "harness.html").as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        title = re.search(r"<title>(.*?)</title>", run.stdout)
        assert title, run.stderr[-2000:]
        console = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
        return json.loads(title[1].replace("&amp;", "&")), console

    return look


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (820, 2), (1280, 3)])
def test_the_page_fits_the_width_and_shows_every_picture(look, page, width, columns):
    seen, console = look(page, width)
    assert seen["scroll_width"] <= width
    assert seen["widest"] <= width
    assert seen["columns"] == columns
    assert seen["pictures"] == 8
    assert seen["heights"] == 1
    assert console == []


def test_the_browser_refuses_a_style_that_is_not_ours(look, page):
    seen, console = look(page.replace("--paper", "--gaper"), 390)
    assert seen["grid"] == "block"
    assert "Content Security Policy" in " ".join(console)
