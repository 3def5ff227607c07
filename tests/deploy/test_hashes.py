"""What the images are installed from: in step with constraints.txt, complete, and each file with its hash."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "requirements"
PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)
#: By file: the minor version of Python, and the extras that its image has.
IMAGES = {
    "control": ("3.11", ("gateway", "postgres", "cutout", "text", "tracing", "triton", "notify", "c2pa")),
    "worker": ("3.12", ("gpu", "postgres", "text", "tracing", "triton")),
}
FILES = ("build", "control", "torch", "worker")
#: What torch's CUDA wheel brings, and what no image has: constraints.txt is for machines without a card.
ONLY_HERE = re.compile(r"nvidia-|cuda-|triton$|setuptools$|async-timeout$|colorama$|httpx2-jsfetch$")


def pins(path):
    """Version and marker by canonical name."""
    return {
        canonicalize_name(name): (version, marker.strip())
        for name, version, marker in PIN.findall(path.read_text())
    }


CONSTRAINTS = pins(ROOT / "constraints.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("name", FILES)
def test_every_pin_is_that_of_the_constraints_and_has_hashes(name):
    text = (FOLDER / f"{name}.txt").read_text()
    found = pins(FOLDER / f"{name}.txt")
    strangers = [pin for pin in found if pin not in CONSTRAINTS and not ONLY_HERE.match(pin)]
    assert not strangers, "name them in constraints.txt, then make hashes"
    others = {pin for pin, (version, _) in found.items() if CONSTRAINTS.get(pin, (version,))[0] != version}
    assert not others, "make hashes"
    entries = re.split(r"^(?=\w)", text.replace(" \\\n", " "), flags=re.MULTILINE)[1:]
    assert len(entries) == len(found)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


@pytest.mark.parametrize("name", IMAGES)
def test_every_requirement_of_an_image_is_pinned(name):
    """Found by what is installed here: a version that needs another package needs it there, too."""
    python, extras = IMAGES[name]
    found = pins(FOLDER / f"{name}.txt")
    optional = PROJECT["optional-dependencies"]
    wanted = [Requirement(line) for line in PROJECT["dependencies"]]
    wanted += [Requirement(line) for extra in extras for line in optional[extra]]
    seen = set()
    while wanted:
        requirement = wanted.pop()
        package = canonicalize_name(requirement.name)
        if (package, extra := tuple(sorted(requirement.extras))) in seen:
            continue
        seen.add((package, extra))
        assert package in found, f"{requirement}: make hashes"
        assert requirement.specifier.contains(found[package][0], prereleases=True), "make hashes"
        wanted += needs(package, extra, python)
    assert "botocore" in {package for package, _ in seen}


def needs(package, extras, python):
    """What an installed package needs in an image, on either architecture."""
    try:
        lines = distribution(package).requires or ()
    except PackageNotFoundError:
        return
    here = default_environment() | {"python_version": python, "python_full_version": f"{python}.20"}
    for line in lines:
        requirement = Requirement(line)
        for machine in ("x86_64", "aarch64"):
            for extra in ("", *extras):
                there = here | {"platform_machine": machine, "extra": extra}
                if requirement.marker is None or requirement.marker.evaluate(there):
                    yield requirement


def test_the_card_of_the_worker_image_has_the_wheels_of_its_torch():
    worker, torch = pins(FOLDER / "worker.txt"), pins(FOLDER / "torch.txt")
    assert torch.items() <= worker.items()
    assert {"torch", "nvidia-cublas", "nvidia-cudnn-cu13", "triton"} <= set(torch)


def test_the_images_are_installed_by_hash_alone():
    dockerfile = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    installs = re.findall(r"pip install ([^&\n]+)", dockerfile)
    own = [words for words in installs if words.split()[-1] == "/dist/*.whl"]
    assert all("--no-index --no-deps" in words for words in own)
    fetched = [words for words in installs if words not in own]
    assert all("--require-hashes" in words and "--only-binary :all:" in words for words in fetched)
    named = re.findall(r"source=deploy/requirements/(\w+)\.txt", dockerfile)
    assert sorted(named) == sorted(FILES) == sorted(path.stem for path in FOLDER.iterdir())


def test_make_hashes_resolves_the_extras_of_each_image():
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    for name, (python, extras) in IMAGES.items():
        line = next(line for line in makefile.splitlines() if f"requirements/{name}.txt pyproject" in line)
        assert f"--python-version {python} $(addprefix --extra ,{' '.join(extras)})" in line
