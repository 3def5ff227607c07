"""What a new user gets wrong: each gets its sentence, and the rows beside it are edited."""

from __future__ import annotations

import os

import pytest
from PIL import Image

GOOD = "make it brighter"


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


#: id, picture, instruction -> what `submit` says of the row. The files are made by `shop`.
BAD_ROWS = {
    "typo": ("red-shoo.jpg", GOOD, "line 4, column 'image', id 'typo'", "did you mean 'red-shoe.jpg'?"),
    "text": ("text.jpg", GOOD, "line 5, column 'image', id 'text'", "not a picture, it starts like text"),
    "wide": ("wide.png", GOOD, "line 6, column 'image', id 'wide'", "no side may be longer than 12,000"),
    "empty": ("red-shoe.jpg", " ", "line 7, column 'instruction', id 'empty'", "say what to change"),
    "shoe": ("red-shoe.jpg", GOOD, "line 8, column 'id', id 'shoe'", "on line 2 and again on line 8"),
    "web": ("https://a.example/b.jpg", GOOD, "line 9, column 'image', id 'web'", "https://a.example/b.jpg"),
    "gone": ("s3://{bucket}/no.jpg", GOOD, "line 10, column 'image', id 'gone'", "no.jpg"),
    "pipe": ("pipe.jpg", GOOD, "line 11, column 'image', id 'pipe'", "a pipe or a device, not a file"),
    "odd": ("s3://{bucket}/50%.jpg", GOOD, "line 12, column 'image', id 'odd'", "rename the object"),
    "else": ("s3://elsewhere/a.jpg", GOOD, "line 13, column 'image', id 'else'", "QIE_IMAGE_BUCKETS"),
    "escape": ("\x1b]0;x\x07\u202e.jpg", GOOD, "line 14, column 'image'", r"'\x1b]0;x\x07\u202e.jpg'"),
}


