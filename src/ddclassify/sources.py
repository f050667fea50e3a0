"""What paths, folders and patterns stand for: the files to read, and those that are passed over."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .formats.datasetfolder import SUFFIX as DATASET
from .formats.datasetfolder import is_dataset_folder
from .formats.kinds import KINDS, PACKED, kind_of

STDIN = "-"
NO_FILE = "pipe or socket"
"""What `Sources.skipped` says of a name in a folder behind which no file lies."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that paths, folders and patterns stand for.

    Attributes:
        files: in the order named, each once; those of folders in the order of their names. A folder that is itself
            one dataset ends with a slash.
        skipped: the suffix of each file in folders whose kind is not read.
        sizes: bytes of each of `files`, 0 for standard input.
    """

    files: tuple[str, ...]
    skipped: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes in all, standard input not counted."""
        return sum(self.sizes)


@dataclass(frozen=True, slots=True)
class _Found:
    """A file, and the path of the same file without links, by which two names of it are known to be one."""

    name: str
    real: str
    size: int


def find_sources(paths: Iterable[str]) -> Sources:
    """Expand folders and glob patterns.

    Raises:
        InputError: a path does not exist, a pattern matches nothing, a folder cannot be read, or a file named by
            itself is of a kind not read.
    """
    files: dict[str, _Found] = {}
    skipped: list[str] = []
    for path in paths:
        if path == STDIN:
            files[path] = _Found(path, path, 0)
            continue
        try:
            for found in _expand(path, skipped):
                files.setdefault(found.real, found)
        except OSError as error:
            raise InputError(f"{_short(error.filename or path)}: {error.strerror}") from None
    if not files:
        raise InputError(f"nothing to read there; {_kinds()}")
    return Sources(
        tuple(found.name for found in files.values()),
        tuple(sorted(skipped)),
        tuple(found.size for found in files.values()),
    )


def _expand(path: str, skipped: list[str]) -> Iterator[_Found]:
    """The readable files that a path, folder or pattern stands for; suffixes of others in its folders are noted."""
    named = os.path.lexists(path)
    matches = [path] if named else sorted(glob.glob(path, recursive=True))  # noqa: PTH207
    if not matches:
        raise InputError(f"{_short(path)}: no such file or folder")
    parents: dict[str, str] = {}
    for match in matches:
        try:
            status = os.stat(match)  # noqa: PTH116
        except FileNotFoundError:
            status = os.lstat(match)
        if stat.S_ISDIR(status.st_mode):
            yield from sorted(_walk(match, skipped), key=lambda found: found.name)
        elif kind_of(match)[0] not in KINDS:
            raise InputError(f"{match}: cannot read {Path(match).suffix or 'files without a suffix'}; {_kinds()}")
        elif not named and not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
            skipped.append(NO_FILE)
        else:
            yield _Found(match, _real(match, parents), 0 if stat.S_ISLNK(status.st_mode) else status.st_size)


def _real(path: str, parents: dict[str, str]) -> str:
    """As os.path.realpath, with the folders' kept."""
    if os.path.islink(path):  # noqa: PTH114
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    if folder not in parents:
        parents[folder] = os.path.realpath(folder)
    return os.path.join(parents[folder], name)  # noqa: PTH118


def _walk(top: str, skipped: list[str]) -> Iterator[_Found]:
    """The readable files under a folder, in no order; links to folders are not followed."""
    # Below a real folder nothing but links can lead elsewhere, so no other name needs resolving.
    folders = [(_inside(top), _inside(os.path.realpath(top)))]
    while folders:
        shown, real = folders.pop()
        with os.scandir(shown or ".") as scanned:
            entries = list(scanned)
        if is_dataset_folder({entry.name for entry in entries if entry.name.endswith(".json")}):
            yield _Found(shown or "./", real, _size_below(shown or "."))
            continue
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append((f"{shown}{name}/", f"{real}{name}/"))
                continue
            link = entry.is_symlink()
            suffix = kind_of(name)[0]
            try:
                status = entry.stat()
            except OSError:  # a link to nowhere, or a file just removed: reading it will say so
                status = None
            if status is not None and stat.S_ISDIR(status.st_mode):
                continue
            if suffix not in KINDS:
                skipped.append(suffix)
            elif status is not None and not stat.S_ISREG(status.st_mode):
                skipped.append(NO_FILE)
            else:
                path = f"{shown}{name}"
                yield _Found(path, os.path.realpath(path) if link else f"{real}{name}", status.st_size if status else 0)


def _size_below(folder: str) -> int:
    """Bytes of all files in a folder and those in it."""
    sizes = 0
    for root, _, names in os.walk(folder):
        sizes += sum(_size(Path(root, name)) for name in names)
    return sizes


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _inside(folder: str) -> str:
    """What stands before the names of a folder's files."""
    return Path(folder, "x").as_posix()[:-1]


def _kinds() -> str:
    suffixes = ", ".join(sorted(suffix for suffix in KINDS if suffix != DATASET))
    return f"ddclassify reads {suffixes} ({', '.join(PACKED)} after most) and folders of Hugging Face datasets"


def _short(path: str) -> str:
    return path if len(path) <= 200 else path[:197] + "..."
