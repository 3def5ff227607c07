"""Converts any mode that a decoder yields to a new upright RGB or RGBA image in sRGB without metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ExifTags, Image, ImageOps

from qie_batch.errors import Rejected
from qie_batch.images.profiles import from_gamma, from_profile

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: The factor by which Pillow scales the 2-bit and 4-bit samples of a PNG, but not its transparent value.
_SCALES = {"L;2": 85, "L;4": 17}
#: The EXIF orientations in which width and height change places.
_SIDEWAYS = range(5, 9)


def check_transparency(image: ImageFile) -> None:
    """Rejected for the one kind of transparency that Pillow loses in loading a PNG."""
    if "transparency" in image.info and _samples(image) == "RGB;16B":
        raise Rejected(
            "the PNG file has 16 bits a channel and one transparent colour: save it with an alpha channel",
            code="image_transparency_unsupported",
        )


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after the orientation is applied, by the metadata that is read already."""
    width, height = image.size
    return (height, width) if _orientation(image) in _SIDEWAYS else (width, height)


def upright(image: Image.Image) -> Image.Image:
    """Load the image, in sRGB, orientation applied, no metadata; RGBA where a pixel is transparent."""
    samples = _samples(image)  # load() clears the tiles
    image.load()
    if "transparency" in image.info:
        _scale_transparency(image, samples)
    colours, alpha = _split(image)
    flat = _to_srgb(colours, image.info)
    if alpha and alpha.getextrema() != (255, 255):
        flat.putalpha(alpha)
    flat.info = {}
    orientation = _orientation(image)
    if orientation == 1:
        return flat
    # Not `exif_transpose(image)`, which also writes the EXIF and so fails on some damaged but readable EXIF.
    flat.getexif()[ExifTags.Base.Orientation] = orientation
    return ImageOps.exif_transpose(flat)


def on_white(image: Image.Image) -> Image.Image:
    """The image as RGB, its transparent pixels composed on white."""
    if image.mode == "RGB":
        return image
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _samples(image: Image.Image) -> object:
    tiles = getattr(image, "tile", None)
    return tiles[0].args if tiles else None


def _scale_transparency(image: Image.Image, samples: object) -> None:
    """Convert a PNG's one transparent colour from the depth of the file to the depth of the pixels."""
    if isinstance(samples, str) and samples in _SCALES:
        factor = _SCALES[samples]
        # PNG specification, tRNS: only the low bits of the value, as many as a sample has, count.
        image.info["transparency"] = image.info["transparency"] % (255 // factor + 1) * factor


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours as L, RGB or CMYK, which are the modes of embedded profiles, and the alpha if any."""
    if image.mode.startswith("I"):
        # 16-bit grey; convert() alone would clip every value above 255 to white.
        grey = image.point(lambda value: value * (1 / 256)).convert("L")
        return grey, _opaque_except(image, image.info.get("transparency"))
    if image.mode == "LA":
        return image.getchannel("L"), image.getchannel("A")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    if image.mode in ("L", "RGB", "CMYK"):
        return image, None
    return image.convert("RGB"), None


def _opaque_except(image: Image.Image, value: int | None) -> Image.Image | None:
    """An alpha channel that is opaque where 16-bit grey has another value."""
    if value is None:
        return None
    opaque = [255] * 65536
    opaque[value] = 0
    return image.convert("I").point(opaque, "L")


def _to_srgb(colours: Image.Image, info: dict[str | tuple[int, int], object]) -> Image.Image:
    """Convert by the embedded profile, else, where a PNG does not declare sRGB, by its gamma."""
    profile = info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return from_profile(colours, profile)
    gamma = info.get("gamma")
    if isinstance(gamma, float) and "srgb" not in info:
        return from_gamma(colours, gamma)
    return colours.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises any exception and must not refuse the image
        return 1
    return value if isinstance(value, int) else 1
