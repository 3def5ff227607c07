"""The sentence nearest to one that is not understood."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import cache, lru_cache

from qie_batch.colours import BY_WORD
from qie_batch.engines.classic.grammar.clause import LINKS, UNKNOWN
from qie_batch.engines.classic.grammar.lexer import words_of
from qie_batch.engines.classic.grammar.normalising import normalised
from qie_batch.quotes import taken_out

#: Sentences that are understood, a few for each operation; a test parses them all.
EXAMPLES = (
    "make the background white", "put it on white", "background #f5f5f5", "remove the background",
    "transparent background", "change the blue jacket to red", "make the bottle green", "swap red and blue",
    "change the colour of the product to red", "make it warmer", "make it cooler", "autumn colours",
    "give it a vintage look", "make it brighter", "a bit brighter", "make it darker",
    "increase brightness by 20 %", "more contrast", "less contrast", "more saturation",
    "make the colours more vivid", "less saturation", "sharpen", "auto levels", "enhance the photo",
    "correct the white balance", "make it black and white", 'add the text "SALE" at the top right',
    "crop to square", "crop to 4:5", "crop to the product", "trim the white space", "add a 10 % margin",
    "pad to square", "resize to 1000x1000", "resize to 50 %", "set the width to 1200 px",
    "rotate 90 degrees clockwise", "rotate 180 degrees", "flip horizontally", "flip vertically",
    "add a 10 px black border", "add a soft shadow", "把背景换成白色", "换白底", "背景改成 #f5f5f5",
    "去掉背景", "透明背景", "把蓝色外套改成红色", "把瓶子改成绿色", "红色和蓝色互换", "把产品颜色改成红色",
    "色调暖一点", "色调冷一点", "秋天色调", "复古风格", "调亮一点", "调暗一点", "亮度提高20%", "提高对比度",
    "降低对比度", "提高饱和度", "降低饱和度", "锐化", "自动色阶", "自动增强", "校正白平衡", "变成黑白",
    "右上角加文字“新品”", "裁剪成正方形", "裁剪成4:5", "裁掉白边", "四周留白10%", "补成正方形",
    "尺寸改成1000x1000", "缩放到50%", "宽度改为1200像素", "顺时针旋转90度", "旋转180度", "左右翻转",
    "上下翻转", "加10像素黑色边框", "加柔和的阴影",
)  # fmt: skip

_COLOURS = tuple(sorted(word for word in BY_WORD if word.isascii()))
#: The share in common from which a sentence is near that has no kind of word in common.
_LEAST = 0.4
#: Characters of a sentence that are compared.
_LONGEST = 80


#: Kinds that many sentences of any operation have.
_COMMON = LINKS | {
    "change",
    "it",
    "image",
    "add",
    "by",
    "with",
    "on",
    "joint",
    "not",
    "slight",
    "usage",
    UNKNOWN,
}


def _features(text: str) -> Counter[str]:
    """What kinds of words the text has, which count more, and its pairs of letters."""
    padded = f" {' '.join(text.split())} "
    found = Counter(padded[at : at + 2] for at in range(len(padded) - 1))
    kinds = {kind for word in words_of(normalised(text)) for kind in word.meanings} - _COMMON
    found.update({f"kind {kind}": 6 for kind in kinds})
    return found


@cache
def _examples() -> tuple[tuple[str, bool, Counter[str]], ...]:
    found = []
    for example in EXAMPLES:
        plain, _ = taken_out(example)
        found.append((example, is_english(example), _features(plain)))
    return tuple(found)


def is_english(text: str) -> bool:
    return all(ord(character) < 0x2E80 for character in text)


@lru_cache(maxsize=4096)
def nearest(clause: str) -> str:
    """The example of the clause's language that has most in common with it; none if that is little."""
    own = _features(clause[:_LONGEST])
    english = is_english(clause[:_LONGEST])
    total = own.total()
    best, example = 0.0, ""
    for text, in_english, features in _examples():
        if in_english is english and text != clause:
            common = own & features
            share = 2 * common.total() / (total + features.total())
            related = any(feature.startswith("kind ") for feature in common)
            if share > best and (related or share >= _LEAST):
                best, example = share, text
    return example


@lru_cache(maxsize=1024)
def meant_colour(clause: str) -> tuple[str, str] | None:
    """An unknown word of the clause and the colour word that it resembles."""
    for word in words_of(clause[:_LONGEST]):
        if UNKNOWN in word.meanings and 4 <= len(word.text) <= 12 and word.text.isascii():
            alike = [
                colour
                for colour in _COLOURS
                if colour[0] == word.text[0] and abs(len(colour) - len(word.text)) <= 1
            ]
            close = difflib.get_close_matches(word.text, alike, n=1, cutoff=0.8)
            if close:
                return word.text, close[0]
    return None
