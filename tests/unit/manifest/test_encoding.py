from __future__ import annotations

import codecs

import pytest

from qie_batch.manifest import open_manifest
from qie_batch.manifest.encoding import detect_encoding
from qie_batch.model import InvalidManifest, ReadingOptions

HEADER = "id,image,instruction\n"

#: What shops of these countries write, in the encodings of their spreadsheets.
NATIONAL = [
    ("cp949", "빨간색 운동화를 파란색으로 바꿔주세요"),
    ("cp949", "신발"),
    ("euc_jp", "背景を白に変更してください"),
    ("euc_jp", "赤い靴"),
    ("cp932", "背景を白に変更してください"),
    ("cp932", "ｽﾞﾎﾞﾝ"),
    ("cp950", "將背景換成白色"),
    ("cp950", "紅色"),
    ("cp1250", "zmień tło na białe, żółty płaszcz"),
    ("cp1250", "příliš žluťoučký kůň"),
    ("iso8859-2", "święta"),
    ("cp1251", "красные туфли"),
    ("cp1251", "СКИДКА"),
    ("koi8-r", "белый фон, чёрные туфли"),
    ("cp1252", "Größe"),
    ("cp1252", "calção vermelho, não altere"),
    ("cp1252", "PROMOÇÃO"),
    ("cp1252", "CAFÉ™"),
    ("cp1252", "NESTLÉ®"),
    ("cp850", "Größe"),
    ("cp1253", "κόκκινα παπούτσια"),
    ("cp1254", "kırmızı şapka, yeşil çanta"),
    ("cp1255", "נעליים אדומות"),
    ("cp1256", "حذاء أحمر"),
    ("cp1258", "a\u0301o \u0111o\u0309"),
    ("cp874", "เปลี่ยนพื้นหลังเป็นสีขาว"),
]

CHINESE = [
    "把背景换成白色",
    "红色连衣裙",
    "换成蓝色，保留模特",
    "请去掉水印和文字",
    "【新款】T恤 纯棉 ￥99 ①号",
    "繁體的龍鳳圖案，换成白底",
    "喆家氍毹 羊毛地毯 颜色改成墨绿",
]


def refusal(path, asked=""):
    with pytest.raises(InvalidManifest) as caught:
        detect_encoding(path, asked)
    return caught.value


def instructions(path, encoding=""):
    return [row.params.instruction for row in open_manifest(path, ReadingOptions(encoding=encoding)).rows()]


@pytest.mark.parametrize(("codec", "text"), NATIONAL)
@pytest.mark.parametrize("rows", [1, 40])
def test_no_national_encoding_is_taken_for_another(catalog, codec, text, rows):
    body = "".join(f'{number},a.png,"{text}"\n' for number in range(rows))
    error = refusal(catalog((HEADER + body).encode(codec)))
    assert "CSV UTF-8" in error.hint
    assert "--encoding" in error.hint


@pytest.mark.parametrize(("codec", "text"), NATIONAL)
def test_an_encoding_that_is_named_is_used(catalog, codec, text):
    path = catalog((HEADER + f'1,a.png,"{text}"\n').encode(codec))
    assert instructions(path, codec) == [text]


@pytest.mark.parametrize("text", CHINESE)
def test_two_rows_of_chinese_are_enough(catalog, text):
    path = catalog((HEADER + f"1,a.png,{text}\n2,b.png,red\n").encode("gb18030"))
    assert detect_encoding(path).name == "GB18030"
    assert instructions(path) == [text, "red"]
    assert open_manifest(path).understanding.encoding == "GB18030"


def test_a_german_catalog_of_excel_is_read_once_its_encoding_is_named(catalog):
    path = catalog("sku;image;prompt;Größe\n1;a.png;Größe {Größe};42\n".encode("cp1252"))
    error = refusal(path)
    assert error.message == "catalog.csv is not UTF-8 or GB18030 text: line 1 holds other bytes"
    assert "--encoding Windows-1252" in error.hint
    assert instructions(path, "windows-1252") == ["Größe 42"]


@pytest.mark.parametrize(
    ("codec", "text", "name"),
    [
        ("cp949", "빨간색 운동화를 파란색으로 바꿔주세요", "CP949"),
        ("euc_jp", "背景を白に変更してください", "EUC-JP"),
        ("cp932", "背景を白に変更してください", "Shift_JIS"),
        ("cp950", "將背景換成白色，保持商品不變", "Big5"),
        ("cp1251", "сделайте фон белым, а туфли красными", "Windows-1251"),
        ("cp874", "เปลี่ยนพื้นหลังเป็นสีขาว", "Windows-874"),
    ],
)
def test_a_refusal_names_the_likeliest_encoding_first(catalog, codec, text, name):
    error = refusal(catalog((HEADER + f'1,a.png,"{text}"\n').encode(codec)))
    assert f"--encoding {name}" in error.hint
    assert "line 2 " in error.message


