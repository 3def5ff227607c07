"""Converts colours to sRGB by an embedded profile or by a gamma."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import chain, product

from PIL import Image, ImageCms

#: Larger embedded profiles are ignored; the largest in use are CMYK profiles of about 600 KB.
MAX_PROFILE = 1_000_000

#: Levels of 255; the sRGB profiles of different makers convert to one another within these.
_SAME = 4

#: Of a profile: when it was made.
_MADE = slice(24, 36)

#: The gAMA of sRGB (1 / 2.2) as programs write and round that; those files are meant to be sRGB.
_SRGB_GAMMAS = 0.43, 0.48
#: What no program writes on purpose is ignored.
_GAMMAS = 0.1, 10.0


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """To embed; the same bytes each day, unlike those that LittleCMS dates."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_MADE] = bytes((0x07, 0xEA, 0, 1, 0, 1)) + bytes(6)
    return bytes(profile)


def from_profile(colours: Image.Image, profile: bytes) -> Image.Image:
    """In sRGB; a profile that is broken, too large or of another mode is ignored."""
    if len(profile) <= MAX_PROFILE:
        try:
            # Most profiles are sRGB; converting those would cost 17 ms a megapixel and change nothing.
            if colours.mode != "RGB" or not _is_srgb(profile):
                return _converted(colours, profile)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return colours if colours.mode == "RGB" else colours.convert("RGB")


def from_gamma(colours: Image.Image, gamma: float) -> Image.Image:
    """In sRGB, from samples that are light to the power of `gamma`. PNG specification, gAMA."""
    if _SRGB_GAMMAS[0] <= gamma <= _SRGB_GAMMAS[1] or not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return colours.convert("RGB")
    table = [round(255 * _encoded((value / 255) ** (1 / gamma))) for value in range(256)]
    return colours.point(table * len(colours.getbands())).convert("RGB")


@lru_cache(maxsize=8)
def _is_srgb(profile: bytes) -> bool:
    """By name and content, as linear and other profiles also begin with that name."""
    name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    if not name.startswith("sRGB"):
        return False
    colours = [*product(range(0, 256, 51), repeat=3), *((grey, grey, grey) for grey in range(0, 256, 8))]
    samples = bytes(chain.from_iterable(colours))
    converted = _converted(Image.frombytes("RGB", (len(colours), 1), samples), profile).tobytes()
    return all(abs(one - other) <= _SAME for one, other in zip(samples, converted, strict=True))


def _converted(colours: Image.Image, profile: bytes) -> Image.Image:
    converted = ImageCms.profileToProfile(
        colours,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # only `inPlace` gives None
    return converted


def _encoded(light: float) -> float:
    """IEC 61966-2-1."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