@pytest.fixture(scope="module")
def shop(up, desk):
    """A folder of pictures as they come: most of them can be edited, some cannot."""
    folder = up.home / "shop"
    desk.draw(folder / "red-shoe.jpg", size=(192, 128))
    desk.draw(folder / "cmyk.jpg", "blue")
    Image.open(folder / "cmyk.jpg").convert("CMYK").save(folder / "cmyk.jpg")
    desk.draw(folder / "palette.png", "green")
    palette = Image.open(folder / "palette.png").convert("P")
    palette.save(folder / "palette.png", transparency=0)
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was held upright: to be shown turned by 90 degrees
    desk.draw(folder / "phone.jpg", "navy", size=(120, 80), exif=turned)
    noise = Image.effect_noise((400, 300), 60).convert("RGB")
    noise.save(folder / "cut.jpg")
    data = (folder / "cut.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(data[: len(data) // 2])
    (folder / "text.jpg").write_text("This is where the picture should be.\n")
    desk.draw(folder / "wide.png", size=(20_000, 40))
    os.mkfifo(folder / "pipe.jpg")
    return folder


@pytest.fixture(scope="module")
def mixed(shop, up, desk):
    """Two good rows and every bad one."""
    bucket = up.config["s3_bucket"]
    bad = [(name, row[0].format(bucket=bucket), row[1]) for name, row in BAD_ROWS.items()]
    rows = [("shoe", "red-shoe.jpg", GOOD), ("navy", "phone.jpg", "make it darker"), *bad]
    return desk.write(shop / "mixed.csv", rows)


def jobs(up):
    return up.ledger("SELECT count(*) FROM jobs WHERE name NOT IN ('every-minute')")[0][0]


def test_every_bad_row_is_named_and_nothing_is_submitted(mixed, up):
    before = jobs(up)
    said = up("submit", mixed, code=2).err
    assert f"mixed.csv: {len(BAD_ROWS)} of {len(BAD_ROWS) + 2} rows cannot be edited; nothing" in said
    lines = said.splitlines()
    for name, (_, _, where, why) in BAD_ROWS.items():
        (line,) = [line for line in lines if f"id {name!r}" in line]
        assert where in line
        assert why in line
    assert "--skip-bad-rows" in lines[-1]
    assert jobs(up) == before


@pytest.mark.slow
def test_with_skip_bad_rows_the_others_are_edited(mixed, up, desk):
    ran = up("submit", mixed, "--skip-bad-rows", "--wait", code=1)
    assert f"{len(BAD_ROWS)} rows cannot be edited; `qie-batch results` writes them to errors.csv" in ran.err
    rows = desk.read(up.results(ran.last) / "results.csv")
    assert [row["qie_status"] for row in rows] == ["succeeded"] * 2 + ["failed"] * len(BAD_ROWS)
    assert all(why in row["qie_error"] for row, (*_, why) in zip(rows[2:], BAD_ROWS.values(), strict=True))


def test_odd_pictures_are_edited_and_a_truncated_one_fails_alone(shop, up, desk):
    catalog = desk.write(
        shop / "odd.csv",
        [
            ("cut", "cut.jpg", GOOD),
            ("cmyk", "cmyk.jpg", GOOD),
            ("palette", "palette.png", GOOD),
            ("phone", "phone.jpg", GOOD),
        ],
    )
    job = up("submit", catalog, "--skip-bad-rows", "--wait", code=1).last
    folder = up.results(job)
    rows = {row["id"]: row for row in desk.read(folder / "results.csv")}
    assert rows["cut"]["qie_error_code"] == "image_truncated"
    assert "cut short after" in rows["cut"]["qie_error"]
    assert {row["qie_status"] for name, row in rows.items() if name != "cut"} == {"succeeded"}
    assert (rows["phone"]["qie_width"], rows["phone"]["qie_height"]) == ("80", "120")
    with Image.open(folder / rows["phone"]["qie_output"]) as picture:
        assert picture.size == (80, 120)
        assert not picture.getexif()
    with Image.open(folder / rows["cmyk"]["qie_output"]) as picture:
        assert picture.mode == "RGB"
        red, green, blue = picture.getpixel((48, 32))
        assert blue > max(red, green) + 80
    with Image.open(folder / rows["palette"]["qie_output"]) as picture:
        assert picture.mode == "RGB"


@pytest.mark.slow
def test_a_chinese_catalog_in_gb18030_is_edited(shop, up, desk):
    catalog = desk.write(
        shop / "目录.csv",
        [("鞋子-1", "red-shoe.jpg", "把背景换成米色", "鞋")],
        ("货号", "主图", "指令", "类目"),
        encoding="gb18030",
    )
    job = up("submit", catalog, "--wait").last
    folder = up.results(job)
    (row,) = desk.read(folder / "results.csv")
    assert (row["货号"], row["类目"], row["qie_status"]) == ("鞋子-1", "鞋", "succeeded")
    assert (folder / "鞋子-1.jpg").is_file()


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (("id", "imgae", "instruction"), ["no column 'image'", "Did you mean 'imgae'?", "--map image=imgae"]),
        slow(("id", "image", "colour"), ["no column 'instruction'", "--instruction TEXT"]),
        slow(("name", "image", "instruction"), ["no column 'id'", "--map id=HEADER"]),
    ],
)
def test_a_wrong_header_says_which_and_what_was_meant(header, says, shop, up, desk):
    catalog = desk.write(shop / "header.csv", [("1", "red-shoe.jpg", GOOD)], header)
    said = up("submit", catalog, code=2).err
    assert all(part in said for part in says), said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--map", "foo"], ["--map 'foo' is not of the form column=header", "--map id=SKU"]),
        slow(["--map", "image=phto"], ["one.csv has no column 'phto'", "it has: id, image, instruction"]),
        slow(["--map", "imag=image"], ["does not know", "Did you mean 'image'?"]),
        (["--budget", "lots"], ["--budget 'lots' is not an amount of USD", "--budget 2.50"]),
        slow(
            ["--engine", "magic"],
            ["there is no engine 'magic'", "Choose classic, qwen, openai, dashscope or triton"],
        ),
        slow(["--preset", "best"], ["no preset 'best'", "one of: reference, balanced, fast, draft"]),
    ],
)
def test_a_wrong_option_says_what_is_right(options, says, shop, up, desk):
    catalog = desk.write(shop / "one.csv", [("1", "red-shoe.jpg", GOOD)])
    said = up("submit", catalog, *options, code=2).err
    assert all(part in said for part in says), said


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["submit", "catalog-2.csv"], "catalog-2.csv cannot be read: No such file or directory"),
        (["schedule", "add", "x", "shop/mixed.csv", "--cron", "at noon"], "not a cron expression"),
        (
            ["schedule", "add", "x", "shop/mixed.csv", "--cron", "0 2 30 2 *"],
            "times that come (bad day-of-month)",
        ),
        (["schedule", "add", "x", "catalog-2.csv", "--cron", "0 2 * * *"], "there is no catalog at"),
        (
            ["schedule", "add", "x", "shop/mixed.csv", "--cron", "0 2 * * *", "--timezone", "Mars/Base"],
            "there is no timezone 'Mars/Base'",
        ),
        (["schedule", "run", "x"], "there is no schedule 'x'"),
        (["schedule", "remove", "x"], "there is no schedule 'x'"),
        (["up"], "runs already"),
    ],
)
def test_a_wrong_command_is_explained(command, says, mixed, up):
    assert mixed.is_file()
    assert says in up(*command, code=2).err


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("s3://shop", "'s3://shop' is no S3 address"),
        ("s3://shop/50%.csv", "'50%.csv' has a control character, a backslash or a percent sign"),
        ("/dev/zero", "/dev/zero cannot be read: it is a pipe or a device, not a file"),
    ],
)
def test_a_catalog_that_is_no_file_is_explained(address, says, up):
    assert says in up("submit", address, code=2).err


