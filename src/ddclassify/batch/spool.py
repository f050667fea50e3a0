"""Rows on their way to a file, with a journal from which an interrupted run goes on.

    OUTPUT.partial           the rows so far, JSONL, whole batches
    OUTPUT.partial.journal   first what the run was asked, then a line a batch: the place in the inputs behind it, the
                             length of the rows up to it, the hash of its rows, and what was counted
    OUTPUT.partial.export    the output being made of the rows, where it is not plain JSONL

OUTPUT appears under its name only when it is whole. A run may die at any moment: rows behind the last line of the
journal, and rows that are not those it speaks of, are cut off and made again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from io import FileIO
from pathlib import Path
from typing import Any

from ..errors import InputError, OutputError
from ..reading import Position
from ..writing import EXPORT, JOURNAL, PARTIAL, write_errors
from .tagging import Counts, TaggedBatch, merge_columns

Export = Callable[[Path, Path, "Progress"], None]
"""Makes an output (second) of the rows in a file (first) once the run is complete (third)."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        position: the place in the inputs; None: nothing was done.
        length: bytes of the rows.
        counts: of everything before.
        columns: kinds of the metadata fields of the rows, in the order in which they came.
        complete: all inputs are done.
    """

    position: Position | None = None
    length: int = 0
    counts: Counts = field(default_factory=Counts)
    columns: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    def after(self, line: Mapping[str, Any]) -> Progress:
        """How far it has come by a line of the journal."""
        if "complete" in line:
            return replace(self, complete=True)
        columns = self.columns | line.get("columns", {})
        return Progress(Position(*line["position"]), line["length"], Counts(**line["counts"]), columns)


class Spool:
    """The rows of a run, in a file beside its output.

    Args:
        output: the file that the run makes.
        run: what decides the rows, name by name; None: the inputs cannot be read twice, so no journal is kept.
        resume: go on from an interrupted run, if there is one.
        restart: throw an interrupted run away.

    Attributes:
        progress: how far the run has come.
        resumed: whether there was an interrupted run to go on from.
        resumable: whether this run can be gone on with.

    Raises:
        OutputError: the files cannot be written, another run is writing them, or an interrupted run lies there and
            nobody said what to do with it.
        InputError: the interrupted run was asked something else.
    """

    def __init__(
        self, output: str, run: Mapping[str, Any] | None, *, resume: bool = False, restart: bool = False
    ) -> None:
        self._output = output
        self._target = Path(output).resolve()
        self._partial, self._journal_path, self._export = spool_files(output)
        self._rows: FileIO | None = None
        self._journal: FileIO | None = None
        self.progress = Progress()
        self.resumable = run is not None
        self.resumed = False
        try:
            with write_errors(output):
                self._open(run, resume=resume, restart=restart)
        except BaseException:
            self.close()
            raise

    def _open(self, run: Mapping[str, Any] | None, *, resume: bool, restart: bool) -> None:
        if self._target.is_dir():
            raise IsADirectoryError(21, "is a folder")
        if run is not None:
            self._journal = self._journal_path.open("ab", buffering=0)
            _lock(self._journal, self._output)
        journal = _read_journal(self._journal_path)
        if not (resume or restart) and self._partial.exists() and any("length" in line for line, _ in journal):
            raise OutputError(
                f"{self._output}: an interrupted run lies there: --resume goes on with it, --restart starts anew"
            )
        if resume and run is not None and len(journal) > 1:
            _check_run(self._output, journal[0][0]["run"], json.loads(json.dumps(run)))
            self.resumed = True
            self._go_on(journal)
        else:
            self._begin(run)

    def _begin(self, run: Mapping[str, Any] | None) -> None:
        self._rows = self._partial.open("wb", buffering=0)
        if self._journal is None:
            self._journal_path.unlink(missing_ok=True)
        else:
            self._journal.truncate(0)
            self._note({"run": run})

    def _go_on(self, journal: list[tuple[dict[str, Any], int]]) -> None:
        if "complete" in journal[-1][0] and not self._partial.exists() and self._target.exists():
            # The run died after its output had its name.
            for line, _ in journal[1:]:
                self.progress = self.progress.after(line)
            return
        self._rows = self._partial.open("ab", buffering=0)
        self.progress, end = _intact(journal, self._partial)
        self._rows.truncate(self.progress.length)
        if self._journal is not None:
            self._journal.truncate(end)

    @property
    def partial(self) -> Path:
        """The file with the rows so far."""
        return self._partial

    def append(self, tagged: TaggedBatch) -> None:
        """Add a batch's rows; when this returns they outlive the process.

        Raises:
            OutputError: they cannot be written, for want of room perhaps; what was added before stays.
        """
        if self._rows is None:
            raise ValueError("the spool is closed")
        columns = dict(self.progress.columns)
        merge_columns(columns, tagged.columns)
        new = {name: kind for name, kind in columns.items() if self.progress.columns.get(name) != kind}
        with write_errors(self._output, self._advice()):
            _write(self._rows, tagged.rows)
            if tagged.stopped is not None:
                return
            line = {
                "position": [tagged.after.file, tagged.after.item, tagged.after.bytes],
                "length": self.progress.length + len(tagged.rows),
                "crc32": zlib.crc32(tagged.rows),
                "counts": asdict(self.progress.counts + tagged.counts),
                "columns": new,
            }
            self._note(line)
            self.progress = self.progress.after(line)

    def finish(self, export: Export | None) -> None:
        """Put the output under its name and remove what led to it.

        Args:
            export: makes the output of the rows; None: they are it.

        Raises:
            OutputError: it cannot be written; the rows stay.
        """
        with write_errors(self._output, self._advice()):
            if not self.progress.complete:
                self._note({"complete": True})
            if self._rows is not None:
                self._rows.close()
            if export is None:
                if self._partial.exists():
                    self._partial.replace(self._target)
            elif self._partial.exists():
                export(self._partial, self._export, self.progress)
                self._export.replace(self._target)
                self._partial.unlink()
            self.close()
            self._journal_path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files; what was added stays, and where nothing was no file does."""
        unfinished = self._rows is not None and not self._rows.closed
        empty = unfinished and self.progress.position is None and not self._partial.stat().st_size
        for file in (self._rows, self._journal):
            if file is not None:
                file.close()
        if empty:
            self._partial.unlink(missing_ok=True)
            self._journal_path.unlink(missing_ok=True)

    def _note(self, line: Mapping[str, Any]) -> None:
        if self._journal is not None:
            _write(self._journal, json.dumps(line).encode() + b"\n")

    def _advice(self) -> str:
        if not self.resumable:
            return f"; the rows so far are in {self._partial.name}"
        return "; what was done is kept: the same command with --resume goes on once there is room"


