from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qie_batch.errors import UsageError
from qie_batch.naming import MAX_FOLDERS, UniqueNames, file_name, image_name

ROOT = Path("/out/job")

hostile = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="./\\%\0 aA-_:~\"'\u202eéß\u041a货", max_size=20),
    st.text(alphabet=st.characters(), max_size=30),
    st.sampled_from(
        ["..", "../..", "/etc/passwd", "CON", "nul.txt", "C:\\x", ".ssh", "-rf", "%2e%2e%2f", "", "货" * 99]
    ),
)
templates = st.sampled_from(
    [
        "{id}",
        "{id}_{variant}",
        "{category}/{id}",
        "{category}/{title}",
        "{title}{category}",
        "a/b/{title}.png",
    ]
)


def named(template="{id}", *, row_id="SKU-1", variant=0, extension="png", **fields):
    return file_name(template, row_id=row_id, variant=variant, fields=fields, extension=extension)


@given(templates, hostile, hostile, hostile, st.integers(0, 20))
def test_no_value_leaves_the_folder_or_makes_one(template, row_id, category, title, variant):
    name = named(template, row_id=row_id, variant=variant, category=category, title=title)
    assert name.count("/") == template.count("/")
    assert (ROOT / name).resolve().is_relative_to(ROOT)
    for part in name.split("/"):
        assert part
        assert part[0] not in ".-"
        assert not part.endswith(".")
        assert not set(part) & set('\\%:*?"<>|\0 ~')
        assert all(unicodedata.category(character)[0] in "LMNP" for character in part)
        assert unicodedata.is_normalized("NFC", part)


@given(templates, st.sets(st.tuples(hostile, st.integers(0, 3)), max_size=20), hostile)
def test_distinct_results_get_distinct_names_on_any_file_system(template, results, category):
    names = UniqueNames()
    given_names = [
        names.give(
            named(template, row_id=row_id, variant=variant, category=category, title="t"),
            row_id=row_id,
            variant=variant,
        )
        for row_id, variant in sorted(results)
    ]
    folded = {unicodedata.normalize("NFD", name).casefold() for name in given_names}
    assert len(folded) == len(results)
    for name in given_names:
        assert all(len(part.encode()) <= 255 for part in name.split("/"))
        assert name.endswith(".png")


def test_the_default_is_the_id_and_later_variants_are_numbered():
    assert [named(variant=variant) for variant in range(3)] == ["SKU-1.png", "SKU-1-2.png", "SKU-1-3.png"]


def test_a_template_makes_folders_and_places_the_variant():
    name = named("{category}/{id}_{variant}", variant=1, category="Shoes / Men")
    assert name == "Shoes_Men/SKU-1_2.png"


@pytest.mark.parametrize("word", ["红色连衣裙", "สินค้า", "हिन्दी", "Übergröße", "Кроссовки"])
def test_words_of_any_script_stay_readable(word):
    assert named(row_id=word) == f"{word}.png"


def test_the_format_comes_from_the_edit_not_from_the_template():
    assert named("{id}.PNG", extension="webp") == "SKU-1.webp"


@pytest.mark.parametrize(
    ("row_id", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd.png"),
        ("con", "_con.png"),
        ("COM1.tar", "_COM1.tar.png"),
        ("console", "console.png"),
        (".hidden", "hidden.png"),
        ("--rm", "rm.png"),
        ("a%2fb", "a_2fb.png"),
        ("...", "_.png"),
        ("", "_.png"),
        ("e\u0301", "é.png"),
        ("\ud800", "_.png"),
    ],
)
def test_hostile_ids_are_made_harmless(row_id, name):
    assert named(row_id=row_id) == name


def test_a_device_name_put_together_from_two_values_is_noticed():
    assert named("{a}{b}/{id}", a="N", b="UL") == "_NUL/SKU-1.png"


@pytest.mark.parametrize(
    "template", ["../{id}", "a/../{id}", "/tmp/{id}", "a\\{id}", "{id", "id}", "", "a//b", "a/", "./x"]
)
def test_a_template_that_is_no_relative_path_is_refused(template):
    with pytest.raises(UsageError, match="name template"):
        named(template)