@pytest.mark.parametrize("command", ["status", "pause", "retry", "results"])
def test_an_unknown_job_is_said_to_be_unknown(command, up):
    options = ["--out", "nowhere"] if command == "results" else []
    said = up(command, "no-such-job", *options, code=2).err
    assert said == "qie-batch: there is no job 'no-such-job'.\n`qie-batch status` lists the jobs.\n"


def test_without_services_one_sentence_says_what_to_do(stranger, desk):
    catalog = desk.write(stranger.home / "catalog.csv", [("1", "a.jpg", GOOD)])
    expected = "no services are known: .qie-batch/config.toml is not there"
    for command in (["submit", catalog], ["worker"], ["control"]):
        said = stranger(*command, code=3)
        assert said.out == ""
        problem, remedy = said.err.splitlines()
        assert expected in problem
        assert "Run `qie-batch up` in another terminal" in remedy


def test_debug_shows_the_traceback(stranger):
    ran = stranger("--debug", "status", code=1)
    assert "Traceback" in ran.err
    assert "Unavailable: no services are known" in ran.err


def test_a_store_that_is_away_is_named(shop, up, desk):
    catalog = desk.write(shop / "away.csv", [("1", "red-shoe.jpg", "make it much darker")])
    said = up("submit", catalog, code=3, env={"QIE_S3_ENDPOINT": "http://127.0.0.1:1"}).err
    assert "S3 at http://127.0.0.1:1" in said
    assert "Check that http://127.0.0.1:1 is up" in said


def test_a_submit_while_the_broker_is_away_is_carried_out(shop, up, desk):
    catalog = desk.write(shop / "broker.csv", [("1", "red-shoe.jpg", "make it a bit brighter")])
    ran = up("submit", catalog, env={"QIE_BROKER_URL": "redis://:geheim@127.0.0.1:1/0"})
    # Control may have been quicker than the message that could not be sent.
    assert "geheim" not in ran.err
    assert "did not answer" not in ran.err or "the job is safe in the ledger" in ran.err
    assert up.wait(ran.last)["counts"]["succeeded"] == 1
