#!/usr/bin/env python3
"""Fetch what the course's page loads from elsewhere.

Usage: pins.py FOLDER, in the folder of the project. Pyodide comes from the
npm registry and the wheels come from the package index. Each file must have
the integrity that is pinned in course/web/pins.js.
"""
import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple

WEB = Path(__file__).resolve().parent.parent / "course" / "web"
PIN = re.compile(r'name: "(.*)",\s+url:([^,]*),\s+size: (\d+),'
                 r'\s+integrity:\s+"(.*)",')
CONSTANT = re.compile(r'(?m)^const (\w+) = "(.*)";$')
# Any Python may fetch the wheels that are for all of them.
FOR_ALL = ["--no-deps", "--only-binary=:all:", "--platform=any",
           "--implementation=py", "--abi=none", "--python-version=3.14"]


class Pin(NamedTuple):
    """A file that the page loads, as the page says it."""

    name: str
    url: str
    size: int
    integrity: str


def pins(text: str) -> List[Pin]:
    """Return the pins in the text of pins.js."""
    constants = dict(CONSTANT.findall(text))
    return [Pin(name, joined(url, constants), int(size), integrity)
            for name, url, size, integrity in PIN.findall(text)]


def joined(url: str, constants: Dict[str, str]) -> str:
    """Return the text of an expression: strings and constants, added."""
    parts = re.findall(r'"(.*?)"|(\w+)', url)
    return "".join(string or constants[name] for string, name in parts)


def integrity(data: bytes) -> str:
    """Return the integrity of a file, as browsers compare it."""
    digest = hashlib.sha384(data).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def pyodide(pinned: Iterable[Pin]) -> str:
    """Return the package of Pyodide in the npm registry, with its version."""
    return next(found.group(1) for found in (
        re.search("/npm/(pyodide@[^/]+)/", pin.url) for pin in pinned)
        if found)


def wheels(pinned: Iterable[Pin]) -> List[str]:
    """Return the packages whose wheels are loaded, with their versions."""
    return ["==".join(pin.name.split("-")[:2]) for pin in pinned
            if pin.name.endswith(".whl")]


def fetch(pinned: List[Pin], folder: Path) -> None:
    """Put all files that are pinned into a folder."""
    with tempfile.TemporaryDirectory() as packed:
        subprocess.run(["npm", "pack", "--silent", pyodide(pinned)],
                       cwd=packed, check=True)
        for path in Path(packed).iterdir():
            unpack(path, [pin.name for pin in pinned], folder)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", *FOR_ALL,
         "-d", str(folder), *wheels(pinned)], check=True)


def unpack(archive: Path, names: List[str], folder: Path) -> None:
    """Put the files of a package that have some names into a folder."""
    with tarfile.open(str(archive)) as package:
        for member in package:
            file = package.extractfile(member)
            name = Path(member.name).name
            if file and name in names:
                (folder / name).write_bytes(file.read())


def changed(pinned: Iterable[Pin], folder: Path) -> List[str]:
    """Return what is wrong with the files in a folder."""
    return [f"{pin.name}: it is not the file that is pinned"
            for pin in pinned
            if integrity((folder / pin.name).read_bytes()) != pin.integrity
            or (folder / pin.name).stat().st_size != pin.size]


def main() -> int:
    """Fetch and compare all files; return the exit status."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    pinned = pins((WEB / "pins.js").read_text(encoding="utf-8"))
    fetch(pinned, folder)
    lines = changed(pinned, folder)
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
