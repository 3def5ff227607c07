"""What `submit` makes of the pictures that a catalog names: each has an answer, soon, and safe to show."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.errors import Rejected, Unavailable
from qie_batch.images import DEFAULT_LIMITS, Limits
from qie_batch.images.sandbox import DecoderPool
from qie_batch.settings import Settings
from qie_batch.steps.submit.checked_images import CheckedImages
from qie_batch.steps.submit.similar import ANSWERS
from qie_batch.steps.submit.sources import ImageSources
from qie_batch.stores.s3 import S3Store
from qie_batch.stores.s3_client import s3_client
from tests.support.painters import IMAGE

#: What S3 servers would keep under another name, or not at all.
ODD_KEYS = ("50%.jpg", "a//b.jpg", "a\\b", "cafe\u0301.jpg", "../x", "k" * 300, "a\tb", "a\x1b[2Jb", "./")


@pytest.fixture(scope="module")
def decoders():
    with DecoderPool(cpu_seconds=1) as decoders:
        yield decoders


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shoe.png").write_bytes(IMAGE)
    return folder


def unreachable(bucket):
    return S3Store(s3_client("http://127.0.0.1:1", "us-east-1", "a", "b"), bucket)


def no_web(address):
    raise AssertionError(address)


@pytest.fixture
def verdict(decoders, folder):
    """What becomes of a picture that a catalog in `start` names."""

    def checked(name, start=folder, bucket=unreachable, limits=DEFAULT_LIMITS, **options):
        pictures = CheckedImages(ImageSources(str(start), bucket, limits, no_web, **options), limits)
        assert list(pictures.check([name], decoders)) == [name]
        return pictures[name]

    return checked


def test_a_good_picture_is_known_by_its_hash_and_kind(verdict):
    checked = verdict("shoe.png")
    assert (len(checked.sha256), checked.format, checked.code) == (64, "PNG", "")


def test_a_pipe_is_no_picture_and_nobody_waits_for_it(verdict, folder):
    pipe = folder / "pipe.jpg"
    os.mkfifo(pipe)

    def release():
        with suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))

    rescue = threading.Timer(10, release)
    rescue.start()
    checked = verdict("pipe.jpg")
    assert rescue.is_alive(), "only its other end ended it"
    rescue.cancel()
    assert checked.code == "image_unreadable"
    assert "it is a pipe or a device, not a file" in checked.reason


@pytest.mark.parametrize("name", ["/dev/null", "/dev/tty", "/dev/ptmx"])
def test_a_device_is_no_picture(verdict, name):
    assert verdict(name).code == "image_unreadable"


def test_a_file_that_is_longer_than_it_says_is_read_to_the_limit_only(verdict):
    maps = Path("/proc/self/maps")
    assert maps.stat().st_size == 0
    checked = verdict(str(maps), limits=Limits(max_bytes=500))
    assert checked.code == "image_too_large"
    assert "has 501 bytes" in checked.reason


@pytest.mark.parametrize("start", ["/tmp", "s3://bkt/catalogs"])
@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_name_in_s3_is_refused_in_one_sentence(verdict, start, key):
    name = key if start.startswith("s3://") else f"s3://bkt/{key}"
    checked = verdict(name, start)
    assert checked.code == "object_name"
    assert checked.reason.startswith("picture '")
    assert checked.reason.endswith(": rename the object")
    assert checked.reason.isprintable()


@pytest.mark.parametrize("name", ["/etc/passwd", "/etc/passwdd", "/nowhere/at/all.jpg", "/"])
def test_a_catalog_in_s3_learns_nothing_of_this_machine(verdict, name):
    checked = verdict(name, "s3://bkt/catalogs")
    assert checked.code == "image_address"
    assert checked.reason == (
        f"picture {name!r}: a catalog in S3 names pictures in S3: write a path that starts at the catalog's"
        " folder, or s3://bucket/key"
    )


@pytest.fixture
def links(folder):
    """Ways out of the folder, and one that stays in it."""
    secret = folder.parent / "secret.png"
    secret.write_bytes(IMAGE)
    (folder / "out.png").symlink_to(secret)
    (folder / "up").symlink_to("..")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "in.png").symlink_to("shoe.png")
    return secret


@pytest.mark.parametrize("name", ["../secret.png", "out.png", "up/secret.png", "up/none.png", "/etc/passwd"])
def test_a_scheduled_catalog_stays_in_its_folder(verdict, folder, links, name):
    assert links.is_file()
    checked = verdict(name, confined=True)
    assert checked.code == "image_address"
    assert "in its own folder" in checked.reason
    assert verdict(str(links), confined=True).code == "image_address"
    assert verdict(str(folder / name), confined=True).code == "image_address"


@pytest.mark.parametrize("name", ["shoe.png", "in.png", "./shoe.png", "up/shop/shoe.png"])
def test_a_scheduled_catalog_may_name_what_is_in_its_folder(verdict, folder, links, name):
    assert links.is_file()
    assert verdict(name, confined=True).code == ""
    assert verdict(str(folder / name), confined=True).code == ""


def test_a_link_to_itself_is_no_crash(verdict, links):
    assert links.is_file()
    assert {verdict("loop.png", confined=confined).code for confined in (True, False)} == {"image_unreadable"}


@pytest.mark.parametrize("name", ["../secret.png", "out.png"])
def test_a_person_may_name_any_file_of_theirs(verdict, links, name):
    assert verdict(name).code == verdict(str(links)).code == ""


def test_pictures_come_from_known_buckets_only(verdict, monkeypatch):
    monkeypatch.setenv("QIE_IMAGE_BUCKETS", "listed-one, listed-two")
    settings = Settings(
        s3_endpoint="http://127.0.0.1:1", s3_access_key="a", s3_secret_key="b", s3_bucket="ours"
    )
    bucket = wiring.buckets(settings, wiring.s3(settings))
    for allowed in ("ours", "listed-one", "listed-two", "the-catalogs"):
        assert bucket(allowed, ("the-catalogs",)).address("k") == f"s3://{allowed}/k"
    with pytest.raises(Rejected):
        bucket("the-catalogs")
    checked = verdict("s3://another/a.jpg", bucket=bucket)
    assert checked.code == "image_address"
    assert "no picture may come from bucket 'another'" in checked.reason
    assert "QIE_IMAGE_BUCKETS" in checked.reason


def test_a_picture_in_s3_that_is_too_large_is_not_fetched(verdict, s3):
    store = S3Store(s3.client, s3.bucket)
    store.put("a.png", IMAGE, "image/png")
    try:
        address, small = f"s3://{s3.bucket}/a.png", Limits(max_bytes=len(IMAGE) - 1)
        assert verdict(address, bucket=lambda _: store).code == ""
        assert verdict(address, bucket=lambda _: store, limits=small).code == "image_too_large"
    finally:
        store.delete("a.png")


@pytest.mark.parametrize("name", ["x\x1b]0;owned\x07\n2026 INFO all is well\u202e.jpg", "y" * 65_000])
@pytest.mark.parametrize("start", ["shop", b"caf\xe9", b"\x1b[2J\n", "s3://bkt/shop"])
@pytest.mark.parametrize("confined", [True, False])
def test_every_sentence_is_short_and_safe_to_show(verdict, tmp_path, name, start, confined):
    there = start if start == "s3://bkt/shop" else tmp_path / os.fsdecode(start)
    reason = verdict(name, there, confined=confined).reason
    assert reason.isprintable()
    assert 20 < len(reason) < 700


def test_a_header_that_is_slow_to_read_is_not_waited_for(verdict, folder):
    path = folder / "slow.jpg"
    Image.new("RGB", (64, 64)).save(path)
    start, rest = path.read_bytes()[:2], path.read_bytes()[2:]
    path.write_bytes(start + b"\xff" * 49_000_000 + rest)
    assert verdict("slow.jpg").code == "image_hangs_decoder"


def test_a_machine_without_memory_is_not_a_pictures_fault(decoders):
    class Starved:
        def read(self, _name):
            raise MemoryError

    with pytest.raises(Unavailable, match="no memory left"):
        list(CheckedImages(Starved(), DEFAULT_LIMITS).check(["a.jpg"], decoders))


def test_a_folder_is_listed_once_for_the_first_missing_names_only(decoders, folder, monkeypatch):
    listed = []

    def listdir(path, listdir=os.listdir):
        listed.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", listdir)
    sources = ImageSources(str(folder), unreachable, DEFAULT_LIMITS, no_web)
    pictures = CheckedImages(sources, DEFAULT_LIMITS)
    names = list(pictures.check([f"shoe.png{number}" for number in range(ANSWERS + 30)], decoders))
    reasons = [pictures[name].reason for name in names]
    assert sum("did you mean 'shoe.png'?" in reason for reason in reasons) == ANSWERS
    assert sum("check its spelling" in reason for reason in reasons) == 30
    assert listed == [folder]


def test_a_bucket_that_is_refused_is_not_asked(verdict):
    def refuse(bucket):
        raise Rejected(f"not from {bucket}", code="image_address")

    assert verdict("s3://bkt/a.jpg", bucket=refuse).reason == "picture 's3://bkt/a.jpg': not from bkt"


def test_a_jpeg_without_its_end_marker_is_edited_and_told(decoders, folder):
    with Image.open(folder / "shoe.png") as picture:
        picture.convert("RGB").save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:-2])
    images = CheckedImages(ImageSources(str(folder), unreachable, DEFAULT_LIMITS, no_web), DEFAULT_LIMITS)
    list(images.check(["whole.jpg", "cut.jpg", "shoe.png"], decoders))
    assert [images[name].ended for name in ("whole.jpg", "cut.jpg", "shoe.png")] == [True, False, True]
    assert images.unended() == (1, "cut.jpg")
    assert not images["cut.jpg"].code
