import pytest

from qie_batch.engines.classic.colours import BLUE, BY_WORD, ORANGE, RED
from qie_batch.engines.classic.vocabulary import (
    CAPABILITIES,
    MakeGrey,
    Place,
    Recolour,
    SetBackground,
    SetBrightness,
    SetTone,
    Tone,
    WriteText,
    parse,
)
from qie_batch.errors import Rejected

WHITE = SetBackground(colour=BY_WORD["white"])
BLUE_TO_RED = Recolour(source=BLUE, target=BY_WORD["red"])
NEW = "新品上市"


@pytest.mark.parametrize(
    ("instruction", "operation"),
    [
        ("change the background to white", WHITE),
        ("Make the background pure white.", WHITE),
        ("put it on a white background", WHITE),
        ("white background", WHITE),
        ("Replace the grey backdrop with a light blue one", SetBackground(colour=BY_WORD["light blue"])),
        ("把背景换成白色", WHITE),
        ("背景改为纯白色。", WHITE),
        ("换成白色背景", WHITE),
        ("换白底", WHITE),
        ("将图片背景变成浅灰色", SetBackground(colour=BY_WORD["light grey"])),
        ("change the blue jacket to red", BLUE_TO_RED),
        ("Please turn the blue leather jacket into a red jacket", BLUE_TO_RED),
        ("change the jacket from blue to red", BLUE_TO_RED),
        ("make the blue jacket dark green", Recolour(source=BLUE, target=BY_WORD["dark green"])),
        ("change the light blue jacket to red", BLUE_TO_RED),
        ("replace the orange with blue", Recolour(source=ORANGE, target=BY_WORD["blue"])),
        ("把蓝色外套换成红色", BLUE_TO_RED),
        ("请将蓝色的外套改为红色外套", BLUE_TO_RED),
        ("把外套从蓝色改成红色", BLUE_TO_RED),
        ("把红色的包换成蓝色", Recolour(source=RED, target=BY_WORD["blue"])),
        ("give it a warm tone", SetTone(tone=Tone.WARM)),
        ("warmer", SetTone(tone=Tone.WARM)),
        ("make it cooler", SetTone(tone=Tone.COOL)),
        ("make the picture look like autumn", SetTone(tone=Tone.AUTUMN)),
        ("apply a vintage filter to the image", SetTone(tone=Tone.VINTAGE)),
        ("暖色调", SetTone(tone=Tone.WARM)),
        ("调成冷色调", SetTone(tone=Tone.COOL)),
        ("改成秋天风格", SetTone(tone=Tone.AUTUMN)),
        ("加上复古滤镜", SetTone(tone=Tone.VINTAGE)),
        ("make it brighter", SetBrightness(gamma=0.74)),
        ("much brighter", SetBrightness(gamma=0.58)),
        ("darken the photo", SetBrightness(gamma=1.4)),
        ("make it a bit darker", SetBrightness(gamma=1.18)),
        ("调亮一点", SetBrightness(gamma=0.86)),
        ("把图片调暗", SetBrightness(gamma=1.4)),
        ("提高亮度", SetBrightness(gamma=0.74)),
        ("make it black and white", MakeGrey()),
        ("convert the image to greyscale", MakeGrey()),
        ("变成黑白", MakeGrey()),
        ("黑白照片", MakeGrey()),
        ('add the text "New Arrival" at the top', WriteText(text="New Arrival", place=Place.TOP)),
        ("write 'Sale' in the center", WriteText(text="Sale", place=Place.CENTRE)),
        (
            "Add text “50% off, and more” at the bottom in white",
            WriteText(text="50% off, and more", place=Place.BOTTOM, colour=BY_WORD["white"]),
        ),
        (f'在上方添加文字"{NEW}"', WriteText(text=NEW, place=Place.TOP)),
        (f"在图片底部写上红色文字「{NEW}」", WriteText(text=NEW, place=Place.BOTTOM, colour=BY_WORD["red"])),
        (f"添加文字“{NEW}”在中间", WriteText(text=NEW, place=Place.CENTRE)),
    ],
)
def test_one_clause_is_one_operation(instruction, operation):
    assert parse(instruction) == (operation,)


def test_joined_clauses_keep_their_order():
    brighter, new = SetBrightness(gamma=0.74), WriteText(text="A, and B", place=Place.TOP)
    english = 'Make the background white, then add the text "A, and B" at the top and make it brighter.'
    assert parse(english) == (WHITE, new, brighter)
    assert parse("把背景换成白色，然后在上方添加文字“A, and B”，并提高亮度。") == (WHITE, new, brighter)  # noqa: RUF001  the Chinese comma
    assert parse("black and white and brighter") == (MakeGrey(), brighter)


@pytest.mark.parametrize(
    "instruction",
    [
        "make the model smile",
        "do not make the background white",
        "remove the background",
        "change the background to a beach",
        "change the background to black and white",
        "change the jacket to red",
        "change the white shirt to red",
        "change the blue jacket to red and white",
        "change the blue jacket on the left to red",
        "change the blue jacket but not the zip to red",
        "make the blue jacket neon green",
        "brighten the jacket",
        "add the text New Arrival at the top",
        'change the text "A" to "B"',
        'add the text "" at the top',
        "不要把背景换成白色",
        "把左边的蓝色外套换成红色",
        "让模特微笑",
        "warm the cockles",
        "and",
        "",
    ],
)
def test_what_is_not_wholly_understood_is_rejected(instruction):
    with pytest.raises(Rejected) as error:
        parse(instruction)
    assert error.value.code == "instruction_not_understood"
    assert all(ability in error.value.message for ability in CAPABILITIES)


def test_rejection_names_the_clause_that_is_not_understood():
    with pytest.raises(Rejected, match='“make "Bob" smile”'):
        parse('make it brighter and make "Bob" smile')


def test_long_nonsense_is_rejected_at_once():
    with pytest.raises(Rejected):
        parse("change the " + "blue " * 4000 + "jacket")


def test_no_colour_word_means_two_colours():
    words = [word for colour in {id(c): c for c in BY_WORD.values()}.values() for word in colour.words]
    assert len(words) == len(set(words))
