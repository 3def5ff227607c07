"""Each rule is found broken where it is broken, and nowhere else."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageCms, ImageDraw

from qie_batch.exports.channel import RULES, Span
from qie_batch.exports.checking import check, failed_rules
from qie_batch.exports.reading import read_channel
from qie_batch.images.profiles import srgb_profile
from qie_batch.model import Verdict

AMAZON = read_channel("amazon")
SIDE = 1000


def drawn(size=(SIDE, SIDE), box=(0.3, 0.05, 0.7, 0.95), background="white"):
    image = Image.new("RGB", size, background)
    left, top, right, bottom = (share * side for share, side in zip(box, (*size, *size), strict=True))
    ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), fill=(150, 20, 60))
    return image


def saved(image, kind="JPEG", profile=None, **how):
    file = io.BytesIO()
    image.save(file, kind, icc_profile=srgb_profile() if profile is None else profile, **how)
    return file.getvalue()


def broken(data, channel=AMAZON, name="x.jpg"):
    return {finding.gate for finding in check(data, channel, name) if finding.verdict is Verdict.FAILED}


def test_a_file_that_meets_all_rules_passes_each():
    findings = check(saved(drawn()), AMAZON, "x.jpg")
    assert [finding.gate for finding in findings] == list(RULES)
    assert {finding.verdict for finding in findings} == {Verdict.PASSED}
    assert {finding.sentence for finding in findings} == {""}


def linear():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@pytest.mark.parametrize(
    ("data", "rules"),
    [
        (lambda: saved(drawn(), "WEBP", lossless=True), {"format", "extension"}),
        (lambda: saved(drawn(), "PNG"), {"extension"}),
        (lambda: saved(drawn(), profile=b""), {"colour"}),
        (lambda: saved(drawn(), profile=linear()), {"colour"}),
        (lambda: saved(drawn().convert("CMYK"), profile=b""), {"colour"}),
        (lambda: saved(drawn((800, 800))), {"size"}),
        (lambda: saved(drawn((1000, 900))), {"aspect"}),
        (lambda: saved(drawn(background="#fdfdfd"), quality=100), {"background"}),
        (lambda: saved(drawn(background="#d0d8d0")), {"background"}),
        (lambda: saved(drawn(box=(0.3, 0.0, 0.7, 0.95))), {"margin"}),
        (lambda: saved(drawn(box=(0.3, 0.2, 0.7, 0.8))), {"fill"}),
        (lambda: b"<html>", {"format"}),
        (lambda: saved(drawn())[:2000], {"format"}),
    ],
)
def test_a_planted_fault_breaks_its_rule_alone(data, rules):
    assert broken(data()) == rules


def test_bytes_and_pixels_have_least_and_most():
    data = saved(drawn())
    assert broken(data, replace(AMAZON, bytes=Span(0, len(data) - 1))) == {"bytes"}
    assert broken(data, replace(AMAZON, bytes=Span(len(data) + 1, 1e9))) == {"bytes"}
    assert broken(data, replace(AMAZON, bytes=Span(len(data), len(data)))) == set()
    assert broken(data, replace(AMAZON, megapixels=0.9)) == {"pixels"}
    assert broken(data, replace(AMAZON, shortest=Span(1001, 2000))) == {"size"}


def test_a_white_part_of_the_product_is_no_stain():
    image = drawn()
    ImageDraw.Draw(image).rectangle((400, 300, 600, 600), fill=(252, 252, 252))
    assert broken(saved(image)) == set()


def test_where_no_product_is_seen_its_rules_are_not_checked():
    findings = {
        finding.gate: finding for finding in check(saved(drawn(background="#d0d8d0")), AMAZON, "x.jpg")
    }
    assert findings["fill"].verdict is findings["margin"].verdict is Verdict.UNCHECKED
    assert findings["fill"].sentence == "it is not known where the product is."


def test_advice_that_is_not_followed_keeps_no_file_out():
    google = read_channel("google")
    findings = check(saved(drawn(box=(0.3, 0.2, 0.7, 0.8))), google, "x.jpg")
    assert [finding.gate for finding in findings if finding.verdict is Verdict.FAILED] == ["fill"]
    assert failed_rules(findings, google) == []


def test_a_sentence_says_the_figure_and_the_rule():
    said = {finding.gate: finding.sentence for finding in check(saved(drawn((800, 800))), AMAZON, "x.jpg")}
    assert said["size"] == ("the image has 800 x 800 pixels, and its longest side has to have 1000 to 10000.")