def test_an_unknown_field_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"\{colour\}") as refused:
        named("{colour}/{id}", category="x", brand="y")
    assert refused.value.hint == "It has {brand}, {category}, {id}, {variant}."


def test_a_header_may_have_spaces_and_slashes():
    row = {"Colour/Size (EU)": "red/42"}
    assert (
        file_name("{Colour/Size (EU)}/{id}", row_id="7", variant=0, fields=row, extension="png")
        == "red_42/7.png"
    )


def test_a_template_cannot_reach_into_python():
    with pytest.raises(UsageError):
        named("{id.__class__}")


def test_the_second_to_ask_gets_a_hash_and_keeps_it():
    def both():
        names = UniqueNames()
        return [names.give("a_b.png", row_id=row_id, variant=0) for row_id in ("a/b", "a b", "a/b", "a b")]

    first, second, again, second_again = both()
    assert first == again == "a_b.png"
    assert second == second_again
    assert second.startswith("a_b-")
    assert both() == [first, second, again, second_again]


def test_a_folder_never_takes_the_name_of_a_reserved_file():
    names = UniqueNames(reserved=["results.csv", "report.html"])
    given = [
        names.give(f"{folder}/1.png", row_id=folder, variant=0) for folder in ("Results.CSV", "results.csv")
    ]
    assert given[0] == "_Results.CSV/1.png"
    assert given[1].startswith("_results.csv/1-")
    assert names.give("errors.csv/report.html/1.png", row_id="1", variant=0) == "errors.csv/report.html/1.png"


def test_a_file_and_a_folder_never_get_the_same_name():
    """As of https://cdn.shop.com/shoe.png and https://cdn.shop.com/shoe.png/large.png."""
    names, other = UniqueNames(), UniqueNames()
    given = [
        names.give(name, row_id=name, variant=0)
        for name in ("shoe.png", "Shoe.png/large.png", "Shoe.png/a/1.png", "cap.png/1.png", "cap.png")
    ]
    assert given[:4] == ["shoe.png", "Shoe.png_/large.png", "Shoe.png_/a/1.png", "cap.png/1.png"]
    assert given[4].startswith("cap-")
    assert other.give("shoe.png/large.png", row_id="1", variant=0) == "shoe.png/large.png"
    assert other.give("shoe.png", row_id="2", variant=0).startswith("shoe-")


def test_names_that_differ_only_by_case_are_kept_apart():
    names = UniqueNames()
    assert names.give("Shoe.png", row_id="Shoe", variant=0) == "Shoe.png"
    assert names.give("SHOE.png", row_id="SHOE", variant=0) != "SHOE.png"


def test_a_name_that_another_rows_hash_made_is_not_given_twice():
    names = UniqueNames()
    names.give("a.png", row_id="x", variant=0)
    hashed = names.give("a.png", row_id="y", variant=0)
    assert names.give(hashed, row_id="z", variant=0) != hashed


def test_double_braces_are_plain_ones_and_no_field():
    assert named("{{id}}-{id}") == "_id_-SKU-1.png"
    assert named("{{variant}}", variant=1) == "_variant_-2.png"


