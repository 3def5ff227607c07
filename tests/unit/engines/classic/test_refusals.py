"""What is refused in a sentence of its own, and which sentence is named as the nearest."""

import re

import pytest

from qie_batch.engines.classic.grammar import reasons
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected


def sentence(instruction):
    with pytest.raises(Rejected) as error:
        parse(instruction)
    assert (error.value.code, error.value.subject) == ("instruction_not_understood", "instruction")
    return error.value.message


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        ("change the hair colour to red", "hair, skin and faces"),
        ("make her lips red", "hair, skin and faces"),
        ("把头发染成金色", "hair, skin and faces"),
        ("把蓝色字改成红色", "letters and logos"),
        ("turn the blue logo red", "letters and logos"),
        ("change the blue sole to white", "part of a product"),
        ("瓶盖改成红色", "part of a product"),
        ("make the floor blue", "is no product"),
        ("turn the white t-shirt black", "“white” has no hue"),
        ("把灰色毛衣染成酒红色", "“grey” has no hue"),
        ("swap red and wine red", "one hue family"),
        ("add logo.png", "cannot be put into a picture"),
        ('add "logo.png" top left', "cannot be put into a picture"),
        ("increase brightness by 900 %", "Brightness changes by 1 to 75 %, not by 900 %"),
        ("more contrast by 0 %", "Contrast changes by 1 to 100 %"),
        ("resize to 100x5", "16 to 12,000 pixels"),
        ("宽度改为13000像素", "16 to 12,000 pixels"),
        ("缩小20%", "to 20 % or by 20 %, which gives 80 %"),
        ("crop to 0:5", "between 1:10 and 10:1"),
        ("crop to portrait 16:9", "not upright"),
        ("rotate by 400 degrees", "less than 360"),
        ("add a 90 % border", "0.5 to 50 %"),
        ("add SALE in the top right", "stands in quotation marks, as in: add the text “SALE”"),
        ("加 SALE 文字在右上角", "stands in quotation marks, as in: 右上角加文字“新品”"),
        ("remove the watermark", "Letters and logos in a picture are not edited"),
        ("把字改成“新品”", "Say which text becomes this one"),
        ("white background without the shadow", "keeps the product's shadow"),
        ("leave the background as it is", "are not followed"),
        ("不要改背景", "are not followed; say just what is to change, as in “蓝色改成红色”"),
        ("white or grey background", "name one of them"),
        ("resize to A4", "in pixels or percent"),
        ("make it red", "“make the product red” or “make the background red”"),
        ("brighten the background", "only the whole picture"),
        ("crop the left side", "have no side of their own"),
        ("remove wrinkles", "Things in a picture are not removed"),
        ("blur the background", "one plain colour or transparent"),
        ("add flowers", "Only texts, shadows, borders and margins are added"),
        ("center the product", "are not moved"),
        ("change red to red", "would stay red"),
        ("make the picture frame white", "a part of the product; say “add a white border”"),
        ("resize to 4x5", "in pixels or a ratio"),
        ("缩小1/3", "Say the size in percent"),
        ("remove the background and shadow", "may be added or removed"),
        ("no background and border", "may be added or removed"),
        ("去掉背景和阴影", "may be added or removed"),
        ("make the rest white", "are not followed"),
        ("瓶身改成绿色", "part of a product"),
        ("change blu shirt to red", "“blu” may be “blue”"),
        ("outline the shirt in black", "frame of the picture"),
    ],
)
def test_a_refusal_says_what_would_work(instruction, said):
    assert said in sentence(instruction)


@pytest.mark.parametrize(
    ("instruction", "first", "second"),
    [
        ("white background and black background", "a white background", "a black background"),
        ("brighter and darker", "brighter", "darker"),
        ("increase contrast, then less contrast", "more contrast", "less contrast"),
        ("warm tone, cool tone", "a warm tone", "a cool tone"),
        ("make it black and white and warmer", "black and white", "a warm tone"),
        ("change red to blue, then make it black and white", "a recolour", "black and white"),
        ("crop to square and crop to 4:5", "a crop to 1:1", "a crop to 4:5"),
        ("resize to 800x800, resize to 400x400", "a resize", "a resize"),
        ("rotate left and rotate right", "a rotation by -90 degrees", "a rotation by 90 degrees"),
        ("transparent background, white background", "a transparent background", "a white background"),
        ("change red to blue and red to green", "recolouring to blue", "recolouring to green"),
        ('add "A" at the top and add "B" at the top', 'the text "A" at the top', 'the text "B" at the top'),
    ],
)
def test_operations_that_exclude_each_other_are_both_named(instruction, first, second):
    said = sentence(instruction)
    assert f"“{first}” and “{second}” exclude each other" in said


@pytest.mark.parametrize(
    ("instruction", "near"),
    [
        ("make it pop", "make it"),
        ("background with marble texture", "background"),
        ("brighten the jacket", "bright"),
        ("resize to A4", "resize"),
        ("背景换成大理石纹理", "背景"),
        ("旋转一下", "旋转"),
    ],
)
def test_a_refusal_names_the_nearest_sentence_of_its_language(instruction, near):
    said = sentence(instruction).partition("”. ")[2]
    assert near in said
    assert len(said) < 300


def test_an_example_in_a_reason_is_understood():
    quoted = {
        *re.findall("“([^”]{7,})”", " ".join(text for _, text in reasons._REASONS)),
        *reasons._CHINESE.values(),
    }
    assert len(quoted) > 25
    for example in quoted - {"Not", "only", "keep", "except"}:
        assert parse(example)


def test_a_misspelt_colour_is_named():
    assert "“geen” may be “green”" in sentence("change the blue jacket to geen")


@pytest.mark.parametrize(
    "instruction",
    [
        "don't change the background", "never crop this one", "不要换背景", "no text please",
        "white background but keep the shadow", "change the red and keep the sole", "只把外套改成红色",
        "make the blue jacket red except the buttons", "除了鞋带都改成红色",
    ],
)  # fmt: skip
def test_a_restriction_or_a_negation_is_refused(instruction):
    sentence(instruction)


@pytest.mark.parametrize(
    "instruction",
    [
        "replace the apple with an orange", "turn it into an orange", "change the coffee cup to red",
        "make the bottle cap red", "fill the glass with orange juice", "make it red", "add red apples",
        "size 42", "20% off", "cool", "make the jacket neon green", "把蓝色外套改成荧光绿",
        "a dog on a white background",
        'change the text to "SALE"', 'add "SALE" in white on black', "add a red shadow", "put it on sand",
        "turn the red light green", "a white room", "make the dress red or green", "rotate the bottle",
        "make the background brighter",
        'add "SALE" with a shadow', 'add "A" at the top with 10px margin',
        'add "SALE" with a white background',
        "加“新品”带阴影", "在白色背景上写“新品”", "is the background white?",
        "exposure +1", "contrast up by 1.5",
        "make the corners white", "make the margin red", "make the blue background and shirt red",
        "resize to 1080p", "pad to 1000", "shirt red on white",
        "background light dark grey", "transparent white background", "make the border of the plate gold",
        "add 50 px margin on the left", "is it too dark?", "put it on a wooden table",
    ],
)  # fmt: skip
def test_what_would_do_another_thing_than_it_says_is_refused(instruction):
    sentence(instruction)
