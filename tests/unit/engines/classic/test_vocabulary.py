import time

import pytest

from qie_batch.colours import BLUE, BY_WORD, ORANGE, RED
from qie_batch.engines.classic.edits import (
    HueChange,
    MakeGrey,
    Place,
    Recolour,
    SetBackground,
    SetBrightness,
    SetTone,
    Tone,
    WriteText,
)
from qie_batch.engines.classic.vocabulary import CAPABILITIES, parse
from qie_batch.errors import Rejected

WHITE = SetBackground(colour=BY_WORD["white"])
BLUE_TO_RED = Recolour(changes=(HueChange(source=BLUE, target=BY_WORD["red"]),))
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
        (
            "make the blue jacket dark green",
            Recolour(changes=(HueChange(source=BLUE, target=BY_WORD["dark green"]),)),
        ),
        ("change the light blue jacket to red", BLUE_TO_RED),
        (
            "replace the orange with blue",
            Recolour(changes=(HueChange(source=ORANGE, target=BY_WORD["blue"]),)),
        ),
        ("把蓝色外套换成红色", BLUE_TO_RED),
        ("请将蓝色的外套改为红色外套", BLUE_TO_RED),
        ("把外套从蓝色改成红色", BLUE_TO_RED),
        ("把红色的包换成蓝色", Recolour(changes=(HueChange(source=RED, target=BY_WORD["blue"]),))),
        ("give it a warm tone", SetTone(tone=Tone.WARM)),
        ("warmer", SetTone(tone=Tone.WARM)),
        ("make it cooler", SetTone(tone=Tone.COOL)),
        ("make the picture look like autumn", SetTone(tone=Tone.AUTUMN)),
        ("apply a vintage filter to the image", SetTone(tone=Tone.VINTAGE)),
        ("暖色调", SetTone(tone=Tone.WARM)),
        ("调成冷色调", SetTone(tone=Tone.COOL)),
        ("改成秋天风格", SetTone(tone=Tone.AUTUMN)),
        ("加上复古滤镜", SetTone(tone=Tone.VINTAGE)),
        ("make it brighter", SetBrightness(change=0.2)),
        ("much brighter", SetBrightness(change=0.35)),
        ("darken the photo", SetBrightness(change=-0.2)),
        ("make it a bit darker", SetBrightness(change=-0.1)),
        ("调亮一点", SetBrightness(change=0.1)),
        ("把图片调暗", SetBrightness(change=-0.2)),
        ("提高亮度", SetBrightness(change=0.2)),
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


@pytest.mark.parametrize(
    "instruction",
    [
        "make background white",
        "change background to white",
        "replace background with white",
        "white bg",
        "bg: white",
        "background = white",
        "change the background colour to white",
        "Set the background color of the image to white",
        "make it a white background",
        "i need a white background",
        "can you make the background white?",
        "kindly make the background white, pls",
        "put it on white",
        "put the product on white",
        "isolate it on pure white",
        "on white",
        "remove the background and make it white",
        "remove the background, then put it on a white background",
        "Remove background and replace it with white",
        "cut out the background. use white",
        "把背景换成白底",
        "背景白色",
        "背景：白色",  # noqa: RUF001  the Chinese colon
        "背景要纯白色",
        "去背景换白底",
        "去掉背景，换成白色",  # noqa: RUF001  the Chinese comma
        "抠图，换白底",  # noqa: RUF001  the Chinese comma
    ],
)
def test_everyday_words_for_a_white_background_are_understood(instruction):
    assert parse(instruction) == (WHITE,)


@pytest.mark.parametrize(
    ("instruction", "rgb"),
    [
        ("make the background #F5F5F5", (245, 245, 245)),
        ("change background color to #f80", (255, 136, 0)),
        ("make the background hex code #ff8800", (255, 136, 0)),
        ("make the background hex ff8800", (255, 136, 0)),
        ("background: rgb(255,136,0)", (255, 136, 0)),
        ("background rgb 255 136 0", (255, 136, 0)),
        ("pure white background (#FFFFFF)", (255, 255, 255)),
        ("make the background light grey (#f2f2f2)", (242, 242, 242)),
        ("make the background white (255, 255, 255)", (255, 255, 255)),
        ("make the background pure white (RGB 255,255,255)", (255, 255, 255)),
        ("make the background navy #000080", (0, 0, 128)),
        ("put it on #ff8800", (255, 136, 0)),
        ("remove the background and make it #f5f5f5", (245, 245, 245)),
        ("remove the background and fill it with rgb(1, 2, 3)", (1, 2, 3)),
        ("把背景换成纯白色 #FFFFFF", (255, 255, 255)),
        ("背景色改成浅灰色（#EEEEEE）", (238, 238, 238)),  # noqa: RUF001  Chinese brackets
        ("背景改为 RGB(245, 245, 245)", (245, 245, 245)),
        ("换成白底（255，255，255）", (255, 255, 255)),  # noqa: RUF001  Chinese brackets and commas
    ],
)
def test_a_colour_may_be_given_as_a_code(instruction, rgb):
    (operation,) = parse(instruction)
    assert isinstance(operation, SetBackground)
    assert operation.colour.rgb == rgb


