import pytest

from qie_batch.engines.classic.lettering.typesetting import (
    SIMPLIFIED,
    TRADITIONAL,
    face_of,
    fitted,
    load_font,
    require_glyphs,
    require_room,
)
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected

TEXTS = {
    "Polish": "Zażółć gęślą jaźń NOWOŚĆ 19,99 zł",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Slovak": "ĺŕôäňľ ĽĹŔ",
    "Turkish": "İndirim ğüşıöç ĞÜŞIÖÇ 99 ₺",
    "Vietnamese": "Giảm giá ăâđêôơư ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ 100.000 ₫",
    "Romanian": "ăâîșț ȘȚ",
    "Hungarian": "árvíztűrő tükörfúrógép ŐŰ",
    "Baltic": "ąčęėįšųūž āēģīķļņ õäöü",
    "Icelandic": "þæö ðéí ÞÐ",
    "Croatian": "čćžšđ ČĆŽŠĐ",
    "Welsh": "ŵŷ ẁẃẅ",
    "Esperanto": "ĉĝĥĵŝŭ",
    "Maltese": "ċġħż",
    "Greek": "Νέο προϊόν Άέήίόύώ",
    "Russian": "Скидка распродажа Ёё",
    "Ukrainian": "Знижка ґєіїҐЄІЇ ₴",
    "Serbian": "ђјљњћџ",
    "signs": "€ £ ¥ ₽ ₹ © ® ™ – — … „“ «» ‹› ‚‘ • ½ ¼ ³ µ ° ℃ № → ★ ① ✓",  # noqa: RUF001
    "simplified": "新品上市 特价优惠",
    "traditional": "繁體中文 優惠 新品上市 限時特價 龜 鬱 麵",
    "Cantonese": "嘅 咗 喺 嚟 啲 冇 佢",
    "Japanese kana": "おすすめ セール",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_font_has_the_letters_of(text):
    require_glyphs(text)


def test_letters_with_their_accents_apart_are_the_same_letters():
    (operation,) = parse('add the text "Gia\u0309m gia\u0301 Z\u0307 c\u030c" at the top')
    assert operation.text == "Giảm giá Ż č"
    require_glyphs(operation.text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("A ราคา B", "“ร” (U+0E23), “า” (U+0E32), “ค” (U+0E04)"),
        ("한국", "“한” (U+D55C), “국” (U+AD6D)"),
        ("🔥 SALE", "“🔥” (U+1F525)"),
        ("a\u200bb", "U+200B"),
        ("a\uffa0b", "U+FFA0"),
        ("q\u0302", "U+0302"),
        ("שלום", "“ש” (U+05E9)"),
        ("ابتثجحخدذر", "“د” (U+062F) and 2 more"),
    ],
)
def test_letters_that_the_font_lacks_are_named(text, named):
    with pytest.raises(Rejected) as caught:
        require_glyphs(text)
    assert named in caught.value.message
    assert (caught.value.code, caught.value.subject) == ("glyph_missing", "instruction")


def test_a_text_is_set_in_one_face():
    assert face_of("新品上市 Größe Nowość Скидка") == SIMPLIFIED
    assert face_of("繁體中文") == TRADITIONAL


def test_what_fits_for_certain_is_what_fits_when_measured():
    for size in ((200, 120), (640, 480), (1000, 1000), (118, 4000)):
        for length in (1, 3, 10, 40, 119, 120, 121):
            for letter in ("W", "我", "—"):
                text = letter * length
                verdicts = []
                for rule in (require_room, fitted):
                    try:
                        rule(text, size)
                        verdicts.append(True)
                    except Rejected as error:
                        verdicts.append(error.code)
                assert verdicts[0] == verdicts[1], (text, size)


def test_no_glyph_is_wider_than_the_bound_says():
    font = load_font(TRADITIONAL)
    widest = max(font.getlength(chr(code)) for code in range(0x20, 0x3100) if chr(code).isprintable())
    assert widest <= 3 * font.size
