"""Hostile, damaged and unusual files: which are refused with which code, and what the rest decode to."""

import io
import struct
import threading
import zlib

import pytest
from PIL import Image, ImageCms

from qie_batch.errors import Rejected
from qie_batch.images import Limits, check_length, decode, inspect, on_white
from qie_batch.images.sandbox.protocol import Request, Task, read_request

PNG = b"\x89PNG\r\n\x1a\n"


T = Image.Transpose
#: EXIF orientation -> how a camera transposes an upright image to store that.
STORED_AS = {
    2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE,
    6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270,
}  # fmt: skip


def near(pixel, expected, distance):
    return all(abs(a - b) <= distance for a, b in zip(pixel, expected, strict=True))


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(size=(64, 48)):
    return Image.merge(
        "RGB", (Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size),
                Image.new("L", size, 90))
    )  # fmt: skip


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, *, depth=8, colour=2, pixels=b"\0", extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def refusal(data, call=inspect, **options):
    with pytest.raises(Rejected) as caught:
        call(data, **options)
    return caught.value


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "WEBP")])
def test_header_names_format_and_size(kind, name):
    assert inspect(encoded(gradient((70, 50)), kind)) == (name, 70, 50, False, True)


def test_empty_file_is_refused():
    assert refusal(b"").code == "image_empty"


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"just some words named photo.jpg", "text"),
        ("ein Satz mit Umlaut ä und 中文".encode() * 60, "text"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html><body>404</body></html>", "a web page (HTML)"),
        (b"  <HTML><head>", "a web page (HTML)"),
        (b"<!---->" * 200, "a web page (HTML)"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML document"),
        (b'{"error": "not found"}', "JSON"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"\0\0\0\x18ftypmp42....", "a video"),
        (b"\xde\xad\xbe\xef\0\1\2\3", "the bytes de ad be ef 00 01 02 03"),
    ],
)
def test_file_that_is_no_image_is_refused_by_what_it_looks_like(data, seen):
    error = refusal(data)
    assert error.code == "image_not_an_image"
    assert f"starts like {seen}" in error.message


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encoded(gradient(), "GIF"), "a GIF"),
        (encoded(gradient(), "TIFF"), "a TIFF"),
        (encoded(gradient(), "BMP"), "a BMP"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "a HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1", "an AVIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000"),
        (b"8BPS\0\1", "a PSD"),
        (b"%PDF-1.7", "a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "an EPS"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">', "an SVG"),
        (b"<svg width='5'/>", "an SVG"),
    ],
)
def test_other_image_formats_are_refused_by_name(data, name):
    error = refusal(data)
    assert error.code == "image_format_unsupported"
    assert f"is {name} file" in error.message
    assert "JPEG, PNG or WebP" in error.message


def test_twenty_thousand_pixels_wide_is_refused_with_figures():
    error = refusal(encoded(Image.new("RGB", (20_000, 20)), "JPEG"))
    assert error.code == "image_too_large"
    assert "20,000 x 20 pixels" in error.message
    assert "longer than 12,000 (QIE_MAX_SIDE)" in error.message


