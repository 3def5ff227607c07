"""Each operation in both languages, by what the words say."""

from functools import partial

import pytest

from qie_batch.colours import BLUE, BY_WORD, GREEN, ORANGE, PURPLE, RED, YELLOW, shaded
from qie_batch.engines.classic.edits import (
    AddBorder,
    AddShadow,
    AutoLevels,
    Axis,
    BalanceWhite,
    Crop,
    Flip,
    HueChange,
    MakeGrey,
    Pad,
    Place,
    Recolour,
    Resize,
    Rotate,
    SetBackground,
    SetBrightness,
    SetContrast,
    SetSaturation,
    SetTone,
    Sharpen,
    Tone,
    Trim,
    WriteText,
)
from qie_batch.engines.classic.grammar.nearest import EXAMPLES
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected

WHITE = SetBackground(colour=BY_WORD["white"])


def ground(word):
    return SetBackground(colour=BY_WORD[word])


def recoloured(source, target):
    return Recolour(changes=(HueChange(source=source, target=BY_WORD[target]),))


def swapped(first, second):
    one, other = BY_WORD[first], BY_WORD[second]
    return Recolour(
        changes=(HueChange(source=one.family, target=other), HueChange(source=other.family, target=one))
    )


corner = partial(WriteText, text="SALE")

ONE = [
    ("the backdrop needs to be off-white", ground("off white")),
    ("plain white backround pls", WHITE),
    ("give the product a khaki background", ground("khaki")),
    ("change bg colour from grey to army green", ground("army green")),
    ("换成军绿色背景", ground("army green")),
    ("請將背景改成玫瑰金", ground("rose gold")),
    ("把灰色背景换成驼色", ground("camel")),
    ("替换背景，改成雾霾蓝", ground("haze blue")),  # noqa: RUF001  the Chinese comma
    ("change the red sofa to a navy one", recoloured(RED, "navy")),
    ("make the bottle green", recoloured(None, "green")),
    ("change the product's colour to gold", recoloured(None, "gold")),
    ("把沙发改成墨绿色", recoloured(None, "dark green")),
    ("red -> black", recoloured(RED, "black")),
    ("把牛仔裤的蓝色变成黑色", recoloured(BLUE, "black")),
    ("swap red and blue", swapped("red", "blue")),
    ("red becomes blue and blue becomes red", swapped("red", "blue")),
    ("红蓝互换", swapped("red", "blue")),
    ("swap the red for blue", recoloured(RED, "blue")),
    ("much warmer", SetTone(tone=Tone.WARM, strength=1.5)),
    ("色调冷一点", SetTone(tone=Tone.COOL, strength=0.5)),
    ("increase brightness by 15 %", SetBrightness(change=0.15)),
    ("brightness -20", SetBrightness(change=-0.2)),
    ("亮度提高百分之二十", SetBrightness(change=0.2)),
    ("a touch darker", SetBrightness(change=-0.1)),
    ("Too dark, make it lighter", SetBrightness(change=0.2)),
    ("图片太亮了，调暗一点", SetBrightness(change=-0.1)),  # noqa: RUF001  the Chinese comma
    ("less contrast", SetContrast(change=-0.2)),
    ("对比度调高一点", SetContrast(change=0.1)),
    ("make the colours more vivid", SetSaturation(change=0.25)),
    ("desaturate by 20%", SetSaturation(change=-0.2)),
    ("desaturate", MakeGrey()),
    ("颜色鲜艳一点", SetSaturation(change=0.12)),
    ("sharpen a little", Sharpen(strength=0.5)),
    ("清晰一点，锐化", Sharpen(strength=0.5)),  # noqa: RUF001  the Chinese comma
    ("auto contrast", AutoLevels()),
    ("一键增强", AutoLevels()),
    ("remove the yellow cast", BalanceWhite()),
    ("校正白平衡", BalanceWhite()),
    ("b/w please", MakeGrey()),
    ("轉成黑白", MakeGrey()),
    ('put "SALE" in the upper left corner', corner(place=Place.TOP_LEFT)),
    ('"SALE" bottom right in red', corner(place=Place.BOTTOM_RIGHT, colour=BY_WORD["red"])),
    ('add "SALE" on the left side', corner(place=Place.LEFT)),
    ('text "SALE" centered at the bottom', corner(place=Place.BOTTOM)),
    ("打上“SALE”，右上角，黄色", corner(place=Place.TOP_RIGHT, colour=BY_WORD["yellow"])),  # noqa: RUF001
    ("在图片上写“SALE”", corner(place=Place.BOTTOM)),
    ("crop to 4x5", Crop(ratio=(4, 5))),
    ("裁成正方形", Crop(ratio=(1, 1))),
    ("crop tight around the product", Trim()),
    ("去掉多余的白边", Trim()),
    ("make it square", Pad(ratio=(1, 1))),
    ("make it square with white padding", Pad(ratio=(1, 1), colour=BY_WORD["white"])),
    ("add a 10 % margin around the product", Pad(share=0.1)),
    ("四周各加50像素留白", Pad(pixels=50)),
    ("resize to 1080 by 1350", Resize(width=1080, height=1350)),
    ("resize to 1000 px", Resize(longest=1000)),
    ("width 800", Resize(width=800)),
    ("scale down to 50 %", Resize(factor=0.5)),
    ("reduce the size by 20%", Resize(factor=0.8)),
    ("高度調成2000像素", Resize(height=2000)),
    ("缩小一半", Resize(factor=0.5)),
    ("rotate left", Rotate(degrees=-90)),
    ("turn it upside down", Rotate(degrees=180)),
    ("rotate the image 2 degrees to the left", Rotate(degrees=-2)),
    ("顺时针旋转九十度", Rotate(degrees=90)),
    ("mirror", Flip(axis=Axis.HORIZONTAL)),
    ("上下翻轉", Flip(axis=Axis.VERTICAL)),
    ("add a 10 px black border", AddBorder(pixels=10, colour=BY_WORD["black"])),
    ("frame it in gold", AddBorder(share=0.02, colour=BY_WORD["gold"])),
    ("thin grey border", AddBorder(share=0.01, colour=BY_WORD["grey"])),
    ("加白边框", AddBorder(share=0.02, colour=BY_WORD["white"])),
    ("add a subtle shadow under the shoe", AddShadow(strength=0.5)),
    ("给鞋子加阴影", AddShadow()),
]


