"""Recognises a file by its first bytes; its name and declared type are not used."""

from __future__ import annotations

import re

from qie_batch.errors import Rejected
from qie_batch.images import png_chunks, webp_chunks
from qie_batch.images.jpeg_layout import read_layout

#: The kinds that are decoded. No other decoder is used: nearly all CVEs of Pillow are in the others.
DECODED = ("JPEG", "PNG", "WEBP")

_REMEDY = "save it as JPEG, PNG or WebP"

_IMAGES = (
    ("JPEG", rb"\xff\xd8\xff"),
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("WEBP", rb"RIFF....WEBP"),
    ("GIF", rb"GIF8"),
    ("TIFF", rb"II[*+]\0|MM\0[*+]"),
    ("BMP", rb"BM.{4}\0{4}"),
    ("HEIC", rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)"),
    ("AVIF", rb"....ftypavi[fs]"),
    ("JPEG 2000", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    ("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL "),
    ("PSD", rb"8BPS"),
    ("PDF", rb"%PDF"),
    ("EPS", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("ICO", rb"\0\0[\x01\x02]\0"),
    ("DDS", rb"DDS "),
    ("QOI", rb"qoif"),
    ("OpenEXR", rb"\x76\x2f\x31\x01"),
    ("SVG", rb"\s*(?:<(?:\?xml|!--|!DOCTYPE svg).*?)?<svg[\s>]"),
)
_OTHERS = (
    ("a web page (HTML)", rb"\s*<(?:!doctype html|html|head|body|!--)"),
    ("an XML document", rb"\s*<\?xml"),
    ("JSON", rb"\s*[{\[]\s*[\"{\[\]}]"),
    ("a ZIP archive", rb"PK\x03\x04"),
    ("a gzip archive", rb"\x1f\x8b"),
    ("the side file that macOS keeps of another file, not that file", rb"\0\x05\x16[\0\x07]"),
    ("a video", rb"....ftyp|RIFF....AVI |\x1a\x45\xdf\xa3"),
    ("a Git LFS pointer, not the file it stands for", rb"version https://git-lfs"),
)
_HEAD = 1024


def recognise(data: bytes) -> str:
    """One of DECODED; else Rejected: image_empty, image_format_unsupported or image_not_an_image."""
    if not data:
        raise Rejected("the file is empty (0 bytes): upload it again", code="image_empty")
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    kind = _first(_IMAGES, head)
    if kind in DECODED:
        return kind
    if kind:
        raise Rejected(
            f"the file is {_article(kind)} {kind} file, which is not read: {_REMEDY}",
            code="image_format_unsupported",
        )
    seen = _first(_OTHERS, head) or ("text" if _is_text(head) else f"the bytes {head[:8].hex(' ')}")
    raise Rejected(
        f"the file is not a picture, it starts like {seen}: give a JPEG, PNG or WebP",
        code="image_not_an_image",
    )


def is_cut_short(kind: str, data: bytes) -> bool:
    """Whether the end of this kind of file is missing."""
    if kind == "WEBP":
        return webp_chunks.is_cut_short(data)
    if kind == "PNG":
        return not png_chunks.is_whole(data)
    layout = read_layout(data)
    return not layout.ended and not layout.has_zeros() and not data.endswith(b"\xff\xd9")


def _first(table: tuple[tuple[str, bytes], ...], head: bytes) -> str:
    flags = re.DOTALL | re.IGNORECASE if table is _OTHERS else re.DOTALL
    return next((name for name, pattern in table if re.match(pattern, head, flags)), "")


def _article(name: str) -> str:
    return "an" if name[0] in "AEIO" or name == "SVG" else "a"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The head may end inside a character.
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n" for character in text)
