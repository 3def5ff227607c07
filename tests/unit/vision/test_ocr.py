import sys

import numpy as np
import pytest

from qie_batch.errors import Misconfigured
from qie_batch.vision.ocr.reader import OnnxReader, installed, shared_reader
from tests.support import requires
from tests.support.posters import poster


def test_english_and_chinese_lines_are_read_with_their_places():
    requires.text_models()
    lines = shared_reader()(
        np.asarray(poster([("新品上市", (240, 90), 60), ("Free shipping 7", (240, 250), 30)]))
    )
    assert [line.text.replace(" ", "") for line in lines] == ["新品上市", "Freeshipping7"]
    xs, ys = zip(*lines[0].polygon, strict=True)
    assert min(xs) < 130
    assert max(xs) > 350
    assert min(ys) < 65
    assert max(ys) > 115
    assert [letter for letter, _, _ in lines[0].spans] == list("新品上市")


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert not installed()
    with pytest.raises(Misconfigured, match="needs rapidocr and onnxruntime") as error:
        OnnxReader()(np.zeros((40, 40, 3), np.uint8))
    assert error.value.hint == "install qie-batch[text]"