@pytest.mark.parametrize(("instruction", "operation"), ONE)
def test_a_clause_names_one_operation(instruction, operation):
    assert parse(instruction) == (operation,)


@pytest.mark.parametrize(
    ("instruction", "operations"),
    [
        ("change red to blue and green to yellow", [HueChange(source=RED, target=BY_WORD["blue"]),
                                                    HueChange(source=GREEN, target=BY_WORD["yellow"])]),
        ("make the red blue and the blue red", [HueChange(source=RED, target=BY_WORD["blue"]),
                                                HueChange(source=BLUE, target=BY_WORD["red"])]),
    ],
)  # fmt: skip
def test_recolours_side_by_side_are_one(instruction, operations):
    assert parse(instruction) == (Recolour(changes=tuple(operations)),)


@pytest.mark.parametrize(
    ("instruction", "operations"),
    [
        ("increase brightness and contrast by 10%", [SetBrightness(change=0.1), SetContrast(change=0.1)]),
        ("reduce brightness, add contrast", [SetBrightness(change=-0.2), SetContrast(change=0.2)]),
        ("提高亮度和对比度", [SetBrightness(change=0.2), SetContrast(change=0.2)]),
        ("white background with a soft shadow", [WHITE, AddShadow()]),
        ("换白底加投影", [WHITE, AddShadow()]),
        ("去白边后补成正方形", [Trim(), Pad(ratio=(1, 1))]),
        ("cut out and place on white, then sharpen", [WHITE, Sharpen()]),
        ("1. white background 2. crop to square", [WHITE, Crop(ratio=(1, 1))]),
        ("crop to 800x600", [Crop(ratio=(4, 3)), Resize(width=800, height=600)]),
        ("flip horizontally and vertically", [Flip(axis=Axis.HORIZONTAL), Flip(axis=Axis.VERTICAL)]),
        (
            'change blue to olive, white bg & "SALE" top',
            [recoloured(BLUE, "olive"), WHITE, corner(place=Place.TOP)],
        ),
    ],
)
def test_a_sentence_names_several_operations_in_order(instruction, operations):
    assert parse(instruction) == tuple(operations)


def test_every_example_of_the_nearest_sentences_is_understood():
    for example in EXAMPLES:
        assert len(parse(example)) == 1, example


@pytest.mark.parametrize("joint", [" and ", ", ", "并", ""])
def test_of_two_examples_in_a_sentence_neither_swallows_the_other(joint):
    examples = [(text, *parse(text)) for text in EXAMPLES if text.isascii() is joint.isascii() is bool(joint)]
    for at, (first, one) in enumerate(examples):
        for second, other in examples[at % 3 :: 3]:
            try:
                found = parse(f"{first}{joint}{second}")
            except Rejected:
                continue
            if type(one) is not type(other):
                assert found == (one, other), f"{first}{joint}{second}"


@pytest.mark.parametrize(
    ("words", "colour"),
    [
        ("light green", BY_WORD["light green"]),
        ("pale purple", shaded("pale", BY_WORD["purple"])),
        ("dark yellow", shaded("dark", BY_WORD["yellow"])),
        ("浅黄色", shaded("light", BY_WORD["yellow"])),
    ],
)
def test_a_word_of_shade_makes_a_colour_of_the_same_family(words, colour):
    (operation,) = parse(f"background: {words}")
    assert operation.colour == colour
    assert colour.family in {GREEN, PURPLE, YELLOW}


def test_the_colour_of_goods_is_their_family():
    assert parse("change the tan shoes to black") == (recoloured(ORANGE, "black"),)
