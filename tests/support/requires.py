"""What a test needs and a machine may lack: without it the test is skipped, or fails where CI is set."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

from qie_batch.vision.ocr.reader import HOW_TO_GET, MISSING, installed
from tests.support.postgres import NoPostgres, Postgres

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing(what: str) -> NoReturn:
    """The test that asks cannot run here. In CI only a CUDA device may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; CI is set, where nothing but a CUDA device may be missing", pytrace=False)
    pytest.skip(what)


def not_shipped(what: str) -> NoReturn:
    """The test that asks needs a folder of others, which no clone has; CI goes on without, too."""
    pytest.skip(what)


def postgres() -> Postgres:
    try:
        return Postgres()
    except NoPostgres as error:
        missing(str(error))


def browser() -> str:
    """The path of a Chromium."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    missing("no Chromium on this machine (Debian: apt-get install chromium)")


def text_models() -> None:
    """The models that read texts, of the extra [text]."""
    if not installed():
        missing(f"{MISSING}: {HOW_TO_GET}")


def exiftool() -> str:
    """The path of the program that reads metadata of images."""
    if path := shutil.which("exiftool"):
        return path
    missing("no exiftool on this machine (Debian: apt-get install libimage-exiftool-perl)")