@pytest.mark.parametrize(
    "bomb",
    [
        png(9000, 9000),
        png(60_000, 60_000),
        png(2**31 - 1, 2**31 - 1),
        # Lossless, 16,384 x 16,384 declared.
        b"RIFF\x18\0\0\0WEBPVP8L\x0b\0\0\0\x2f\xff\xff\xff\x0f" + b"\0" * 7,
        encoded(Image.new("RGB", (64, 64)), "JPEG").replace(
            b"\xff\xc0\x00\x11\x08\x00\x40\x00\x40", b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff"
        ),
    ],
    ids=["81 MP", "3.6 GP", "largest PNG", "WebP", "JPEG"],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_small_file_with_huge_declared_size_is_refused_before_decoding(bomb):
    assert len(bomb) < 1000
    assert refusal(bomb).code == "image_too_large"
    assert refusal(bomb, decode).code == "image_too_large"


def test_long_file_is_refused_unread():
    error = refusal(b"\xff\xd8\xff" + b"x" * 100, limits=Limits(max_bytes=50))
    assert error.code == "image_too_large"
    assert "103 bytes and 50 are allowed (QIE_MAX_BYTES)" in error.message
    assert refusal(60_000_000, check_length).code == "image_too_large"
    check_length(50_000_000)


def test_limits_are_the_callers():
    data = encoded(Image.new("RGB", (100, 100)), "PNG")
    assert inspect(data, Limits(max_pixels=10_000, max_side=100)) == ("PNG", 100, 100, False, True)
    sentence = refusal(data, limits=Limits(max_pixels=9_999)).message
    assert "10,000 pixels (100 x 100) and 9,999 are allowed (QIE_MAX_PIXELS)" in sentence
    assert refusal(data, limits=Limits(max_side=99)).code == "image_too_large"


def test_sentences_name_the_settings_of_the_gateway_where_those_are_the_limits():
    data = encoded(Image.new("RGB", (100, 100)), "PNG")
    for limits in (Limits(max_side=99, of_gateway=True), Limits(max_pixels=9_999, of_gateway=True)):
        assert "(QIE_GATEWAY_MAX_SIDE)" in refusal(data, limits=limits).message
    short = Limits(max_bytes=5, of_gateway=True)
    assert "5 are allowed (QIE_GATEWAY_MAX_IMAGE_BYTES)" in refusal(data, limits=short).message
    sent = Request(task=Task.INSPECT, data=data, limits=short)
    assert read_request(io.BytesIO(sent.header + data)) == sent


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 15)])
def test_fewer_than_sixteen_pixels_are_refused(size):
    assert refusal(encoded(Image.new("RGB", size), "PNG")).code == "image_too_small"


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_animations_are_refused(kind):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    error = refusal(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
    assert error.code == "image_animated"
    assert "3 frames" in error.message


def test_second_image_of_a_phones_jpeg_is_ignored():
    mpo = encoded(gradient(), "MPO", save_all=True, append_images=[Image.new("RGB", (32, 24))])
    assert inspect(mpo) == ("JPEG", 64, 48, False, True)
    assert decode(mpo).size == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_file_is_refused_as_such(kind, share):
    whole = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), kind)
    error = refusal(whole[: int(len(whole) * share)], decode)
    assert error.code == "image_truncated"
    assert "cut short" in error.message