def spool_files(output: str) -> tuple[Path, Path, Path]:
    """Where rows, journal and export of an output lie."""
    target = Path(output).resolve()
    partial = target.with_name(target.name + PARTIAL)
    return partial, partial.with_name(partial.name + JOURNAL), partial.with_name(partial.name + EXPORT)


def input_hash(files: Iterator[tuple[str, int, int]]) -> str:
    """One hash of names, sizes and times of change."""
    digest = hashlib.sha256()
    for name, size, changed in files:
        digest.update(f"{name}\0{size}\0{changed}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def is_finished(output: str) -> bool:
    """Whether an output is whole and no run left anything beside it."""
    partial, journal, _ = spool_files(output)
    return Path(output).is_file() and not partial.exists() and not journal.exists()


def _read_journal(path: Path) -> list[tuple[dict[str, Any], int]]:
    """Its whole lines, each with the byte at which it ends; the last may have been cut when the process died."""
    lines: list[tuple[dict[str, Any], int]] = []
    end = 0
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        end += len(line)
        try:
            value = json.loads(line)
        except ValueError:
            break
        if not line.endswith(b"\n") or not isinstance(value, dict):
            break
        lines.append((value, end))
    return lines if lines and "run" in lines[0][0] else []


def _check_run(output: str, before: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    different = [name for name in {**before, **run} if before.get(name) != run.get(name)]
    if not different:
        return
    told = []
    for name in different:
        old, new = before.get(name), run.get(name)
        short = isinstance(old, str | int | bool | None) and isinstance(new, str | int | bool | None)
        told.append(f"{name} (then {old!r}, now {new!r})" if short and name != "input files" else name)
    raise InputError(
        f"{output}: the interrupted run cannot go on, these differ: {', '.join(told)}; "
        "give the same arguments and inputs, or --restart"
    )


def _intact(journal: list[tuple[dict[str, Any], int]], partial: Path) -> tuple[Progress, int]:
    """How far the rows bear out the journal, and the byte of the journal at which that ends."""
    progress = Progress()
    end = journal[0][1]
    with partial.open("rb") as rows:
        for line, line_end in journal[1:]:
            if "length" in line:
                part = rows.read(line["length"] - progress.length)
                if progress.length + len(part) != line["length"] or zlib.crc32(part) != line["crc32"]:
                    break
            progress = progress.after(line)
            end = line_end
    return progress, end


def _write(file: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _lock(journal: FileIO, output: str) -> None:
    """Keep a second run away from the files; the lock ends with the process."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"{output}: another run is writing there") from None
    except OSError:
        return  # A file system without locks.
