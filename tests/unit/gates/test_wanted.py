import pytest

from qie_batch.gates.wanted import colour_named, wanted_colours


def names(instruction):
    found = wanted_colours(instruction)
    return tuple(each.name if each else "" for each in (found.product, found.background))


@pytest.mark.parametrize(
    ("instruction", "product"),
    [
        ("change the jacket to red", "red"),
        ("Change the red mug to blue", "blue"),
        ("make the red shirt blue", "blue"),
        ("change the colour of the dress from red to navy blue", "navy blue"),
        ("paint the wall sage green instead of blue", "sage green"),
        ("make the hoodie olive green, keep the logo white", "olive green"),
        ("recolor the bag in #ff8800", "#ff8800"),
        ("把红色的杯子换成蓝色", "蓝色"),
        ("把沙发变成墨绿色的", "墨绿色"),
    ],
)
def test_a_colour_that_something_is_changed_to_is_wanted(instruction, product):
    assert names(instruction) == (product, "")


@pytest.mark.parametrize(
    ("instruction", "background"),
    [
        ("make the background light blue", "light blue"),
        ("put it on a pure white background with a soft shadow", "pure white"),
        ("make the white background light blue", "light blue"),
        ("change the background from white to navy", "navy"),
        ("白底图", "白"),
        ("把背景改为浅蓝色", "浅蓝色"),
        ("将白底换成浅灰色背景", "浅灰色"),
    ],
)
def test_a_background_of_a_colour_is_wanted(instruction, background):
    assert names(instruction) == ("", background)


@pytest.mark.parametrize(
    "instruction",
    [
        "put the red mug on a wooden table",
        "add a red hat",
        "add the text “Red” in white",
        "turn it black and white",
        "replace the white background with a beach",
        "把白色背景换成海边",
        "去掉白色背景",
        "keep the white background",
        "把字改成红色",
        "make it gold",
        "make the cup red and the lid blue",
        "",
    ],
)
def test_a_colour_in_another_place_is_not_wanted(instruction):
    assert names(instruction) == ("", "")


def test_product_and_background_are_told_apart():
    assert names("make the mug red and the background white") == ("red", "white")


def test_blue_may_be_navy_and_navy_may_not_be_blue():
    blue, navy = colour_named("blue"), colour_named("navy")
    assert set(navy.rgb) < set(blue.rgb)
    assert len(navy.rgb) == 1


@pytest.mark.parametrize("name", ["", "reddish sky", "#12345"])
def test_what_is_no_colour_has_none(name):
    assert colour_named(name) is None