def test_progressive_jpeg_that_lacks_its_last_scans_is_truncated():
    whole = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), "JPEG", progressive=True)
    assert refusal(whole[: len(whole) // 2], decode).code == "image_truncated"


def test_wrong_checksum_of_png_pixels_is_refused():
    whole = bytearray(encoded(gradient(), "PNG"))
    start = whole.index(b"IDAT") - 4
    end = start + 8 + struct.unpack(">I", whole[start : start + 4])[0]
    whole[end] ^= 0xFF
    assert refusal(bytes(whole), inspect).code == "image_broken"
    assert refusal(bytes(whole), decode).code == "image_broken"


def test_garbage_behind_a_right_header_is_refused():
    for head in (b"\xff\xd8\xff\xe0", PNG, b"RIFF\x20\0\0\0WEBPVP8 "):
        code = refusal(head + bytes(range(256)) * 4, decode).code
        assert code in ("image_broken", "image_truncated")


def test_every_single_cut_and_flip_ends_in_an_image_or_a_rejection():
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = encoded(gradient((24, 20)), kind)
        for at in range(0, len(whole), 3):
            for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
                try:
                    decode(damaged)
                except Rejected as error:
                    assert error.code.startswith("image_")  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied(kind, orientation):
    upright = Image.new("RGB", (48, 32), "white")
    upright.paste("red", (0, 0, 24, 16))
    upright.paste("blue", (0, 16, 24, 32))
    stored = upright.transpose(STORED_AS[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(encoded(stored, kind, exif=exif, quality=95))
    assert decoded.size == (48, 32)
    red, blue, white = (decoded.getpixel(at) for at in ((6, 6), (6, 26), (40, 16)))
    assert near(red, (255, 0, 0), 25)
    assert near(blue, (0, 0, 255), 25)
    assert near(white, (255, 255, 255), 15)


@pytest.mark.parametrize("orientation", [*range(10), 65535])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("metadata", ["exif", "xmp"])
def test_the_header_tells_the_size_of_the_upright_image(kind, orientation, metadata):
    exif = Image.Exif()
    exif[0x0112] = orientation
    xmp = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
    data = encoded(gradient(), kind, **{"exif": {"exif": exif}, "xmp": {"xmp": xmp}}[metadata])
    header = inspect(data)
    assert (header.width, header.height) == decode(data).size


def test_an_orientation_behind_the_pixels_of_a_png_is_read_with_the_header():
    exif = Image.Exif()
    exif[0x0112] = 6
    chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    whole = len(chunk[4:]).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    plain = encoded(gradient(), "PNG")
    data = plain[:-12] + whole + plain[-12:]
    assert inspect(data)[:3] == ("PNG", 48, 64)
    assert decode(data).size == (48, 64)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_refuse_the_image():
    data = encoded(gradient(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\x01")
    assert decode(data).size == (64, 48)


def test_damaged_exif_still_turns_the_image_if_its_orientation_can_be_read():
    """`ImageOps.exif_transpose` of such an image raises: it cannot write the width, a text here, again."""
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif[0x0112] = 6
    make, width = b"\x01\x0f\x00\x02", b"\x01\x00\x00\x02"
    decoded = decode(encoded(gradient(), "JPEG", exif=exif.tobytes().replace(make, width)))
    assert (decoded.size, decoded.info) == ((48, 64), {})
    assert not decoded.getexif()


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_unknown_orientation_leaves_the_image_as_stored(value):
    exif = Image.Exif()
    exif[0x0112] = value
    decoded = decode(encoded(gradient(), "PNG", exif=exif))
    assert decoded.tobytes() == gradient().tobytes()
    assert not decoded.getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_comes_out_as_rgb(mode):
    image = Image.new("I;16", (32, 32), 0x8080) if mode == "I;16" else gradient((32, 32)).convert(mode)
    decoded = decode(encoded(image, "PNG"))
    assert (decoded.mode, decoded.size) == ("RGB", (32, 32))
    if mode == "I;16":
        assert decoded.getpixel((5, 5)) == (128, 128, 128)


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (0x00FF, 0), (0x4000, 64), (0xFFFF, 255)])
def test_sixteen_bit_grey_keeps_its_high_byte(value, grey):
    assert decode(encoded(Image.new("I;16", (16, 16), value), "PNG")).getpixel((3, 3)) == (grey,) * 3


def test_sixteen_bit_colour_keeps_its_high_bytes():
    row = b"\0" + struct.pack(">HHH", 0xFFFF, 0x8000, 0x0100) * 16
    assert decode(png(16, 16, depth=16, pixels=row * 16)).getpixel((8, 8)) == (255, 128, 1)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_decoded_and_composed_on_white(mode):
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 16, 32))
    image.paste((0, 0, 0, 128), (16, 0, 24, 32))
    for kind in ("PNG", "WEBP"):
        decoded = on_white(decode(encoded(image.convert(mode), kind, lossless=True)))
        assert [decoded.getpixel((x, 9)) for x in (4, 20, 28)] == [(0,) * 3, (127,) * 3, (255,) * 3]


def test_transparent_palette_colour_becomes_white():
    image = Image.new("P", (32, 32), 0)
    image.putpalette([255, 0, 0, 0, 128, 0])
    image.paste(1, (16, 0, 32, 32))
    decoded = on_white(decode(encoded(image, "PNG", transparency=0)))
    assert (decoded.getpixel((2, 2)), decoded.getpixel((20, 2))) == ((255, 255, 255), (0, 128, 0))


@pytest.mark.filterwarnings("error")
def test_palette_with_an_alpha_for_each_colour_is_decoded_without_a_warning():
    image = Image.new("P", (32, 32), 1)
    image.putpalette([255, 0, 0, 0, 0, 0])
    decoded = on_white(decode(encoded(image, "PNG", transparency=bytes([0, 128]))))
    assert decoded.getpixel((2, 2)) == (127, 127, 127)


def test_transparent_colour_of_an_rgb_png_becomes_white():
    decoded = on_white(decode(encoded(Image.new("RGB", (16, 16), (1, 2, 3)), "PNG", transparency=(1, 2, 3))))
    assert decoded.getpixel((2, 2)) == (255, 255, 255)


def keyed(depth, colour, key, pixels):
    """A PNG of 16 rows, whose transparent colour is `key`."""
    transparent = struct.pack(f">{len(key)}H", *key)
    return png(
        16, 16, depth=depth, colour=colour, pixels=(b"\0" + pixels) * 16, extra=chunk(b"tRNS", transparent)
    )


@pytest.mark.parametrize(
    ("depth", "key", "row", "expected"),
    [
        (1, 0, b"\x00\xff", (255, 255)),
        (2, 2, b"\xaa\xaa\x55\x55", (255, 85)),
        (2, 0x0FF2, b"\xaa\xaa\x55\x55", (255, 85)),
        (4, 5, b"\x55" * 4 + b"\xaa" * 4, (255, 170)),
        (4, 15, b"\x55" * 4 + b"\xaa" * 4, (85, 170)),
        (8, 5, b"\5" * 8 + b"\x80" * 8, (255, 128)),
        (8, 0x0105, b"\5" * 8 + b"\x80" * 8, (255, 128)),
        (16, 0, b"\0\0" * 8 + b"\x80\0" * 8, (255, 128)),
        (16, 0x1234, b"\x12\x34" * 8 + b"\x12\x35" * 8, (255, 0x12)),
        (16, 0xFFFF, b"\0\0" * 8 + b"\xff\xff" * 8, (0, 255)),
    ],
)
def test_transparent_grey_of_any_depth_becomes_white(depth, key, row, expected):
    decoded = on_white(decode(keyed(depth, 0, [key], row)))
    assert (decoded.getpixel((2, 9)), decoded.getpixel((13, 9))) == ((expected[0],) * 3, (expected[1],) * 3)


def test_transparent_colour_counts_its_low_bytes():
    decoded = on_white(decode(keyed(8, 2, [0x0101, 0x0202, 0x0303], b"\1\2\3" * 8 + b"\1\2\4" * 8)))
    assert (decoded.getpixel((2, 9)), decoded.getpixel((13, 9))) == ((255,) * 3, (1, 2, 4))


def test_transparent_colour_of_sixteen_bits_is_refused_and_not_lost():
    error = refusal(keyed(16, 2, [0x1234, 0x5678, 0x9ABC], b"\x12\x34\x56\x78\x9a\xbc" * 16), decode)
    assert error.code == "image_transparency_unsupported"
    assert "save it with an alpha channel" in error.message


@pytest.mark.parametrize(
    "chunks",
    [b"", chunk(b"PLTE", b"\1\2\3") + chunk(b"tRNS", bytes(1000))],
    ids=["no palette", "more alphas than colours"],
)
def test_palette_that_cannot_be_used_is_a_broken_file(chunks):
    data = png(16, 16, colour=3, pixels=bytes(17) * 16, extra=chunks)
    assert refusal(data, decode).code == "image_broken"


@pytest.mark.parametrize(
    ("cmyk", "rgb"),
    [((0, 0, 0, 0), (255, 255, 255)), ((0, 255, 255, 0), (255, 0, 0)), ((0, 0, 0, 255), (0, 0, 0)),
     ((255, 0, 255, 0), (0, 255, 0))],
)  # fmt: skip
def test_cmyk_jpeg_has_its_colours_and_not_their_inverse(cmyk, rgb):
    decoded = decode(encoded(Image.new("CMYK", (32, 32), cmyk), "JPEG", quality=95))
    assert near(decoded.getpixel((9, 9)), rgb, 3)


def swapped_profile():
    """sRGB with the primaries of red and green exchanged, under a name of its own."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_embedded_profile_is_converted_to_srgb(mode):
    image = Image.new("RGB", (32, 32), (255, 0, 0)).convert(mode)
    decoded = decode(encoded(image, "PNG", icc_profile=swapped_profile()))
    assert near(decoded.getpixel((9, 9)), (0, 255, 0), 2)


def test_profile_of_srgb_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, tagged = (decode(encoded(gradient(), "PNG", icc_profile=icc)) for icc in (None, profile))
    assert plain.tobytes() == tagged.tobytes() == gradient().tobytes()


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        ("RGB", b"not a profile"),
        ("RGB", swapped_profile()[:300]),
        ("L", swapped_profile()),
        ("CMYK", swapped_profile()),
        ("RGB", swapped_profile() + bytes(1_000_000)),
    ],
    ids=["nonsense", "cut", "RGB on grey", "RGB on CMYK", "oversized"],
)
def test_profile_that_is_broken_or_of_another_mode_is_dropped(mode, profile):
    image = gradient().convert(mode)
    with_profile = decode(encoded(image, "JPEG", icc_profile=profile))
    assert with_profile.tobytes() == decode(encoded(image, "JPEG")).tobytes()


def test_decoded_image_has_no_metadata():
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(
        gradient(), "JPEG", exif=exif, comment=b"secret", icc_profile=swapped_profile(), dpi=(300, 300)
    )
    decoded = decode(data)
    assert decoded.info == {}
    assert not decoded.getexif()


def test_draft_is_smaller_but_never_shorter_than_asked():
    data = encoded(gradient((1600, 1200)), "JPEG")
    assert decode(data, draft=400).size == (400, 300)
    assert decode(data, draft=410).size == (800, 600)
    assert decode(data, draft=4000).size == (1600, 1200)
    assert decode(encoded(gradient((160, 120)), "PNG"), draft=40).size == (160, 120)


def test_three_threads_decode_the_same_images_alike():
    files = [
        encoded(gradient((90, 70)), kind, icc_profile=swapped_profile()) for kind in ("JPEG", "PNG", "WEBP")
    ]
    expected = [decode(data).tobytes() for data in files]
    seen = []

    def work():
        seen.extend([decode(data).tobytes() for data in files] for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [expected] * 30
