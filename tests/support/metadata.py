"""Image files that say a lot of themselves, and what a program of its own reads of them."""

from __future__ import annotations

import io
import json
import subprocess
import tempfile
from pathlib import Path

import pyexiv2
from PIL import Image

from tests.support import requires

FORMATS = ("PNG", "JPEG", "WEBP")
SECRET = "SN-4711-secret"
RIGHTS = {'lang="x-default"': "© 2026 Foto Meier", 'lang="zh-CN"': "版权所有"}


def plain(kind: str = "JPEG", mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (48, 32), (200, 90, 20, 120)[: len(mode)]).save(buffer, kind)
    return buffer.getvalue()


def talkative(kind: str = "JPEG", data: bytes | None = None) -> bytes:
    """With rights in XMP and EXIF, a place, a serial number and a comment."""
    image = pyexiv2.ImageData(data or plain(kind))
    image.modify_exif(
        {
            "Exif.Image.Copyright": "(c) Foto Meier",
            "Exif.Image.Artist": "Ines Meier",
            "Exif.Image.Software": SECRET,
            "Exif.GPSInfo.GPSLatitudeRef": "N",
            "Exif.GPSInfo.GPSLatitude": "47/1 11/1 4711/100",
            "Exif.Photo.BodySerialNumber": SECRET,
            "Exif.Photo.UserComment": SECRET,
        }
    )
    image.modify_xmp(
        {
            "Xmp.dc.rights": RIGHTS,
            "Xmp.dc.creator": ["Ines Meier", "Jo Rau"],
            "Xmp.photoshop.Credit": "Foto Meier",
            "Xmp.photoshop.City": SECRET,
            "Xmp.aux.SerialNumber": SECRET,
            "Xmp.xmpRights.UsageTerms": {'lang="x-default"': "One shop, one year"},
            "Xmp.xmpRights.WebStatement": "https://meier.example/rights",
        }
    )
    try:
        return image.get_bytes()
    finally:
        image.close()


def exiftool(*files: bytes) -> list[dict[str, object]]:
    """Group:Name -> value, of each file."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, str(number)) for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        arguments = [requires.exiftool(), "-json", "-G1", "-a", *map(str, paths)]
        return json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)