def test_a_code_may_be_the_target_of_a_recolour_and_the_colour_of_a_text():
    (recolour,) = parse("change the blue jacket to #ff0000")
    (change,) = recolour.changes
    assert (change.source, change.target.rgb) == (BLUE, (255, 0, 0))
    (chinese,) = parse("把蓝色外套换成 rgb(255, 0, 0)")
    (change,) = chinese.changes
    assert (change.source, change.target.rgb) == (BLUE, (255, 0, 0))
    (text,) = parse('add the text "Sale" at the top in #ff8800')
    assert (text.text, text.colour.rgb) == ("Sale", (255, 136, 0))


@pytest.mark.parametrize(
    "quoted",
    [
        "«Neu»", "« Neu »", "»Neu«", "„Neu“", "„Neu”", '„Neu"', "\u201aNeu\u2018", "\u2018Neu\u2019",
        "\u2039Neu\u203a", "『Neu』", "「Neu」", "“Neu”", "”Neu”", "'Neu'", '"Neu"', "\uff02Neu\uff02",
    ],
)  # fmt: skip
def test_a_text_may_stand_in_quotation_marks_of_any_kind(quoted):
    assert parse(f"add the text {quoted} at the top") == (WriteText(text="Neu", place=Place.TOP),)


@pytest.mark.parametrize(
    ("instruction", "place"),
    [
        ('add text "Sale" top', Place.TOP),
        ('add "Sale" text at the top center', Place.TOP),
        ('add a text saying "Sale" at the bottom', Place.BOTTOM),
        ('add a caption that reads: "Sale"', Place.BOTTOM),
    ],
)
def test_everyday_words_for_a_text_are_understood(instruction, place):
    assert parse(instruction) == (WriteText(text="Sale", place=place),)


@pytest.mark.parametrize(
    "instruction",
    [
        "remove the background", "Remove background", "transparent background", "去背景", "抠图", "背景透明",
        "replace the white background with transparent", "make the background see-through", "no background",
        "cut out the product", "isolate the product", "PNG with transparent background", "把产品抠出来",
        "抠图换透明底",
    ],
)  # fmt: skip
def test_a_background_that_is_only_removed_becomes_transparent(instruction):
    assert parse(instruction) == (SetBackground(colour=None),)


def test_joined_clauses_keep_their_order():
    brighter, new = SetBrightness(change=0.2), WriteText(text="A, and B", place=Place.TOP)
    english = 'Make the background white, then add the text "A, and B" at the top and make it brighter.'
    assert parse(english) == (WHITE, new, brighter)
    assert parse("把背景换成白色，然后在上方添加文字“A, and B”，并提高亮度。") == (WHITE, new, brighter)  # noqa: RUF001  the Chinese comma
    assert parse("black and white and brighter") == (MakeGrey(), brighter)


@pytest.mark.parametrize(
    "instruction",
    [
        "make the model smile",
        "do not make the background white",
        "change the background to a beach",
        "change the background to black and white",
        "change the white shirt to red",
        "change the blue jacket to red and white",
        "change the blue jacket on the left to red",
        "change the blue jacket but not the zip to red",
        "make the blue jacket neon green",
        "brighten the jacket",
        "add the text New Arrival at the top",
        'change the text to "B"',
        'add the text "" at the top',
        "不要把背景换成白色",
        "不要白色背景",
        "no white background",
        "white or grey background",
        "white background without shadow",
        "white background (#000000)",
        "把背景换成红色 #0000FF",
        "background: rgb(255,255,300)",
        "background: rgba(255,255,255,0.5)",
        "background #ff8800cc",
        "background #ff88",
        "remove the background and make it red",
        'add the text "Sale", on red',
        'add the text "Sale" and put it on red',
        'on red, add the text "Sale"',
        'add the text "Sale at the top',
        'add the text \uff021" at the top',
        "Change the shoe from red to blue, keep the sole",
        "make the background white and center the product",
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
    assert "docs/classic.md" in error.value.hint
    assert len(error.value.message) <= 300


def test_rejection_of_what_is_like_nothing_says_what_the_engine_can():
    with pytest.raises(Rejected) as error:
        parse("zoom")
    assert all(ability in error.value.message for ability in CAPABILITIES)


def test_rejection_names_the_clause_that_is_not_understood():
    with pytest.raises(Rejected, match='“make "Bob" smile”'):
        parse('make it brighter and make "Bob" smile')


@pytest.mark.parametrize(
    "nonsense",
    [
        "change the " + "blue " * 4000 + "jacket",
        "remove " * 9000 + "background",
        "#ffffff " * 8000,
        "rgb(1,2,3" * 7000,
        "„" * 60_000,
        '"' * 60_001,
        "(" * 60_000,
        "去背景" * 20_000,
    ],
    ids=lambda text: text[:9],
)
def test_long_nonsense_is_rejected_at_once_and_in_short(nonsense):
    began = time.process_time()
    with pytest.raises(Rejected) as error:
        parse(nonsense)
    assert time.process_time() - began < 2
    assert len(error.value.message) < 1200


def test_an_instruction_is_understood_once_for_rows_that_differ_in_their_texts():
    for number in range(5):
        (operation,) = parse(f'add the text "SKU {number}" at the bottom in navy')
        assert operation.text == f"SKU {number}"


def test_no_colour_word_means_two_colours():
    words = [word for colour in {id(c): c for c in BY_WORD.values()}.values() for word in colour.words]
    assert len(words) == len(set(words))