@pytest.mark.parametrize(
    ("image", "path", "stem", "folder"),
    [
        ("plain.jpg", "plain", "plain", ""),
        ("images/plain.jpg", "images/plain", "plain", "images"),
        ("./a/../b/shoe.v2.JPEG", "a/b/shoe.v2", "shoe.v2", "a/b"),
        ("../../etc/x.png", "etc/x", "x", "etc"),
        ("images\\Winter 24\\Schuh.tif", "images/Winter 24/Schuh", "Schuh", "images/Winter 24"),
        ("/shop/pics/a.webp", "pics/a", "a", "pics"),
        ("/elsewhere/a.webp", "elsewhere/a", "a", "elsewhere"),
        ("/shopping/a.webp", "shopping/a", "a", "shopping"),
        ("s3://bucket/dir/a b.png", "dir/a b", "a b", "dir"),
        ("https://a.example/x/a%20b.jpg?v=1", "x/a b", "a b", "x"),
        ("HTTPS://a.example:8443/a.jpg#top", "a", "a", ""),
        ("https://a.example/%2e%2e/%2Fetc%2Fb.png", "etc/b", "b", "etc"),
        ("https://a.example/image.php?id=7.jpg", "image.php", "image.php", ""),
        ("https://[bad", "", "", ""),
        ("图/一.png", "图/一", "一", "图"),
        ("SKU-1.5", "SKU-1.5", "SKU-1.5", ""),
        (".png", ".png", ".png", ""),
        ("", "", "", ""),
    ],
)
def test_an_image_has_a_path_a_stem_and_a_folder(image, path, stem, folder):
    assert image_name(image, "/shop") == (path, stem, folder)


def test_the_folder_of_an_image_in_s3_starts_at_the_catalogs():
    assert image_name("s3://b/shop/photos/a.jpg", "s3://b/shop/").folder == "photos"
    assert image_name("s3://c/shop/photos/a.jpg", "s3://b/shop/").folder == "shop/photos"


def from_image(template: str, image: str) -> str:
    name = image_name(image, "")
    fields = {"stem": name.stem, "image": name.path}
    return file_name(template, row_id="SKU-1", variant=0, fields=fields, extension="jpg", folder=name.folder)


@pytest.mark.parametrize(
    ("template", "image", "name"),
    [
        ("{stem}", "images/plain.jpg", "plain.jpg"),
        ("{image}", "images/plain.jpg", "images_plain.jpg"),
        ("{folder}/{stem}", "images/plain.jpg", "images/plain.jpg"),
        ("{folder}/{stem}", "a/b c/plain.jpg", "a/b_c/plain.jpg"),
        ("{folder}/{stem}", "plain.jpg", "plain.jpg"),
        ("out/{folder}/{stem}-{id}.png", "a/b/plain.jpg", "out/a/b/plain-SKU-1.jpg"),
        ("{folder}-{stem}", "a/b/plain.jpg", "a/b-plain.jpg"),
        ("{folder}", "a/b/plain.jpg", "a/b.jpg"),
        ("{folder}", "plain.jpg", "_.jpg"),
        ("{Folder}/{ STEM }", "a/con/nul.jpg", "a/_con/_nul.jpg"),
        ("{stem}", "https://a.example/s/a%20b.jpg?v=1", "a_b.jpg"),
        ("{folder}/{stem}", "https://a.example/%2e%2e/.ssh/-rf.png", "ssh/rf.jpg"),
    ],
)
def test_a_template_keeps_the_image_own_name(template, image, name):
    assert from_image(template, image) == name


@given(hostile, st.sampled_from(["{folder}/{stem}", "{folder}", "{folder}{stem}", "x/{folder}/{image}"]))
def test_no_image_leaves_the_folder(image, template):
    name = from_image(template, image)
    assert (ROOT / name).resolve().is_relative_to(ROOT)
    for part in name.split("/"):
        assert part
        assert part[0] not in ".-"
        assert not part.endswith(".")
        assert len(part.encode()) <= 255


def test_an_address_with_a_thousand_folders_makes_a_few():
    name = from_image("{folder}/{stem}", "https://a.example/" + "a/" * 1000 + "b.jpg")
    assert name == "a/" * MAX_FOLDERS + "b.jpg"


@pytest.mark.parametrize("name", ["Colour", "colour", " COLOUR "])
def test_a_column_is_found_in_any_letter_case(name):
    assert named(f"{{{name}}}", Colour="navy blue") == "navy_blue.png"


def test_a_column_named_folder_is_the_users_and_makes_no_folders():
    fields = {"Folder": "a/b"}
    name = file_name("{folder}/{id}", row_id="1", variant=0, fields=fields, extension="png", folder="x/y")
    assert name == "a_b/1.png"
