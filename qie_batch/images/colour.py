"""Any mode a decoder yields -> fresh upright RGB pixels in sRGB, with nothing else attached."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageCms

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: Embedded profiles above this are dropped unread; real ones are at most the CMYK tables of some 600 KB.
_MAX_PROFILE = 1_000_000

_TAG_ORIENTATION = 0x0112
#: EXIF orientation -> what makes it upright (1 is upright already).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


#: What Pillow multiplies the samples of a PNG by that are narrower than a byte, but not its transparent one.
_WIDENED = {"L;2": 85, "L;4": 17}


def upright_rgb(picture: ImageFile) -> Image.Image:
    """Load it: transparency on white, colours in sRGB, orientation applied, no metadata.

    Rejected for the one kind of transparency that Pillow has lost when it is loaded.
    """
    samples = picture.tile[0].args if picture.tile else None  # gone once it is loaded
    picture.load()
    if "transparency" in picture.info:
        _mend_transparency(picture, samples)
    profile = picture.info.get("icc_profile")
    colours, alpha = _split(picture)
    fresh = Image.new("RGB", picture.size, "white")
    fresh.paste(_to_srgb(colours, profile), mask=alpha)
    turn = _UPRIGHT.get(_orientation(picture))
    return fresh if turn is None else fresh.transpose(turn)


def _mend_transparency(picture: Image.Image, samples: object) -> None:
    """Bring a PNG's one transparent colour, which is in the file's own depth, to that of the pixels."""
    if samples == "RGB;16B":
        raise Rejected(
            "the PNG file has 16 bits a channel and one transparent colour: save it with an alpha channel",
            code="image_transparency_unsupported",
        )
    if isinstance(samples, str) and samples in _WIDENED:
        factor = _WIDENED[samples]
        # As the format says, only the bits that a sample has count.
        picture.info["transparency"] = picture.info["transparency"] % (255 // factor + 1) * factor


def _split(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours as L, RGB or CMYK, the form that an embedded profile speaks of, and the alpha if any."""
    if picture.mode.startswith("I"):
        # 16-bit grey; convert() alone would clip all above 255 to white.
        grey = picture.point(lambda value: value * (1 / 256)).convert("L")
        return grey, _where_not(picture, picture.info.get("transparency"))
    if picture.mode == "LA":
        return picture.getchannel("L"), picture.getchannel("A")
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture, None
    return picture.convert("RGB"), None


def _where_not(picture: Image.Image, value: int | None) -> Image.Image | None:
    """Opaque wherever 16-bit grey has another value."""
    if value is None:
        return None
    opaque = [255] * 65536
    opaque[value] = 0
    return picture.convert("I").point(opaque, "L")


def _to_srgb(colours: Image.Image, profile: object) -> Image.Image:
    """Convert by the embedded profile; one that is broken, oversized or of another mode is dropped."""
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            # Most pictures say sRGB; converting those would cost 17 ms a megapixel for nothing.
            if not ImageCms.getProfileDescription(source).startswith("sRGB") or colours.mode != "RGB":
                converted = ImageCms.profileToProfile(
                    colours,
                    source,
                    ImageCms.createProfile("sRGB"),
                    renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                    outputMode="RGB",
                    flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
                )
                assert converted is not None  # only `inPlace` gives None
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return colours.convert("RGB")


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(_TAG_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises nearly anything, and the pixels are fine without
        return 1
    return value if isinstance(value, int) else 1
