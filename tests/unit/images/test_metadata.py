import io

import pyexiv2
import pytest
from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile

from qie_batch.images.metadata import fields_of, with_fields
from qie_batch.images.provenance import PROFILE, SOURCE_TYPE, SourceType, Stamping, claim
from tests.support.ledgers import spec
from tests.support.metadata import FORMATS, RIGHTS, SECRET, exiftool, plain, talkative


def claimed(origin=None, **changes):
    generative = changes.pop("generative", True)
    stamping = Stamping(**{"credit": "Edited by Shop", **changes})
    return claim(spec("red", preset="fast"), origin or {}, stamping, generative=generative)


def test_another_program_reads_what_a_result_says_in_every_format():
    results = [with_fields(plain(kind), claimed(fields_of(talkative(kind)))) for kind in FORMATS]
    for told in exiftool(*results):
        assert told["XMP-iptcExt:DigitalSourceType"] == (
            "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
        )
        assert told["XMP-photoshop:Credit"] == "Foto Meier / Edited by Shop"
        assert told["XMP-dc:Identifier"] == spec("red", preset="fast").cache_key
        assert told["XMP-xmp:CreatorTool"] == "qie-batch, engine classic, revision 1, preset fast"
        assert (told["XMP-dc:Rights"], told["XMP-dc:Rights-zh-CN"]) == ("© 2026 Foto Meier", "版权所有")
        assert told["XMP-dc:Creator"] == ["Ines Meier", "Jo Rau"]
        assert told["XMP-xmpRights:UsageTerms"] == "One shop, one year"
        assert told["XMP-xmpRights:WebStatement"] == "https://meier.example/rights"
        assert (told["IFD0:Copyright"], told["IFD0:Artist"]) == ("(c) Foto Meier", "Ines Meier")
        dates = [name for name in told if "Date" in name and not name.startswith("System:")]
        assert not dates
        assert not [name for name in told if "GPS" in name or "Warning" in name]
    assert not [result for result in results if SECRET.encode() in result]


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("WEBP", "RGBA")]
)
def test_no_pixel_changes_and_the_same_fields_give_the_same_bytes(kind, mode):
    data, fields = plain(kind, mode), {**claimed(), PROFILE: "sRGB"}
    result = with_fields(data, fields)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(result))
    assert (after.mode, after.tobytes()) == (before.mode, before.tobytes())
    assert after.info["icc_profile"]
    assert with_fields(data, fields) == result
    assert fields_of(result) == fields


def test_a_profile_of_the_input_becomes_that_of_srgb():
    image = pyexiv2.ImageData(plain())
    image.modify_icc(ImageCmsProfile(createProfile("LAB")).tobytes())
    data = image.get_bytes()
    image.close()
    assert fields_of(data) == {PROFILE: "sRGB"}


def test_rights_are_found_in_iptc_and_exif_where_xmp_has_none():
    image = pyexiv2.ImageData(plain())
    image.modify_exif({"Exif.Image.Artist": "Ines Meier"})
    image.modify_iptc({"Iptc.Application2.Copyright": "Meier", "Iptc.Application2.Credit": "M."})
    data = image.get_bytes()
    image.close()
    found = fields_of(data)
    assert found["Xmp.dc.rights"] == {'lang="x-default"': "Meier"}
    assert (found["Xmp.dc.creator"], found["Xmp.photoshop.Credit"]) == (["Ines Meier"], "M.")


@pytest.mark.parametrize("text", ["type=Bag x", 'lang="de" x', "\0\x07\n", " "])
def test_a_text_that_would_be_read_as_a_command_is_left_out(text):
    image = pyexiv2.ImageData(plain())
    image.modify_exif({"Exif.Image.Copyright": text})
    data = image.get_bytes()
    image.close()
    assert fields_of(data) == {}


def test_long_texts_are_cut():
    image = pyexiv2.ImageData(plain())
    image.modify_exif({"Exif.Image.Copyright": "x" * 30_000})
    data = image.get_bytes()
    image.close()
    assert set(map(len, fields_of(data)["Xmp.dc.rights"].values())) == {1000}


@pytest.mark.parametrize("cut", [0, 3, 20, 200, 1000])
def test_a_damaged_file_says_nothing_or_something_and_never_fails(cut):
    for kind in FORMATS:
        assert isinstance(fields_of(talkative(kind)[:cut]), dict)


@pytest.mark.parametrize(
    ("generative", "before", "expected"),
    [
        (True, "", "compositeWithTrainedAlgorithmicMedia"),
        (False, "", "algorithmicallyEnhanced"),
        (False, "digitalCapture", "algorithmicallyEnhanced"),
        (False, "compositeWithTrainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"),
        (True, "trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        (False, "trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
    ],
)
def test_the_source_type_is_what_was_done_to_the_picture_in_all(generative, before, expected):
    origin = {SOURCE_TYPE: f"http://cv.iptc.org/newscodes/digitalsourcetype/{before}"} if before else {}
    fields = claimed(origin, generative=generative)
    assert fields[SOURCE_TYPE] == SourceType(expected).address
    assert ("Xmp.iptcExt.AISystemUsed" in fields) is generative


def test_rights_are_left_out_where_that_is_set_and_the_source_type_is_not():
    origin = fields_of(
        with_fields(talkative(), {SOURCE_TYPE: SourceType.GENERATED.address, "Xmp.dc.rights": RIGHTS})
    )
    fields = claimed(origin, keep_rights=False)
    assert "Xmp.dc.rights" not in fields
    assert (fields["Xmp.photoshop.Credit"], fields[SOURCE_TYPE]) == (
        "Edited by Shop",
        SourceType.GENERATED.address,
    )


def test_a_result_that_is_edited_again_has_the_credit_once():
    first = claimed({"Xmp.photoshop.Credit": "Meier"})
    assert claimed(first)["Xmp.photoshop.Credit"] == "Meier / Edited by Shop"
