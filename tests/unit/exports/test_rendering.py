"""Images are fitted to a channel without more change than its rules ask for, and the report says which."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from qie_batch.exports.channel import Span
from qie_batch.exports.encoding import MAX_ENCODES, encoded, xmp_of
from qie_batch.exports.framing import frame_of
from qie_batch.exports.reading import read_channel
from qie_batch.exports.rendering import Upscaler, render
from qie_batch.images.metadata import fields_of, with_fields
from qie_batch.images.profiles import srgb_profile
from qie_batch.images.provenance import SOURCE_TYPE, SourceType
from qie_batch.model import OutputFormat
from tests.support import products

AMAZON, GOOGLE, WEB = map(read_channel, ("amazon", "google", "web"))
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- from a test --></x:xmpmeta>'


def opened(made):
    return Image.open(io.BytesIO(made.data))


def grain(side=600):
    return Image.merge("RGB", [Image.effect_noise((side, side), 60) for _ in range(3)])


@pytest.mark.parametrize(
    ("box", "channel", "size", "scale"),
    [
        ((900, 900), AMAZON, (1000, 1000), 1.0),
        ((1800, 400), AMAZON, (2000, 2000), 1.0),
        ((3600, 400), AMAZON, (2000, 2000), 0.5),
        ((300, 450), AMAZON, (1000, 1000), 2.0),
        ((300, 425), GOOGLE, (500, 500), 1.0),
        ((100, 170), GOOGLE, (200, 200), 1.0),  # which fails a rule, and is not enlarged
    ],
)
def test_a_frame_shrinks_to_the_aim_and_enlarges_to_the_least_alone(box, channel, size, scale):
    frame = frame_of(box, channel, fill=channel.product.aim)
    assert (frame.width, frame.height) == size
    assert frame.scale == pytest.approx(scale)
    assert frame.left == pytest.approx((size[0] - frame.box[0]) / 2, abs=1)


def test_a_frame_without_an_aspect_is_the_image():
    frame = frame_of((3200, 1000), WEB)
    assert (frame.width, frame.height, frame.box) == (1600, 500, (1600, 500))
    portrait = replace(AMAZON, aspect=(3, 4))
    frame = frame_of((900, 900), portrait, fill=0.9)
    assert (frame.width, frame.height) == (999, 1332)


def test_a_product_is_placed_by_alpha_by_its_background_or_by_a_cut_out():
    by = {
        "alpha": products.cut_out(),
        "background": products.on("#fcfdfb"),
        "cut-out": products.on("#5a78c8"),
        "none": products.scene((400, 400)),
    }
    boxes = []
    for basis, image in by.items():
        made = render(image, AMAZON)
        assert made.basis == basis
        assert ("put on the channel's background by a cut-out" in made.notes) == (basis == "cut-out")
        if basis == "none":
            assert made.notes[0].startswith("the product could not be placed: ")
            continue
        pixels = np.asarray(opened(made).convert("L")) < 200
        rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
        boxes.append((rows[0], rows[-1], columns[0], columns[-1]))
    assert np.ptp(np.array(boxes), axis=0).max() <= 12


def test_enlarging_is_named_by_what_did_it():
    small = products.cut_out((300, 300))
    (note,) = render(small, AMAZON).notes
    assert note.startswith("enlarged 4.")
    assert note.endswith(" times by Lanczos")
    asked = []

    def enlarge(image, size):
        asked.append((image.mode, size))
        return image.resize((size[0] * 2, size[1] * 2), Image.Resampling.NEAREST)

    made = render(small, AMAZON, upscaler=Upscaler(name="mine.upscaler", enlarge=enlarge))
    assert made.notes[0].endswith(" times by mine.upscaler")
    assert asked[0][0] == "RGB"
    assert max(asked[0][1]) == pytest.approx(900, abs=2)
    assert (made.width, made.height) == (1000, 1000)


def test_what_is_given_stays_on_a_channel_that_asks_for_no_background():
    scene = products.scene((400, 300))
    made = render(scene, replace(WEB, format=OutputFormat.PNG))
    assert made.basis == "whole"
    assert np.array_equal(np.asarray(opened(made)), np.asarray(scene))
    padded = render(scene, read_channel("shopify"))
    assert (padded.width, padded.height, padded.notes) == (800, 800, ("enlarged 2.00 times by Lanczos",))


@pytest.mark.parametrize("kind", [OutputFormat.JPEG, OutputFormat.WEBP])
@pytest.mark.parametrize("share", [0.7, 0.5])
def test_quality_is_found_in_few_encodes_and_near_the_limit(kind, share):
    channel = replace(WEB, format=kind, quality=Span(20, 95), bytes=Span(0, 1e9))
    image = grain()
    limit = int(len(encoded(image, channel).data) * share)
    found = encoded(image, replace(channel, bytes=Span(0, limit)))
    assert found.encodes <= 4 <= MAX_ENCODES
    assert 0.85 * limit <= len(found.data) <= limit
    assert 20 <= found.quality < 95


def test_a_limit_that_no_quality_meets_gives_the_smallest_file():
    channel = replace(WEB, format=OutputFormat.JPEG, quality=Span(60, 95), bytes=Span(0, 1000))
    found = encoded(grain(200), channel)
    assert (found.quality, len(found.data) > 1000) == (60, True)


def test_a_least_number_of_bytes_is_met_by_better_quality():
    image = grain(200)
    channel = replace(WEB, format=OutputFormat.JPEG, quality=Span(60, 80))
    usual = len(encoded(image, channel).data)
    found = encoded(image, replace(channel, bytes=Span(usual + 1, 1e9)))
    assert found.quality == 100
    assert len(found.data) > usual


@pytest.mark.parametrize("kind", [OutputFormat.JPEG, OutputFormat.WEBP, OutputFormat.PNG])
def test_profile_and_provenance_are_in_every_format_and_the_bytes_are_the_same_again(kind):
    image = products.on("white", (100, 100))
    first = encoded(image, replace(WEB, format=kind), XMP)
    assert xmp_of(first.data) == XMP
    assert Image.open(io.BytesIO(first.data)).info["icc_profile"] == srgb_profile()
    assert encoded(image, replace(WEB, format=kind), XMP).data == first.data
    assert xmp_of(b"<html>") == xmp_of(encoded(image, WEB).data) == b""


def shadowed(strength):
    """A cut-out over a soft shadow that is wider than the product."""
    image = products.cut_out((400, 400))
    shadow = Image.new("L", image.size, 0)
    ImageDraw.Draw(shadow).ellipse((60, 350, 340, 374), fill=strength)
    shadow = shadow.filter(ImageFilter.GaussianBlur(6))
    alpha = np.asarray(image.getchannel("A"))
    dark = Image.fromarray(
        np.where(alpha[..., None] > 0, np.asarray(image.convert("RGB")), 0).astype(np.uint8)
    )
    dark.putalpha(Image.fromarray(np.maximum(np.asarray(shadow), alpha)))
    return dark


@pytest.mark.parametrize("strength", [5, 90])
@pytest.mark.parametrize("on_white", [False, True])
def test_a_shadow_is_neither_background_nor_product(strength, on_white):
    image = shadowed(strength)
    if on_white:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
        image = flat
    channel = replace(AMAZON, longest=Span(400, 2000))
    made = render(image, channel, name="x.jpg")
    assert [finding.sentence for finding in made.findings if finding.sentence] == []
    assert "shadow removed" in made.notes or strength == 5
    dark = np.asarray(opened(made).convert("L")) < 245
    columns, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    assert np.ptp(rows) / made.height == pytest.approx(0.9, abs=0.02)
    assert np.ptp(columns) / made.width < 0.5


def test_a_channel_that_takes_any_background_keeps_shadows():
    image = shadowed(90)
    made = render(image, replace(WEB, format=OutputFormat.PNG))
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    assert np.array_equal(np.asarray(opened(made)), np.asarray(flat))


def test_a_product_that_touches_the_border_of_its_image_is_said_to_be_cut():
    image = products.on("white").crop((0, 120, 640, 640))
    margin = {finding.gate: finding for finding in render(image, AMAZON).findings}["margin"]
    assert margin.sentence == "the product touches the border of the image, where it may be cut."
    whole = products.cut_out()
    cropped = whole.crop(whole.getchannel("A").getbbox())
    assert {finding.sentence for finding in render(cropped, AMAZON).findings} == {""}


def test_a_white_band_round_a_scene_is_no_white_background():
    findings = render(products.scene((600, 200)), AMAZON).findings
    assert {finding.gate for finding in findings if finding.verdict == "failed"} == {"background"}


@pytest.mark.parametrize("name", ["amazon", "web"])
def test_what_a_result_says_of_its_origin_is_in_its_export(name):
    file = io.BytesIO()
    products.on("white", (200, 200)).save(file, "PNG")
    stamped = with_fields(file.getvalue(), {SOURCE_TYPE: SourceType.PARTLY_GENERATED.address})
    image = Image.open(io.BytesIO(stamped)).convert("RGB")
    made = render(image, replace(read_channel(name), aim=200, longest=Span(1, 1600)), xmp=xmp_of(stamped))
    assert fields_of(made.data)[SOURCE_TYPE] == SourceType.PARTLY_GENERATED.address
