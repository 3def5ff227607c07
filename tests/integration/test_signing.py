"""Exports are signed by C2PA with one's own certificate, and the library's reader verifies them."""

from __future__ import annotations

import io
import json

import c2pa
import pytest
from click.testing import CliRunner
from PIL import Image

from qie_batch.cli import main
from qie_batch.exports.encoding import xmp_of
from qie_batch.exports.reading import read_channel
from qie_batch.exports.rendering import render
from qie_batch.images.metadata import with_fields
from qie_batch.images.provenance import SOURCE_TYPE, SYSTEM, SYSTEM_VERSION, SourceType
from tests.support.certificates import signing_certificate
from tests.support.metadata import FORMATS, exiftool, plain

FIELDS = {SOURCE_TYPE: SourceType.PARTLY_GENERATED.address, SYSTEM: "qwen", SYSTEM_VERSION: "7"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    chain, key, root = signing_certificate()
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key)
    (folder / "root.pem").write_bytes(root)
    return folder


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    (folder / "shoes").mkdir(parents=True)
    for kind in FORMATS:
        (folder / "shoes" / f"red.{kind.lower()}").write_bytes(with_fields(plain(kind), FIELDS))
    (folder / "bare.png").write_bytes(plain("PNG"))
    (folder / "no.jpg").write_bytes(b"no picture")
    (folder / "results.csv").write_text("id\n1\n")
    return folder


def signed(folder, tmp_path, certificate, **changes):
    variables = {
        "QIE_DIR": str(tmp_path),
        "QIE_C2PA_CHAIN": str(certificate / "chain.pem"),
        "QIE_C2PA_KEY": str(certificate / "key.pem"),
        **changes,
    }
    return CliRunner(env=variables).invoke(main, ["sign", str(folder), "--json"])


def read(data, kind, certificate=None):
    settings = {"verify": {"verify_trust": True}}
    if certificate:
        settings["trust"] = {"user_anchors": (certificate / "root.pem").read_text()}
    context = c2pa.Context(settings=c2pa.Settings.from_dict(settings))
    return c2pa.Reader(f"image/{kind.lower()}", io.BytesIO(data), context=context)


def test_every_format_is_signed_and_verified_and_keeps_what_it_says(exports, tmp_path, certificate):
    done = signed(exports, tmp_path, certificate)
    assert done.exit_code == 0, done.output
    outcomes = {
        entry["file"].removeprefix(f"{exports}/"): entry["outcome"] for entry in json.loads(done.stdout)
    }
    assert [name for name, outcome in outcomes.items() if outcome == "signed"] == [
        "shoes/red.jpeg",
        "shoes/red.png",
        "shoes/red.webp",
    ]
    assert "says nothing of its origin" in outcomes["bare.png"]
    assert "not a picture" in outcomes["no.jpg"]
    files = [(exports / "shoes" / f"red.{kind.lower()}").read_bytes() for kind in FORMATS]
    for kind, data in zip(FORMATS, files, strict=True):
        reader = read(data, kind, certificate)
        assert reader.get_validation_state() == "Trusted"
        manifest = reader.get_active_manifest()
        assert manifest["signature_info"]["issuer"] == "Example Shop"
        (actions,) = (each for each in manifest["assertions"] if each["label"] == "c2pa.actions.v2")
        (action,) = actions["data"]["actions"]
        assert action["digitalSourceType"] == FIELDS[SOURCE_TYPE]
        assert (action["softwareAgent"]["name"], action["softwareAgent"]["version"]) == ("qwen", "7")
        broken = bytearray(data)
        broken[-30] ^= 1
        assert read(bytes(broken), kind, certificate).get_validation_state() == "Invalid"
    assert {told["XMP-iptcExt:DigitalSourceType"] for told in exiftool(*files)} == {FIELDS[SOURCE_TYPE]}


def test_an_export_says_what_its_result_says_and_is_signed(tmp_path, certificate):
    result = with_fields(plain("PNG"), FIELDS)
    channel = read_channel("google")
    export = render(Image.open(io.BytesIO(result)), channel, name="red", xmp=xmp_of(result))
    (tmp_path / f"red.{channel.format}").write_bytes(export.data)
    assert json.loads(signed(tmp_path, tmp_path, certificate).stdout)[0]["outcome"] == "signed"
    (told,) = exiftool((tmp_path / f"red.{channel.format}").read_bytes())
    assert told["XMP-iptcExt:DigitalSourceType"] == FIELDS[SOURCE_TYPE]


def test_a_second_time_signs_nothing(exports, tmp_path, certificate):
    signed(exports, tmp_path, certificate)
    before = (exports / "shoes" / "red.png").read_bytes()
    again = json.loads(signed(exports, tmp_path, certificate).stdout)
    assert "signed before" in {entry["outcome"] for entry in again}
    assert (exports / "shoes" / "red.png").read_bytes() == before


def test_what_cannot_sign_is_said_and_changes_no_file(exports, tmp_path, certificate):
    before = {path: path.read_bytes() for path in exports.rglob("*") if path.is_file()}
    for changes, said in (
        ({"QIE_C2PA_CHAIN": ""}, "QIE_C2PA_CHAIN is not set"),
        ({"QIE_C2PA_KEY": str(tmp_path / "none.pem")}, "cannot be read"),
        ({"QIE_C2PA_KEY": str(certificate / "root.pem")}, "QIE_C2PA_CHAIN cannot sign"),
        ({"QIE_C2PA_ALGORITHM": "ed25519"}, "QIE_C2PA_CHAIN cannot sign"),
    ):
        done = signed(exports, tmp_path, certificate, **changes)
        assert (done.exit_code, said in done.stderr) == (2, True), done.output
    assert {path: path.read_bytes() for path in exports.rglob("*") if path.is_file()} == before
    assert signed(tmp_path / "none", tmp_path, certificate).exit_code == 2
