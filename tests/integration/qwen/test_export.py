"""The parts of the tiny pipeline as ONNX files, in onnxruntime beside torch."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace

import pytest

from qie_batch.engines.qwen.export import PARTS, ExportRequest, export_onnx
from qie_batch.engines.qwen.export.tensorrt import export_tensorrt
from qie_batch.errors import Conflict, Misconfigured, NotFound, Unavailable


@pytest.mark.slow
def test_a_part_is_written_with_its_weights_beside_it_and_is_that_of_torch(options, tmp_path):
    said = []
    report = export_onnx(
        ExportRequest(
            options=options, folder=tmp_path / "onnx", parts=("language_model",), progress=said.append
        )
    )
    (part,) = report.parts
    assert part.max_abs < 1e-4
    assert part.inputs["inputs_embeds"] == "1, length, 16"
    assert {path.name for path in (tmp_path / "onnx").iterdir()} == {
        "language_model.onnx",
        "language_model.onnx.data",
        "export.json",
    }
    document = json.loads((tmp_path / "onnx" / "export.json").read_text())
    assert (document["opset"], document["dtype"], document["compared"]) == (20, "float32", True)
    assert document["parts"][0]["sha256"] == part.sha256
    assert "differs from torch by at most" in said[0]


@pytest.mark.slow
def test_every_part_and_a_whole_edit_are_those_of_torch(options, tmp_path):
    report = export_onnx(ExportRequest(options=options, folder=tmp_path))
    assert [part.name for part in report.parts] == list(PARTS)
    assert all(part.max_abs < 1e-5 * max(1.0, part.magnitude) for part in report.parts)
    assert report.whole_edit <= 1


@pytest.mark.slow
def test_the_published_precision_is_written_and_not_compared(options, tmp_path):
    report = export_onnx(
        ExportRequest(options=options, folder=tmp_path, parts=("language_model",), dtype="bfloat16")
    )
    assert report.parts[0].max_abs is None


def test_a_folder_in_use_is_left_alone(options, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Conflict, match="is not empty"):
        export_onnx(ExportRequest(options=options, folder=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_weights_it_says_where_they_are_looked_for(options, tmp_path):
    nowhere = replace(options, model=str(tmp_path / "nowhere"))
    with pytest.raises(Misconfigured, match="neither a folder nor in"):
        export_onnx(ExportRequest(options=nowhere, folder=tmp_path / "onnx"))


@pytest.fixture
def exported(tmp_path):
    for name in ("vae_encoder", "vae_decoder"):
        (tmp_path / f"{name}.onnx").write_bytes(b"onnx")
    return tmp_path


@pytest.fixture
def trtexec(tmp_path_factory, monkeypatch):
    """A program of that name on PATH, which notes how it is called; the real one needs a GPU."""
    folder = tmp_path_factory.mktemp("bin")

    def put(code):
        path = folder / "trtexec"
        path.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\necho "no GPU"\nexit {code}\n')
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return folder / "calls"

    return put


def test_without_trtexec_the_commands_are_written_and_nothing_is_said_to_be_built(exported, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    report = export_tensorrt(exported, "Qwen/Qwen-Image-Edit-2509")
    assert report.built == ()
    text = report.script.read_text()
    assert "--optShapes=image:1x3x1x1024x1024" in text
    assert "--optShapes=latent:1x16x1x128x128" in text
    assert "--stronglyTyped" in text
    assert "--fp16" not in text
    assert "trtmc build Qwen/Qwen-Image-Edit-2509" in text
    assert os.access(report.script, os.X_OK)


def test_where_trtexec_is_it_builds_the_vae(exported, trtexec):
    calls = trtexec(0)
    assert export_tensorrt(exported, "m").built == ("vae_encoder.plan", "vae_decoder.plan")
    assert calls.read_text().count("--saveEngine=") == 2


def test_a_build_that_fails_says_what_trtexec_said(exported, trtexec):
    trtexec(1)
    with pytest.raises(Unavailable, match="code 1: no GPU"):
        export_tensorrt(exported, "m")


def test_without_an_onnx_export_there_is_nothing_to_build(tmp_path):
    with pytest.raises(NotFound, match=r"has no vae_encoder\.onnx"):
        export_tensorrt(tmp_path, "m")
