"""A gate holds results to a channel of the user's own, as exports do."""

from __future__ import annotations

from PIL import Image

from qie_batch.gates import InstalledGates
from qie_batch.model import EVERY_GATE, Checks, Edited, Verdict
from tests.support import products

RULES = 'dated = 2026-11-27\nsize = { aim = 500 }\nbackground = { colour = "#ffffff", pure = true }\n'


def test_the_rules_of_a_channel_of_ones_own_are_read(tmp_path):
    (tmp_path / "house.toml").write_text(RULES, encoding="utf-8")
    before, grey = Image.new("RGB", (200, 200), "teal"), products.on("#d8d8d8", (200, 200))
    edited = Edited(before=before, after=grey, instruction="make it brighter", keep=None)
    asked = Checks(channel="house", limits={EVERY_GATE: None, "background": 2.0})
    (found,) = InstalledGates({}, tmp_path).inspect(edited, asked)
    assert (found.gate, found.verdict) == ("background", Verdict.FAILED)
    assert "channel house" in found.sentence
    (unknown,) = InstalledGates({}).inspect(edited, asked)
    assert unknown.verdict is Verdict.UNCHECKED
