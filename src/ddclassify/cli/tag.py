"""Tag files, folders or standard input, sentence by sentence."""

from __future__ import annotations

import argparse
import shlex
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from ..batch.batches import read_batches
from ..batch.run import DASK, LOCAL, tag_batches
from ..batch.spool import Progress, Spool, input_hash, is_finished
from ..batch.stream import Stream, is_stream, open_stream
from ..batch.tagging import Counts, TagSettings
from ..classifier import DEFAULT_POLICY, TIERS, default_model_path
from ..errors import InputError, ModelError
from ..export.formats import FILE_FORMATS, FORMATS, export_rows, format_of, is_plain
from ..export.layout import Layout
from ..formats.kinds import KINDS
from ..modelfolder import ModelFolder, read_model_folder
from ..reading import STDIN, ReadOptions, Sources, find_sources
from ..rows import SCHEMA
from ..writing import PARTIAL, refuse_inputs
from .progress import ProgressBar

POLICIES = ("recall", "balanced", "precision")
INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help=f"files ({_kinds()}; text and rows also .gz and .zst), a folder, a pattern, or - for stdin",
    )
    parser.add_argument("--output", metavar="FILE", help="where the rows go (default: standard output)")
    parser.add_argument(
        "--format", choices=FORMATS, help="default: by the output's name (.gz and .zst may follow), else a table"
    )
    parser.add_argument("--level", choices=("sentence", "document"), default="sentence")
    parser.add_argument("--model", metavar="DIR", help="a model folder (default: the one that came with ddclassify)")
    parser.add_argument(
        "--tier",
        choices=TIERS,
        help="fast: n-grams; accurate: with an encoder (default: accurate where it is installed)",
    )
    parser.add_argument("--policy", choices=POLICIES, default=DEFAULT_POLICY, help="which thresholds give the labels")
    parser.add_argument(
        "--sentences",
        action="store_true",
        help="each row is one sentence; a field 'context' may hold the text before it",
    )
    parser.add_argument(
        "--dedupe", action="store_true", help="the field duplicate_of names the first document that each is a copy of"
    )
    parser.add_argument("--text-field", default="text", metavar="NAME")
    parser.add_argument("--id-field", default="id", metavar="NAME")
    parser.add_argument("--encoding", default="utf-8", metavar="NAME")
    parser.add_argument(
        "--stdin-format",
        choices=[suffix[1:] for suffix, kind in KINDS.items() if kind.stream],
        default="txt",
        help="what - holds (default: txt)",
    )
    parser.add_argument(
        "--errors",
        choices=("row", "skip", "stop"),
        default="row",
        help="what a bad input costs: a row with the error (default), nothing, or the run",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="worker processes (default 1; -1: one a core; with a cluster: all of it)"
    )
    parser.add_argument(
        "--backend",
        default=LOCAL,
        metavar="NAME",
        help="where they run: loky (here), dask, ray, spark or another of joblib",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of Dask: tcp://HOST:PORT")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with an interrupted run that has this output")
    again.add_argument("--restart", action="store_true", help="throw an interrupted run away")
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")


def run(arguments: argparse.Namespace) -> int:
    """Tag and write; 1 when some inputs failed, 2 when all did."""
    _check(arguments)
    form = format_of(arguments.output, arguments.format)
    sources = find_sources(arguments.paths)
    if arguments.output:
        refuse_inputs(arguments.output, sources.files)
    options = ReadOptions(arguments.text_field, arguments.id_field, arguments.encoding, f".{arguments.stdin_format}")
    model = read_model_folder(arguments.model or default_model_path(arguments.tier))
    settings = _settings(arguments, model)
    job = _Job(arguments, sources, options, settings, model)
    if sources.skipped:
        kinds = ", ".join(sorted({kind or "no suffix" for kind in sources.skipped}))
        job.note(f"skipped {len(sources.skipped)} files of other kinds ({kinds})")
    with _terminable():
        if is_stream(arguments.output):
            return job.to_stream(form)
        return job.to_file(form)


def _kinds() -> str:
    return " ".join(suffix for suffix in KINDS if suffix.startswith("."))


def _check(arguments: argparse.Namespace) -> None:
    if arguments.sentences and arguments.level == "document":
        raise InputError("--sentences gives a row a sentence; leave out --level document")
    if arguments.jobs is not None and arguments.jobs != -1 and arguments.jobs < 1:
        raise InputError(f"--jobs {arguments.jobs}: give a number of processes, or -1 for one a core")
    if (arguments.backend == DASK) != (arguments.scheduler is not None):
        raise InputError("--backend dask and --scheduler tcp://HOST:PORT belong together")
    if is_stream(arguments.output) and (arguments.resume or arguments.restart):
        raise InputError("only a run with --output FILE can go on; leave out --resume and --restart")
    if is_stream(arguments.output) and arguments.format in FILE_FORMATS:
        raise InputError(f"--format {arguments.format} needs a file: name it with --output")


def _settings(arguments: argparse.Namespace, model: ModelFolder) -> TagSettings:
    alone = arguments.backend == LOCAL and arguments.jobs in (None, 1)
    tier = model.manifest.tier
    if arguments.tier is not None and arguments.tier != tier:
        raise ModelError(f"{model.path}: a model of tier {tier!r}, not {arguments.tier!r}")
    return TagSettings(
        model=str(model.path.resolve()) if arguments.model else None,
        tier=tier,
        version=version("ddclassify"),
        digest=model.manifest.digest(),
        policy=arguments.policy,
        level=arguments.level,
        single=arguments.sentences,
        errors=arguments.errors,
        threads=None if alone else 1,
    )


class _Job:
    """One call of the verb."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        sources: Sources,
        options: ReadOptions,
        settings: TagSettings,
        model: ModelFolder,
    ) -> None:
        self._arguments = arguments
        self._sources = sources
        self._options = options
        self._settings = settings
        self._model = model

    def note(self, text: str) -> None:
        if not self._arguments.quiet:
            print(text, file=sys.stderr)

    def to_stream(self, form: str) -> int:
        with open_stream(self._arguments.output, form) as stream:
            try:
                self._tag(stream)
            except BrokenPipeError:
                raise
            except BaseException:
                stream.finish(self._layout(stream.progress))
                raise
            stream.finish(self._layout(stream.progress))
        return self._report(stream.progress.counts)

    def to_file(self, form: str) -> int:
        arguments = self._arguments
        output: str = arguments.output
        again = all(_can_be_read_again(path) for path in self._sources.files)
        if arguments.resume and not again:
            raise InputError("what came by standard input or a pipe cannot be read again; run without --resume")
        if arguments.resume and is_finished(output):
            self.note(f"{output}: is complete; nothing is left to do")
            return 0
        run = self._fingerprint(form) if again else None
        with closing(Spool(output, run, resume=arguments.resume, restart=arguments.restart)) as spool:
            if arguments.resume and not spool.resumed:
                self.note(f"{output}: no interrupted run lies there; starting anew")
            try:
                if not spool.progress.complete:
                    self._tag(spool)
                spool.finish(None if is_plain(output, form) else self._export(output, form))
            except KeyboardInterrupt:
                print(self._interruption(spool), file=sys.stderr)
                return INTERRUPTED
        return self._report(spool.progress.counts)

    def _tag(self, sink: Spool | Stream) -> None:
        arguments = self._arguments
        start = sink.progress.position
        finder = None
        if arguments.dedupe:
            from ..duplicates import DuplicateFinder

            finder = DuplicateFinder()
        size = None if STDIN in self._sources.files else self._sources.size
        batches = read_batches(self._sources, self._options, start, finder)
        default = 1 if arguments.backend == LOCAL else None
        jobs = default if arguments.jobs is None else None if arguments.jobs == -1 else arguments.jobs
        tagged = tag_batches(
            batches, self._settings, jobs=jobs, backend=arguments.backend, scheduler=arguments.scheduler
        )
        with (
            ProgressBar(size, done=start.bytes if start else 0, quiet=arguments.quiet) as bar,
            closing(tagged),
        ):
            for batch in tagged:
                sink.append(batch)
                bar.advance(batch.after.bytes, batch.counts.sentences)
                if batch.stopped is not None:
                    raise InputError(f"{batch.stopped} (--errors skip or row goes on without it)")
                for message in batch.failures:
                    bar.error(f"error: {message}")

    def _fingerprint(self, form: str) -> dict[str, Any]:
        """What decides the rows, under the names by which a user knows it."""
        settings = self._settings
        return {
            "version of ddclassify": settings.version,
            "schema of the rows": SCHEMA,
            "model": self._model.manifest.id,
            "content of the model": settings.digest,
            "--tier": settings.tier,
            "--policy": settings.policy,
            "--level": settings.level,
            "--sentences": settings.single,
            "--dedupe": self._arguments.dedupe,
            "--format": form,
            **{f"--{name.replace('_', '-')}": value for name, value in asdict(self._options).items()},
            "input files": input_hash(_states(self._sources)),
        }

    def _layout(self, progress: Progress) -> Layout:
        return Layout(self._settings.level, self._model.taxonomy.ids, progress.columns, progress.counts.rows)

    def _export(self, output: str, form: str) -> Any:
        def export(rows: Path, target: Path, progress: Progress) -> None:
            warning = export_rows(rows, target, output, form, self._layout(progress))
            if warning:
                self.note(f"{output}: {warning}")

        return export

    def _report(self, counts: Counts) -> int:
        if counts.empty:
            self.note(f"{counts.empty:,} documents have no text and so no sentences")
        if counts.foreign:
            self.note(f"{counts.foreign:,} sentences are not English; their rows say language: other")
        if not counts.failed:
            return 0
        return 1 if counts.documents else 2

    def _interruption(self, spool: Spool) -> str:
        output = self._arguments.output
        if not spool.resumable:
            return f"interrupted; the rows so far are in {output}{PARTIAL}"
        if not spool.progress.position:
            return "interrupted; nothing was done yet"
        given = [word for word in self._arguments.command if word not in ("--restart", "--resume")]
        return f"interrupted; what was done is kept, go on with: {shlex.join(['ddclassify', *given, '--resume'])}"


def _can_be_read_again(path: str) -> bool:
    if path == STDIN:
        return False
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return True  # Reading it will say what is wrong, each time.
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _states(sources: Sources) -> Iterator[tuple[str, int, int]]:
    for path, size in zip(sources.files, sources.sizes, strict=True):
        try:
            yield path, size, Path(path).stat().st_mtime_ns
        except OSError:
            yield path, size, 0


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM interrupt as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