@pytest.mark.parametrize(
    ("codec", "name"), [("iso2022_jp", "ISO-2022-JP"), ("iso2022_kr", "ISO-2022-KR"), ("hz", "HZ-GB-2312")]
)
def test_text_that_hides_in_ascii_is_no_utf_8(catalog, codec, name):
    text = {"iso2022_jp": "赤い靴", "iso2022_kr": "신발", "hz": "红色鞋子"}[codec]
    path = catalog((HEADER + f"1,a.png,{text}\n").encode(codec))
    error = refusal(path)
    assert error.message == f"catalog.csv is {name} text, not UTF-8"
    assert f"--encoding {name}" in error.hint
    assert instructions(path, name) == [text]


def test_iso_2022_cn_is_refused(catalog):
    assert "ISO-2022-CN" in refusal(catalog(HEADER.encode() + b"1,a.png,\x1b$)A\x0e=;;;\x0f\n")).message


@pytest.mark.parametrize(
    "text", ["Größe", "café", "żółty", "Цвет", "χρώμα", "ö", "5 €", "新", "ñandú", "№ 5"]
)
def test_one_word_of_utf_8_is_utf_8(catalog, text):
    assert detect_encoding(catalog((HEADER + f"1,a.png,{text}\n").encode())).name == "UTF-8"


def test_chinese_that_decodes_as_utf_8_by_chance_is_refused(catalog):
    data = HEADER.encode() + "1,a.png,皮鞋\n".encode("gbk")
    data.decode("utf-8")
    error = refusal(catalog(data))
    assert error.message.startswith("catalog.csv may be UTF-8 or GB18030")
    assert instructions(catalog(data), "gbk") == ["皮鞋"]
    assert detect_encoding(catalog(data), "utf-8").name == "UTF-8"


def test_gb18030_is_found_after_thousands_of_plain_rows(catalog):
    plain = "".join(f"{number},{number}.png,red\n" for number in range(2_000))
    path = catalog((HEADER + plain + "x,x.png,把背景换成白色\n").encode("gb18030"))
    assert detect_encoding(path).name == "GB18030"


def test_a_few_foreign_words_do_not_hide_a_chinese_catalog(catalog):
    body = "".join(f"{n},{n}.png,把背景换成白色，保留の字和Café标志\n" for n in range(30))
    assert detect_encoding(catalog((HEADER + body).encode("gb18030"))).name == "GB18030"


def test_a_chinese_start_does_not_carry_a_japanese_file(catalog):
    start = "".join(f"{n},{n}.png,把背景换成白色，去掉水印和文字\n" for n in range(300)).encode("gb18030")
    rest = "".join(f"j{n},{n}.png,背景を白に変更してください\n" for n in range(3_000)).encode("euc_jp")
    refusal(catalog(HEADER.encode() + start + rest))


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (codecs.BOM_UTF8, "utf-8", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    ],
)
def test_a_byte_order_mark_decides(catalog, mark, codec, name):
    path = catalog(mark + (HEADER + "1,a.png,Größe 鞋\n").encode(codec))
    assert detect_encoding(path).name == name
    assert instructions(path) == ["Größe 鞋"]


@pytest.mark.parametrize(("codec", "name"), [("utf-16-le", "UTF-16LE"), ("utf-16-be", "UTF-16BE")])
def test_utf_16_without_a_mark_is_read_when_it_is_named(catalog, codec, name):
    path = catalog((HEADER + "1,a.png,Größe 鞋\n").encode(codec))
    assert f"--encoding {name}" in refusal(path).hint
    assert instructions(path, codec) == ["Größe 鞋"]


def test_a_mark_that_contradicts_the_name_is_refused(catalog):
    path = catalog(codecs.BOM_UTF8 + HEADER.encode())
    assert "byte order mark of UTF-8" in refusal(path, "gb18030").message
    assert detect_encoding(path, "utf8").name == "UTF-8"


def test_an_encoding_that_does_not_fit_is_refused_with_the_line(catalog):
    path = catalog((HEADER + "1,a.png,red\n2,b.png,Größe\n").encode("cp1252"))
    assert refusal(path, "utf-8").message == "catalog.csv is not UTF-8 text: line 3 holds other bytes"


@pytest.mark.parametrize("name", ["klingon", "utf-7", "idna", "hex", "rot13", "mbcs", "\0", "ö", " "])
def test_a_name_of_no_encoding_is_refused_with_names_that_work(catalog, name):
    error = refusal(catalog(HEADER.encode()), name)
    assert "qie-batch knows no encoding of that name" in error.message
    for works in error.hint.removeprefix("Names that work: ").split(", "):
        detect_encoding(catalog(HEADER.encode("utf-16") if "16" in works else HEADER.encode()), works)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("GBK", "GB18030"),
        ("gb2312", "GB18030"),
        ("cp936", "GB18030"),
        ("latin1", "Windows-1252"),
        ("ISO-8859-1", "Windows-1252"),
        ("sjis", "Shift_JIS"),
        ("windows-31j", "Shift_JIS"),
        ("EUC-KR", "CP949"),
        ("windows-874", "Windows-874"),
        ("big5", "Big5"),
        ("UTF8", "UTF-8"),
    ],
)
def test_names_that_people_use_mean_the_larger_encoding(catalog, asked, name):
    assert detect_encoding(catalog(HEADER.encode()), asked).name == name
