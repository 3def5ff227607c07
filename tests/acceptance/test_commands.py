"""Every command and flag of the contract, as a user runs them."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from PIL import Image

#: Command -> the flags that the design promises.
FLAGS = {
    "up": ["--dir", "--engine"],
    "submit": [
        *("--name", "--engine", "--preset", "--priority", "--map", "--instruction", "--dry-run", "--wait"),
        *("--skip-bad-rows", "--budget"),
    ],
    "status": ["--json", "--watch", "--timing"],
    "results": ["--out", "--name-template"],
    "retry": ["--code"],
    "worker": ["--gpus"],
    "cost": ["--by"],
    "schedule": ["add", "list", "remove", "run"],
    "db": ["upgrade", "current"],
}
OTHERS = (
    "demo",
    "alert-bridge",
    "export",
    "sign",
    "login",
    "cancel",
    "pause",
    "resume",
    "workers",
    "control",
    "gateway",
    "flower",
    "keys",
    "tenants",
    "webhooks",
    "doctor",
    "fsck",
    "prune",
    "template",
    "review",
)


@pytest.fixture(scope="module")
def shop(up, desk):
    folder = up.home / "commands"
    desk.draw(folder / "shoe.png")
    desk.draw(folder / "bags" / "bag.jpg", "purple")
    return folder


@pytest.fixture
def waiting(up, desk, shop):
    """A job that stays queued: the workers here edit with another engine."""
    catalog = desk.write(shop / "waiting.csv", [(n, "shoe.png", f"make it {n}") for n in range(3)])
    job = up("submit", catalog, "--engine", "qwen").last
    yield job
    up("cancel", job)


def test_help_lists_every_command_of_the_contract(stranger):
    shown = stranger("--help").out
    listed = {line.split()[0] for line in shown.partition("Commands:\n")[2].splitlines() if line[2:3] != " "}
    assert listed == {*FLAGS, *OTHERS}
    assert "--dir" in shown
    assert "--debug" in shown


@pytest.mark.parametrize("command", FLAGS)
def test_every_promised_flag_exists(command, stranger):
    shown = stranger(command, "--help").out
    assert all(f"  {flag} " in shown for flag in FLAGS[command]), shown


def test_pause_resume_and_cancel_act_at_once(waiting, up, desk):
    assert up("pause", waiting).out == f"job {waiting} is paused\n"
    status = up.json("status", waiting)
    assert (status["state"], status["pause_reason"], status["counts"]["pending"]) == ("paused", "user", 3)
    assert f"job {waiting} is paused, so it cannot be paused" in up("pause", waiting, code=2).err
    assert up("resume", waiting).out == f"job {waiting} goes on\n"
    assert f"job {waiting} is open, so it cannot be resumed" in up("resume", waiting, code=2).err
    assert up("cancel", waiting).out == "cancelled: 3 items\n"
    assert up.wait(waiting)["counts"]["cancelled"] == 3
    folder = up.results(waiting)
    assert {row["qie_status"] for row in desk.read(folder / "results.csv")} == {"cancelled"}
    assert desk.read(folder / "errors.csv") == []


@pytest.mark.slow
def test_a_job_without_money_pauses_and_goes_on_with_more(up, desk, shop):
    catalog = desk.write(shop / "dear.csv", [("1", "shoe.png", "make it warmer")])
    ran = up("submit", catalog, "--budget", "0", "--wait", code=1)
    assert f"the job is paused (budget); `qie-batch resume {ran.last}" in ran.err
    assert up.json("status", ran.last)["budget_usd"] is not None
    assert f"qie-batch resume {ran.last} --budget USD" in up("resume", ran.last, code=2).err
    up("resume", ran.last, "--budget", "1")
    assert up.wait(ran.last)["counts"]["succeeded"] == 1


def test_retry_takes_the_failed_items_of_one_code(up, desk, shop):
    catalog = desk.write(
        shop / "retry.csv",
        [("ok", "shoe.png", "make it cooler"), ("no", "shoe.png", "change the yellow shoe to red")],
    )
    job = up("submit", catalog, "--wait", code=1).last
    assert up("retry", job, "--code", "image_truncated").out == "pending again: 0 items\n"
    assert up("retry", job, "--code", "colour_not_found").out == "pending again: 1 item\n"
    status = up.wait(job)
    assert (status["attempts"], status["counts"]["failed"], status["counts"]["succeeded"]) == (3, 1, 1)


def test_results_come_under_the_names_of_the_template_and_never_outside(up, desk, shop):
    rows = [
        ("bag-1", "bags/bag.jpg", "make it brighter", "Bags & Co"),
        ("../../outside", "bags/bag.jpg", "make it darker", "../.."),
        ("CON", "bags/bag.jpg", "make it cooler", "包"),
    ]
    catalog = desk.write(shop / "names.csv", rows, ("id", "image", "instruction", "category"))
    job = up("submit", catalog, "--wait").last
    folder = up.results(job, "--name-template", "{category}/{id}")
    given = [row["qie_output"] for row in desk.read(folder / "results.csv")]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.jpg")}
    assert found == set(given)
    assert given[0] == "Bags_Co/bag-1.jpg"
    assert not any(".." in name.split("/") for name in given)
    assert not list(up.home.rglob("outside*"))
    assert (
        "the manifest does not have"
        in up("results", job, "--out", folder, "--name-template", "{colour}", code=2).err
    )


def test_results_keep_the_names_of_their_pictures_and_come_once(up, desk, shop):
    rows = [("b1", "bags/bag.jpg", "make it brighter"), ("s1", "shoe.png", "make it brighter")]
    catalog = desk.write(shop / "stems.csv", rows)
    ran = up("submit", catalog, "--output", "webp", "--quality", "70", "--size", "128x96", "--wait")
    command = ("results", ran.last, "--out", up.home / "stems", "--name-template", "{folder}/{stem}")
    assert "2 pictures, results.csv and errors.csv" in up(*command).err
    for name in ("bags/bag.webp", "shoe.webp"):
        with Image.open(up.home / "stems" / name) as picture:
            assert (picture.format, *picture.size) == ("WEBP", 128, 96)
    (up.home / "stems" / "shoe.webp").unlink()
    assert "2 pictures (1 there already), results.csv and errors.csv" in up(*command).err


def test_no_column_takes_the_names_of_our_own_files(up, desk, shop):
    rows = [("1", "shoe.png", "make it brighter", "results.csv"), ("2", "shoe.png", "make it brighter", "")]
    catalog = desk.write(shop / "own.csv", rows, ("id", "image", "instruction", "category"))
    job = up("submit", catalog, "--wait").last
    folder = up.results(job, "--name-template", "{category}/{id}")
    given = [row["qie_output"] for row in desk.read(folder / "results.csv")]
    assert given == ["_results.csv/1.png", "_/2.png"]
    assert all((folder / name).is_file() for name in (*given, "errors.csv", "report.html"))


@pytest.mark.slow
def test_a_folder_that_cannot_be_filled_is_named(up, desk, shop):
    catalog = desk.write(shop / "full.csv", [("1", "shoe.png", "make it brighter")])
    job = up("submit", catalog, "--wait").last
    file, full, taken = (up.home / "targets" / name for name in ("file", "full", "taken"))
    for folder in (full, taken / "1.png"):
        folder.mkdir(parents=True)
    file.touch()
    (full / "report.html").symlink_to("/dev/full")
    said = up("results", job, "--out", file / "below", code=2).err
    assert f"{file}/below cannot be written: Not a directory" in said
    assert "Give another folder with --out" in said
    assert (
        f"{taken}/1.png cannot be written: Is a directory" in up("results", job, "--out", taken, code=2).err
    )
    assert "No space left on device" in up("results", job, "--out", full, code=3).err
    assert not list(taken.rglob(".qie-*"))


def inputs(up):
    """Keys of the pictures in the store."""
    listed = up.s3.list_objects_v2(Bucket=up.config["s3_bucket"], Prefix="inputs/")
    return {entry["Key"] for entry in listed["Contents"]}


def test_a_dry_run_counts_and_writes_nothing(up, desk, shop):
    known = desk.write(shop / "known.csv", [("1", "shoe.png", "make it darker")])
    up("submit", known, "--wait")
    before = inputs(up)
    rows = [("1", "shoe.png", "make it darker"), ("2", "new.png", "make it darker"), ("3", "no.png", "x")]
    catalog = desk.write(shop / "dry.csv", rows)
    desk.draw(shop / "new.png", "orange")
    plan = up.json("submit", catalog, "--dry-run")
    assert (plan["rows"], plan["items"], plan["pictures"]) == (3, 3, 2)
    assert (plan["cached"], plan["edits"], plan["bad"]) == (1, 1, 1)
    assert plan["bad_rows"][0]["line"] == 4
    assert Decimal(plan["cost_usd"]) >= 0 < plan["device_seconds"]
    said = up("submit", catalog, "--dry-run").out
    assert "1 cached, 1 to edit, 1 that cannot be edited" in said
    assert said.endswith("dry run: nothing was written\n")
    assert inputs(up) == before
    assert not up.ledger("SELECT 1 FROM jobs WHERE name = 'dry.csv'")


def test_headers_are_mapped_and_one_instruction_serves_all_rows(up, desk, shop):
    header = ("Handle", "Photo URL", "Colour")
    catalog = desk.write(
        shop / "export.tsv", [("h1", "shoe.png", "navy"), ("h2", "bags/bag.jpg", "mint")], header
    )
    ran = up(
        "submit",
        catalog,
        *("--map", "id=Handle", "--map", "image=Photo URL", "--name", "spring", "--priority", "high"),
        *("--instruction", "make the background {Colour}", "--wait"),
    )
    status = up.json("status", ran.last)
    assert (status["name"], status["counts"]["succeeded"]) == ("spring", 2)
    folder = up.results(ran.last)
    assert [row["Photo URL"] for row in desk.read(folder / "results.csv")] == ["shoe.png", "bags/bag.jpg"]
    with Image.open(folder / "h1.png") as picture:
        red, green, blue = picture.getpixel((2, 2))
    assert blue > red
    assert blue > green


def test_jsonl_variants_formats_and_sizes(up, desk, shop):
    rows = [
        {"id": "jpg", "image": "shoe.png", "instruction": "make it brighter", "output": "jpeg"},
        {"id": "webp", "image": "shoe.png", "instruction": "make it brighter", "output": "webp"},
        {"id": "big", "image": "shoe.png", "instruction": "make it brighter", "size": "192x128"},
        {"id": "two", "image": "bags/bag.jpg", "instruction": "make it brighter", "variants": 2},
    ]
    catalog = shop / "rows.jsonl"
    catalog.write_text("".join(json.dumps(row) + "\n" for row in rows))
    job = up("submit", catalog, "--wait").last
    folder = up.results(job)
    shown = {}
    for row in desk.read(folder / "results.csv"):
        with Image.open(folder / row["qie_output"]) as picture:
            shown[row["qie_output"]] = (picture.format, *picture.size)
    assert shown == {
        "jpg.jpg": ("JPEG", 96, 64),
        "webp.webp": ("WEBP", 96, 64),
        "big.png": ("PNG", 192, 128),
        "two.jpg": ("JPEG", 96, 64),
        "two-2.jpg": ("JPEG", 96, 64),
    }


def test_pictures_and_catalogs_may_lie_in_s3(up, desk, shop):
    bucket, s3 = up.config["s3_bucket"], up.s3
    s3.upload_file(str(shop / "shoe.png"), bucket, "shop/photos/shoe.png")
    rows = [
        ("relative", "photos/shoe.png", "make it vintage"),
        ("whole", f"s3://{bucket}/shop/photos/shoe.png", "make it warmer"),
    ]
    catalog = desk.write(shop / "s3.csv", rows)
    s3.upload_file(str(catalog), bucket, "shop/catalog.csv")
    ran = up("submit", f"s3://{bucket}/shop/catalog.csv", "--wait")
    assert up.json("status", ran.last)["counts"]["succeeded"] == 2
    assert "there is no catalog at" in up("submit", f"s3://{bucket}/shop/nothing.csv", code=2).err


def test_where_the_time_of_a_job_went_is_a_table(up, desk, shop):
    ran = up("submit", desk.write(shop / "timed.csv", [("t", "shoe.png", "make it a bit cooler")]), "--wait")
    timing = up.json("status", ran.last, "--timing")
    names = [phase["phase"] for phase in timing["phases"]]
    assert names == ["fetch", "decode", "wait", "paint", "check", "encode", "put"]
    assert sum(phase["share"] for phase in timing["phases"]) == pytest.approx(1.0, abs=0.001)
    shown = up("status", ran.last, "--timing").out.splitlines()
    assert shown[0].split() == ["phase", "attempts", "total", "share", "p50", "p95"]
    assert len(shown) == 1 + len(names)
    assert "--timing is of one job" in up("status", "--timing", code=2).err


def test_cost_is_shown_by_day_sku_engine_and_device(up, shop):
    assert shop
    for by in ("day", "sku", "engine", "device"):
        shown = up("cost", "--by", by).out.splitlines()
        assert shown[0].split() == [by, "items", "seconds", "spent", "saved", "lost"]
        assert shown[-1].startswith("total")


def test_doctor_finds_everything_well(up):
    checks = up.json("doctor")
    assert list(checks) == ["ledger", "broker", "store", "engine", "cutout", "prices", "disk"]
    assert all(check["ok"] for check in checks.values()), checks
    secrets = [up.config[name] for name in ("s3_secret_key", "flower_password")]
    secrets.append(up.config["broker_url"].partition(":")[2].partition("@")[0].lstrip("/:"))
    assert not any(secret in str(checks) for secret in secrets)


def test_doctor_says_which_service_is_down_and_what_to_do(up):
    lines = up("doctor", code=3, env={"QIE_S3_ENDPOINT": "http://127.0.0.1:1"}).out.splitlines()
    (bad,) = [line for line in lines if not line.startswith("ok ")]
    assert bad.startswith("BAD  store")
    assert "Check that http://127.0.0.1:1 is up" in bad


@pytest.mark.parametrize(
    ("command", "name", "address"),
    [
        ("status", "QIE_LEDGER_URL", "postgresql+psycopg://u:geh@eim@127.0.0.1:1/db"),
        ("doctor", "QIE_LEDGER_URL", "postgresql+nodriver://u:geheim@127.0.0.1/db"),
        ("worker", "QIE_BROKER_URL", "redis://:geh/eim@127.0.0.1:1/0"),
        ("control", "QIE_BROKER_URL", "foo://:geheim@127.0.0.1/0"),
        ("flower", "QIE_BROKER_URL", "redis://127.0.0.1/0?password=geheim"),
    ],
)
def test_an_address_that_cannot_be_one_is_a_sentence_without_it(command, name, address, stranger):
    ran = stranger(command, code=2, env={name: address})
    problem, advice = ran.err.splitlines()
    assert problem.startswith(f"qie-batch: {name} ")
    assert advice
    assert "eim" not in ran.out + ran.err
    assert "127.0.0.1" not in ran.out + ran.err


def test_doctor_shows_no_value_behind_a_question_mark(up):
    ran = up("doctor", code=3, env={"QIE_BROKER_URL": "rediss://:geheim@127.0.0.1:1?ssl_certfile=geheim"})
    assert "BAD  broker  the broker rediss://****@127.0.0.1:1?ssl_certfile=**** did not answer" in ran.out
    assert "geheim" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        ("json.tool", "the module 'json.tool' is no engine"),
        ("json.nothing", "there is no engine 'json.nothing'"),
        ("..", "the engine '..' cannot be imported: TypeError"),
        ("broken.syntax", "the engine 'broken.syntax' cannot be imported: SyntaxError"),
        ("broken.leaves", "the engine 'broken.leaves' cannot be imported: SystemExit: 7"),
        ("broken.needy", "the engine 'broken.needy' needs no_such_package, which is not installed"),
    ],
)
def test_a_module_that_is_no_engine_is_a_sentence(engine, says, stranger):
    package = stranger.home / "broken"
    package.mkdir()
    sources = {"syntax": "def", "leaves": "import sys; sys.exit(7)", "needy": "import no_such_package"}
    for name, source in sources.items():
        (package / f"{name}.py").write_text(source)
    said = stranger("worker", code=2, env={"QIE_ENGINE": engine, "PYTHONPATH": str(stranger.home)}).err
    assert said.startswith(f"qie-batch: {says}")


def test_a_config_file_that_is_no_toml_is_a_sentence(stranger):
    (stranger.home / "config.toml").write_text("slots = 3\nengine\n")
    said = stranger("--dir", stranger.home, "status", code=2).err
    assert f"{stranger.home}/config.toml is not valid TOML" in said
    assert "at line 2" in said


def test_db_shows_its_schema(up):
    words = up("db", "current").out.strip().split()
    assert words[4].rstrip(",") == words[-1]
    assert up("db", "upgrade").out.strip().endswith(words[-1])


def test_a_schedule_can_be_run_by_hand(up, desk, shop):
    catalog = desk.write(shop / "weekly.csv", [("1", "shoe.png", "make it black and white")])
    assert "schedule weekly: next at" in up("schedule", "add", "weekly", catalog, "--cron", "0 3 * * 1").out
    assert "already" in up("schedule", "add", "weekly", catalog, "--cron", "0 3 * * 1", code=2).err
    job = up("schedule", "run", "weekly").last
    assert up.wait(job)["counts"]["succeeded"] == 1
    assert job in up("schedule", "list").out
    up("schedule", "remove", "weekly")
    assert "weekly" not in [entry["name"] for entry in up.json("schedule", "list")]
    assert up.json("status", job)["state"] == "closed"


@pytest.mark.slow
def test_a_schedule_whose_engine_is_none_says_so(up, desk, shop):
    catalog = desk.write(shop / "engine.csv", [("1", "shoe.png", "make it black and white")])
    up("schedule", "add", "odd", catalog, "--cron", "0 3 * * 1", "--engine", "json.tool")
    assert "the module 'json.tool' is no engine" in up("schedule", "run", "odd", code=2).err
    up("schedule", "remove", "odd")


def test_a_schedule_fires_by_itself(up, nightly, desk):
    name, added = nightly

    def fired():
        (entry,) = [entry for entry in up.json("schedule", "list") if entry["name"] == name]
        return [slot for slot in entry["slots"] if slot["state"] == "submitted"]

    left = max(added + 75 - time.monotonic(), 1)
    slot = desk.until(fired, left, f"schedule {name} to fire", pause=1.0)[-1]
    assert slot["due_at"] % 60 == 0
    assert up.wait(slot["job"])["counts"]["succeeded"] == 1
    up("schedule", "remove", name)
