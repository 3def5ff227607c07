"""One meaning for lists, marks, decorations, courtesies, abbreviations and misspellings."""

import pytest

from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected


@pytest.mark.parametrize(
    ("instruction", "plain"),
    [
        ("1. white background 2. resize 800x800", "white background, resize to 800x800"),
        ("①白底②800x800", "换白底 尺寸改成800x800"),
        ("1️⃣ white bg 2️⃣ shadow", "white background, shadow"),
        ("- white bg\n- shadow\n- 1000x1000", "white background, shadow, 1000x1000"),
        ("* bg white\n* brighter", "white background, brighter"),
        ("• bg white\n• brighter", "white background, brighter"),
        ("**White background**", "white background"),
        ("`white bg`", "white background"),
        ("✅ white background ✅ shadow 👍🏽", "white background, shadow"),
        ('"make it brighter"', "make it brighter"),
        ("red > blue", "red to blue"),
        ("bg ➡ white", "white background"),
        ("size 1000 on 1000", "resize to 1000x1000"),
        ("rotate it by ninety degrees", "rotate 90 degrees"),
        ("increase the brightness by twenty five per cent", "brightness +25 %"),
        ("Would you be so kind as to make the background white?", "white background"),
        ("May I kindly request that the background be changed to ivory?", "ivory background"),
        ("The background shall be removed and replaced by white", "white background"),
        ("set width to 800 px, keeping proportions", "width 800 px"),
        ("背景換成純白 唔該", "背景换成白色"),
        ("調暗少少", "调暗一点"),
        ("亮点", "亮一点"),
        ("红的换成绿的", "红色改成绿色"),
        ("画布改为正方形、白色填充", "补成正方形 用白色"),
        ("make it square with white", "pad to square with white"),
        ("make it two times smaller", "resize to 50 %"),
        ("缩小两倍", "缩放到50%"),
        ("a little more contrast", "slightly more contrast"),
        ("turn picture to left side 90 degree", "rotate 90 degrees to the left"),
        ("rot 90 ccw", "rotate 90 degrees counterclockwise"),
        ("rotate minus 90 degrees", "rotate 90 degrees counterclockwise"),
        ("旋转负90度", "rotate 90 degrees counterclockwise"),
        ("resize to 1,000 x 1,200", "resize to 1000x1200"),
        ("make it 20% smaller", "resize to 80 %"),
        ("reduce the width to 600", "width 600 px"),
        ('white background with black text "A"', 'white background, add "A" in black'),
        ("white background to transparent", "transparent background"),
        ("resize to 800x800 with white padding", "pad to 800x800 with white"),
        ("缩小到1/2", "resize to 50 %"),
        ('txt "A" tl', 'text "A" top left'),
        ("flip v", "flip vertically"),
        ("blk border 5px", "black border 5 px"),
        ("make the backgroudn white", "white background"),
        ("make the picture brigther", "brighter"),
        ("trasparent backgorund", "transparent background"),
        ("resize to 50 precent", "resize to 50 %"),
        ("incraese contrst", "more contrast"),
        ("flip horizntaly", "flip horizontally"),
        ("rotate 90 degrees couterclokwise", "rotate 90 degrees counterclockwise"),
    ],
)
def test_it_means_what_the_plain_sentence_means(instruction, plain):
    assert parse(instruction) == parse(plain)


@pytest.mark.parametrize(
    "instruction",
    [
        "❌ white background", "🔴 -> 🔵", "width > 1600", '"SALE"', '"Vintage"', "background 🚫",
        "make the remote black background", "automation", "make it a squire", "harness +20 %",
        "make the frame of the glasses black", "make the shade of the lamp green",
    ],
)  # fmt: skip
def test_what_only_resembles_an_instruction_is_refused(instruction):
    with pytest.raises(Rejected):
        parse(instruction)
