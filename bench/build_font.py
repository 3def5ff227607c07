"""Builds QieSans-Bold.ttc in qie_batch/engines/classic/lettering/fonts from Noto Sans CJK and Source Sans 3.

    apt-get download fonts-noto-cjk && dpkg-deb -x fonts-noto-cjk_*.deb noto
    pip download --no-deps fontpkg-source-sans-3 && unzip fontpkg_source_sans_3-*.whl -d source
    pip install fonttools skia-pathops
    python bench/build_font.py noto/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc \
        'source/fontpkg_source_sans_3/files/SourceSans3[wght].ttf'

The two faces share their outlines. The first has GB 2312 in the forms of mainland China; the second has Big5
too, in the forms of Taiwan. Letters that Noto Sans CJK lacks come from Source Sans 3, of which its
Latin letters are a cut: at weight 640 and 113.55 %, widths and heights agree within 0.3 %.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTCollection, TTFont
from fontTools.varLib.instancer import OverlapMode, instantiateVariableFont

TARGET = Path(__file__).resolve().parents[1] / "qie_batch/engines/classic/lettering/fonts/QieSans-Bold.ttc"
#: Faces of the collection of Noto Sans CJK.
SIMPLIFIED, TRADITIONAL = 2, 3
WEIGHT, SCALE = 640, 1.1355
#: Latin, Greek, Cyrillic; punctuation; currencies; letter-like signs and fractions. No combining marks.
ALPHABETS = {
    char
    for first, end in (
        (0x20, 0x250), (0x2C6, 0x2DE), (0x370, 0x530), (0x1E00, 0x2000), (0x2010, 0x2028), (0x2030, 0x205F),
        (0x20A0, 0x20C1), (0x2100, 0x2190),
    )
    for char in range(first, end)
}  # fmt: skip
#: Arrows and other signs, CJK punctuation, kana, full-width forms: as in mainland China in both faces.
FULL_WIDTH = {*range(0x2190, 0x2800), *range(0x3000, 0x3130), *range(0xFF00, 0xFFF0)}

#: Of the 2,600 further characters of HKSCS, those of everyday Cantonese and of Hong Kong's spelling.
HONG_KONG = (
    "嘅咗喺嚟啲冇佢哋嗰嘢咁噉攞揾搵唔睇嗌啱瞓攰嬲啫咩喎囉喇啩噃嘞啦掟揼餸嘥乸乪仔仲俾冚劏叻吓吔呃呔呢咪咭哂哣唥啖"
    "啹喐喥嗮嗱嘈嘜嘟嚿埗埞塱孭屙岀峯嶺廸忟悭慳戇拎掂掹揸搣摷撳曱氹浄瀨烚焗熄爆牀痳痾癐皰睩瞌矋硤祇秘糉綉綫羣"
    "脷膶艔荳菓葯蛋衞裇裏諗贃趷踎踭躝迾邨鈪鎅鎖閂陣雞靚面韆飲餐餼騮鬍鬧鯭鱲鵪麪麵黐齋"
)


def of_encoding(encoding: str) -> set[int]:
    """The single characters, of the basic plane, that the two-byte encoding has."""
    found = set()
    for lead in range(0x81, 0xFF):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            text = bytes((lead, trail)).decode(encoding, "ignore")
            if len(text) == 1 and not 0xE000 <= ord(text) < 0xF900:
                found.add(ord(text))
    return {char for char in found if char < 0x10000}


def subset_of(path: Path, glyphs: set[str]) -> TTFont:
    """The simplified face of the collection with these glyphs, unhinted, for horizontal text."""
    options = subset.Options(hinting=False, layout_features=["kern", "ccmp", "liga"], name_IDs=[])
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    font = TTFont(path, fontNumber=SIMPLIFIED)
    subsetter = subset.Subsetter(options)
    subsetter.populate(glyphs=sorted(glyphs))
    subsetter.subset(font)
    return font


def add_letters(font: TTFont, source: TTFont, chars: set[int], like: str) -> dict[int, str]:
    """The outlines of these characters from Source Sans; character -> its new glyph.

    The new glyphs have the private dictionary of the glyph `like`.
    """
    top = font["CFF "].cff.topDictIndex[0]
    order = font.getGlyphOrder()
    group = top.FDSelect[order.index(like)]
    private, outlines, cmap = top.FDArray[group].Private, source.getGlyphSet(), source.getBestCmap()
    added, taken = {}, set(order)
    free = (name for number in range(1, 1 << 16) if (name := f"cid{number:05d}") not in taken)
    for char, name in zip(sorted(chars & cmap.keys()), free, strict=False):
        width = round(outlines[cmap[char]].width * SCALE)
        pen = T2CharStringPen(width - private.nominalWidthX, outlines)
        outlines[cmap[char]].draw(TransformPen(pen, (SCALE, 0, 0, SCALE, 0, 0)))
        top.CharStrings.charStringsIndex.append(pen.getCharString(private, top.GlobalSubrs))
        top.CharStrings.charStrings[name] = len(order)
        top.FDSelect.gidArray.append(group)
        order.append(name)
        font["hmtx"][name] = (width, round(source["hmtx"][cmap[char]][1] * SCALE))
        added[char] = name
    top.charset = order
    font.setGlyphOrder(order)
    font["maxp"].numGlyphs = len(order)
    return added


def face(data: bytes, cmap: dict[int, str], family: str) -> TTFont:
    font = TTFont(BytesIO(data))
    for table in font["cmap"].tables:
        table.cmap = dict(cmap)
    names = {
        1: family,
        2: "Bold",
        3: f"{family} Bold 2",
        4: f"{family} Bold",
        6: f"{family.replace(' ', '')}-Bold",
    }
    names |= {
        0: "© 2014-2023 Adobe (http://www.adobe.com/).",
        5: "Version 2",
        14: "https://openfontlicense.org",
    }
    names |= {13: "Licensed under the SIL Open Font License, Version 1.1."}
    font["name"].names = []
    for number, text in names.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    return font


def build(noto: Path, source: Path) -> TTCollection:
    faces = TTCollection(noto, lazy=True)
    simplified, traditional = (faces[number].getBestCmap() for number in (SIMPLIFIED, TRADITIONAL))
    plain = ALPHABETS | FULL_WIDTH | of_encoding("gb2312")
    first = {char: glyph for char, glyph in simplified.items() if char in plain}
    big5 = of_encoding("big5") | set(map(ord, HONG_KONG))
    second = {char: traditional[char] for char in big5 & traditional.keys() - ALPHABETS - FULL_WIDTH}
    font = subset_of(noto, {*first.values(), *second.values()})
    cut = instantiateVariableFont(TTFont(source), {"wght": WEIGHT}, overlap=OverlapMode.REMOVE)
    first |= add_letters(font, cut, ALPHABETS - first.keys(), like=simplified[ord("n")])
    buffer = BytesIO()
    font["cmap"].tables = [table for table in font["cmap"].tables if table.format == 4]
    font.save(buffer)
    made = TTCollection()
    made.fonts = [
        face(buffer.getvalue(), cmap, family)
        for cmap, family in ((first, "QIE Sans"), (first | second, "QIE Sans TC"))
    ]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("noto", type=Path)
    parser.add_argument("source", type=Path)
    arguments = parser.parse_args()
    made = build(arguments.noto, arguments.source)
    made.save(TARGET)
    print(f"{TARGET}: {', '.join(str(len(font.getBestCmap())) for font in made)} characters")
    print(f"{TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
