from __future__ import annotations

import pytest

from qie_batch.errors import UsageError
from qie_batch.steps.uploads import Upload, candidates, catalog_of
from qie_batch.steps.uploads.matching import ANSWERS, Matcher
from qie_batch.steps.uploads.upload import UploadedFile


def upload(*names: str) -> Upload:
    file = UploadedFile(key="k", size=1, sha256="0")
    return Upload(id="up-a", owner="acme", created_at=0.0, files=dict.fromkeys(names, file))


def test_the_catalog_is_the_table_nearest_to_the_top():
    sent = upload("spring/catalog.csv", "spring/old/catalog.csv", "spring/a.png")
    assert candidates(sent) == ["spring/catalog.csv"]
    assert catalog_of(sent) == "spring/catalog.csv"


def test_of_several_tables_the_client_says_which():
    sent = upload("a.csv", "b.xlsx", "sub/c.csv")
    with pytest.raises(UsageError, match=r"2 tables, 'a\.csv', 'b\.xlsx'") as unclear:
        catalog_of(sent)
    assert unclear.value.code == "catalog_unclear"
    assert catalog_of(sent, "sub/c.csv") == "sub/c.csv"


def test_a_catalog_that_is_not_there_is_named():
    for sent, chosen in ((upload("a.png"), ""), (upload("a.csv"), "b.csv")):
        with pytest.raises(UsageError) as missing:
            catalog_of(sent, chosen)
        assert missing.value.code == "catalog_missing"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("images/a.png", "images/a.png"),
        ("images/A.PNG", "images/a.png"),
        ("Images\\a.png", "images/a.png"),
        ("images/sub/../a.png", "images/a.png"),
        ("images/cafe\u0301.png", "images/café.png"),
        # In a folder below, where no other file has the name.
        ("a.png", "images/a.png"),
        ("twice.png", ""),
        ("other/a.png", ""),
        ("images/b.png", ""),
        ("../a.png", ""),
    ],
)
def test_a_row_means_one_file_or_none(asked, found):
    files = ["images/a.png", "images/café.png", "images/x/twice.png", "images/y/twice.png"]
    assert Matcher(files).find(asked) == found


def test_a_picture_that_lost_its_folder_stands_for_one_path():
    matcher = Matcher(["spring/a.png", "b.png", "other/c.png"])
    assert matcher.find("spring/images/A.png") == "spring/a.png"
    assert matcher.find("images/b.png") == "b.png"
    # Another picture of the same name.
    assert matcher.find("more/b.png") == ""
    assert matcher.find("autumn/a.png") == matcher.find("images/c.png") == ""
    assert matcher.by_name == {"spring/a.png": "spring/images/a.png", "b.png": "images/b.png"}


def test_letter_case_decides_where_it_must():
    matcher = Matcher(["a.png", "A.png"])
    assert (matcher.find("a.png"), matcher.find("A.png"), matcher.find("A.PNG")) == ("a.png", "A.png", "")


def test_advice_names_what_may_have_been_meant():
    matcher = Matcher(["images/shoe-1.png", "x/twice.png", "y/twice.png"])
    assert matcher.advice("images/shoe-l.png") == "did you mean 'images/shoe-1.png'?"
    assert matcher.advice("other/shoe-1.png") == "it has 'images/shoe-1.png'"
    assert "'x/twice.png', 'y/twice.png'" in matcher.advice("twice.png")
    for _ in range(ANSWERS):
        matcher.advice("nothing.png")
    assert matcher.advice("images/shoe-l.png") == "check its spelling"
