"""Converts any mode that a decoder yields to a new upright RGB or RGBA image in sRGB without metadata."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps
from PIL.ImageFile import ImageFile

from qie_batch.errors import Rejected
from qie_batch.images.profiles import from_gamma, from_profile

#: The factor by which Pillow scales the 2-bit and 4-bit samples of a PNG, but not its transparent value.
_SCALES = {"L;2": 85, "L;4": 17}
#: Pixels and colour of the checks that stand for transparency.
_CHECK, _GREY = 8, (224, 224, 224)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What was loaded, without the decoder: that of WebP holds three more copies of the pixels."""

    #: L, RGB or CMYK, which are the modes of embedded profiles; shared with no other image.
    colours: Image.Image
    #: None without transparency.
    alpha: Image.Image | None
    info: dict[str | tuple[int, int], object]
    #: By EXIF.
    orientation: int


def load(image: Image.Image) -> Layers:
    samples = _samples(image)  # load() clears the tiles
    image.load()
    if "transparency" in image.info:
        _scale_transparency(image, samples)
    colours, alpha = _split(image)
    return Layers(colours=colours, alpha=alpha, info=dict(image.info), orientation=_orientation(image))


def upright(layers: Layers) -> Image.Image:
    """In sRGB, orientation applied, no metadata; RGBA where a pixel is transparent."""
    flat = _to_srgb(layers.colours, layers.info)
    if layers.alpha and layers.alpha.getextrema() != (255, 255):
        flat.putalpha(layers.alpha)
    flat.info = {}
    if layers.orientation == 1:
        return flat
    # Not `exif_transpose(image)`, which also writes the EXIF and so fails on some damaged but readable EXIF.
    flat.getexif()[ExifTags.Base.Orientation] = layers.orientation
    return ImageOps.exif_transpose(flat)


def on_white(image: Image.Image) -> Image.Image:
    """The image as RGB, its transparent pixels composed on white."""
    if image.mode == "RGB":
        return image
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def off_white(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """The RGBA image that is `image` (RGB) when composed on white, as far as `alpha` (L) allows that.

    An edge pixel that was half white gets the colour of its other half, so that it is no seam on a dark page.
    """
    import numpy as np  # noqa: PLC0415 - needed only by processes that edit

    pixels = np.dstack([np.asarray(image), np.asarray(alpha)])
    edge = (pixels[..., 3] > 0) & (pixels[..., 3] < 255)
    found = pixels[edge].astype(np.float32)
    colours = 255 - (255 - found[:, :3]) * 255 / found[:, 3:]
    pixels[edge, :3] = np.clip(colours, 0, 255).round().astype(np.uint8)
    return Image.fromarray(pixels)


def on_checks(image: Image.Image) -> Image.Image:
    """The image as RGB, its transparent pixels on the light checks by which editors show them."""
    if image.mode == "RGB":
        return image
    side = _CHECK
    tile = Image.new("RGB", (2 * side, 2 * side), "white")
    tile.paste(_GREY, (0, 0, side, side))
    tile.paste(_GREY, (side, side, 2 * side, 2 * side))
    flat = Image.new("RGB", image.size)
    for top in range(0, image.height, 2 * side):
        for left in range(0, image.width, 2 * side):
            flat.paste(tile, (left, top))
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
    """Colours and alpha as in `Layers`."""
    if image.mode.startswith("I"):
        # 16-bit grey; convert() alone would clip every value above 255 to white.
        grey = image.point(lambda value: value * (1 / 256)).convert("L")
        return grey, _opaque_except(image, image.info.get("transparency"))
    if image.mode == "LA":
        return image.getchannel("L"), image.getchannel("A")
    if image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    if image.mode in ("L", "RGB", "CMYK"):
        return (image.copy() if isinstance(image, ImageFile) else image), None
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
    return colours if colours.mode == "RGB" else colours.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises any exception and must not refuse the image
        return 1
    return value if isinstance(value, int) else 1
