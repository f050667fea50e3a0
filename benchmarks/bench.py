"""Compare ddclassify with peers that do the same work: `python -m benchmarks.bench`, or `make bench`.

Every part runs its contestants one after the other, round by round, so that what slows the machine for a while slows
them alike. Results of an earlier run on the same machine stay for the parts that are not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .contestants import PEERS, ROOT, Call, Ours, Theirs
from .figures import OURS
from .machine import machine, revision, usable_cores, versions
from .measure import RunError, first_answer, run
from .report import write_report
from .texts import Texts, gather, repeat, sample

PARTS = ("speed", "accurate", "cold", "memory", "cores", "quality")
WITHOUT_PEERS = {"memory", "cores"}
SENTENCE = "The naval attaché of Peru called on the minister of defence."
LIBRARIES = ("ddclassify", "spacy", "numpy", "onnxruntime", "tokenizers")


@dataclass
class Bench:
    """What the parts need.

    Attributes:
        texts: what is tagged.
        scratch: a folder for what is written on the way.
        peers: those that can run.
        rounds: how often each contestant runs.
        failures: contestant -> why it did not run to its end.
    """

    texts: Texts
    scratch: Path
    peers: dict[str, Theirs]
    rounds: int
    sample_size: int
    memory_sizes: tuple[int, ...]
    cores_size: int
    annotations: Path
    real_rows: Path | None
    failures: dict[str, str] = field(default_factory=dict)

    def speed(self) -> dict[str, Any]:
        """Files to rows, the fast tier and its peers."""
        return self._from_files_to_rows("fast", self.texts)

    def accurate(self) -> dict[str, Any]:
        """Files to rows on a sample, the accurate tier and its peers."""
        part = sample(self.texts, self.sample_size, self.scratch / "sample.jsonl")
        return self._from_files_to_rows("accurate", part)

    def cold(self) -> dict[str, Any]:
        """From the start of a process to what it says of one sentence."""
        calls = {f"{OURS} {tier}": Ours().first(tier, SENTENCE) for tier in ("fast", "accurate")}
        calls |= {name: peer.first(SENTENCE) for name, peer in self.peers.items()}
        return {
            "seconds": self._interleaved(
                calls, lambda _, call: first_answer(call.command, call.environment, _one_core())
            )
        }

    def memory(self) -> dict[str, Any]:
        """Peak memory of the fast tier on ever more text."""
        points = []
        for size in self.memory_sizes:
            texts = repeat(self.texts, size, self.scratch / "memory.jsonl")
            call = Ours().tag("fast", texts.path, os.devnull)
            _say(f"memory: {texts.size / 1e6:.0f} MB")
            found = run(call.command, call.environment, _one_core())
            points.append({"size": texts.size, **asdict(found)})
        return {"points": points}

    def cores(self) -> dict[str, Any]:
        """The fast tier with more and more jobs, on all cores."""
        texts = repeat(self.texts, self.cores_size, self.scratch / "cores.jsonl")
        calls = {
            str(jobs): Ours().tag("fast", texts.path, str(self.scratch / "cores-rows.jsonl"), "--jobs", str(jobs))
            for jobs in range(1, len(usable_cores()) + 1)
        }
        runs = self._interleaved(calls, lambda _, call: asdict(run(call.command, call.environment, None)))
        return {"size": texts.size, "runs": runs}

    def quality(self) -> dict[str, Any]:
        """Macro-F1 and average precision on real sentences that were never trained on, or on the test split."""
        from .quality import quality_of_peer, quality_of_tier

        dev = self.annotations / "dev.jsonl"
        rows = self.real_rows or self.annotations / "test.jsonl"
        found = {f"{OURS} {tier}": quality_of_tier(tier, dev, rows) for tier in ("fast", "accurate")}
        for name, peer in self.peers.items():
            _say(f"quality: {name}")
            scores = []
            try:
                for file in (dev, rows):
                    scores.append(self.scratch / f"{name}-{file.stem}.scores")
                    call = peer.score(file, scores[-1])
                    run(call.command, call.environment, None)
            except RunError as error:
                self._fail(name, error)
                continue
            found[name] = quality_of_peer(scores[0], dev, scores[1], rows)
        return {"on": "real sentences" if self.real_rows else "the corpus's test split", "figures": found}

    def _from_files_to_rows(self, tier: str, texts: Texts) -> dict[str, Any]:
        output = self.scratch / "rows.jsonl"
        calls = {OURS: Ours().tag(tier, texts.path, str(output))}
        calls |= {
            name: peer.tag(texts.path, str(output)) for name, peer in self.peers.items() if peer.peer.tier == tier
        }

        def measured(name: str, call: Call) -> dict[str, float]:
            output.unlink(missing_ok=True)
            found = asdict(run(call.command, call.environment, _one_core()))
            with output.open("rb") as file:
                found["rows"] = sum(1 for _ in file)
            _say(f"{tier}: {name}: wall {found['wall']:.2f} s, cpu {found['cpu']:.2f} s, {found['rows']:,} rows")
            return found

        runs = self._interleaved(calls, measured)
        return {"texts": texts.what, "documents": texts.documents, "size": texts.size, "runs": runs}

    def _interleaved(self, calls: Mapping[str, Call], measure: Callable[[str, Call], Any]) -> dict[str, list[Any]]:
        """Measure all in turn, round by round; each round begins one further on. Those that fail drop out."""
        found: dict[str, list[Any]] = {name: [] for name in calls}
        for turn in range(self.rounds):
            names = list(calls)
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                if name in found:
                    try:
                        found[name].append(measure(name, calls[name]))
                    except RunError as error:
                        self._fail(name, error)
                        del found[name]
        return found

    def _fail(self, name: str, error: RunError) -> None:
        self.failures[name] = str(error)
        _say(f"{name} failed: {error}")


def train_peers(
    pythons: Mapping[bool, Path], cache: Path, annotations: Path
) -> tuple[dict[str, Theirs], dict[str, str]]:
    """Let each peer learn from the train split, unless it has.

    Args:
        pythons: the interpreters of the environments without torch (False) and with it (True).
        cache: where what they learn is kept.
        annotations: the corpus.

    Returns:
        The peers that can run, and why the others cannot, by name.
    """
    ready: dict[str, Theirs] = {}
    failures: dict[str, str] = {}
    for peer in PEERS:
        theirs = Theirs(peer, pythons[peer.torch], cache, annotations / "train.jsonl")
        if not theirs.folder.is_dir():
            _say(f"training {peer.name}")
            unfinished = theirs.folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            call = theirs.train(unfinished)
            try:
                run(call.command, call.environment, None)
            except RunError as error:
                failures[peer.name] = str(error)
                _say(f"{peer.name} failed: {error}")
                continue
            unfinished.rename(theirs.folder)
        ready[peer.name] = theirs
    return ready, failures


def main() -> int:
    """Run the parts that were asked for and write the report."""
    arguments = _parser().parse_args()
    real = Path(arguments.real) if arguments.real else None
    if real is not None and not (real / "real-docs").is_dir():
        print(
            f"error: {real}: has no folder real-docs; leave --real and DDCLASSIFY_REAL_DATA out to run on the corpus",
            file=sys.stderr,
        )
        return 2
    real_rows = real / "real-dev" / "sentences.jsonl" if real else None
    pythons = {False: Path(arguments.peers_python), True: Path(arguments.torch_python)}
    annotations = ROOT / "annotations"
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        texts = gather(real, annotations, scratch / "texts")
        _say(f"{texts.documents:,} documents, {texts.size / 1e6:.1f} MB: {texts.what}")
        peers: dict[str, Theirs] = {}
        failures: dict[str, str] = {}
        if not WITHOUT_PEERS.issuperset(arguments.parts):
            peers, failures = train_peers(pythons, Path(arguments.cache), annotations)
        bench = Bench(
            texts=texts,
            scratch=scratch,
            peers=peers,
            rounds=arguments.rounds,
            sample_size=arguments.sample * 1000,
            memory_sizes=tuple(size * 1_000_000 for size in arguments.memory_sizes),
            cores_size=arguments.cores_size * 1_000_000,
            annotations=annotations,
            real_rows=real_rows if real_rows and real_rows.is_file() else None,
        )
        output = Path(arguments.output)
        results = _earlier(output / "bench.json")
        for part in PARTS:
            if part not in arguments.parts:
                continue
            bench.failures = {} if part in WITHOUT_PEERS else dict(failures)
            try:
                found = getattr(bench, part)()
            except RunError as error:
                bench.failures[OURS] = str(error)
                _say(f"{part} failed: {error}")
                found = {}
            results[part] = {
                **found,
                "failures": bench.failures,
                "date": datetime.now(UTC).date().isoformat(),
                "revision": revision(),
                "versions": _versions(pythons),
            }
            output.mkdir(parents=True, exist_ok=True)
            (output / "bench.json").write_text(
                json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    print(write_report(results, output))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument(
        "--real",
        metavar="FOLDER",
        default=os.environ.get("DDCLASSIFY_REAL_DATA"),
        help="holds real-docs/ and real-dev/ (default: DDCLASSIFY_REAL_DATA; without: the corpus's text)",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--peers-python", metavar="PATH", default=str(ROOT / ".venv-peers/bin/python"))
    parser.add_argument("--torch-python", metavar="PATH", default=str(ROOT / ".venv-peers-torch/bin/python"))
    parser.add_argument(
        "--cache", metavar="FOLDER", default=str(ROOT / "benchmarks/cache"), help="what the peers learned"
    )
    parser.add_argument("--output", metavar="FOLDER", default=str(ROOT / "benchmarks/results"))
    parser.add_argument("--sample", type=int, default=500, metavar="KB", help="text for the accurate tier and its peer")
    parser.add_argument("--memory-sizes", type=int, nargs="+", default=(20, 100, 400), metavar="MB")
    parser.add_argument("--cores-size", type=int, default=200, metavar="MB")
    return parser


def _earlier(file: Path) -> dict[str, Any]:
    """Results that were written before on this machine, else none."""
    here = machine()
    if file.is_file():
        results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if results["machine"] == here:
            return results
    return {"machine": here}


def _versions(pythons: Mapping[bool, Path]) -> dict[str, str]:
    ours = versions(sys.executable, LIBRARIES)
    theirs = {
        name: version
        for torch, python in pythons.items()
        for name, version in versions(
            python, {name for peer in PEERS if peer.torch == torch for name in peer.libraries}
        ).items()
        if name != "python"
    }
    return {**theirs, **ours}


def _one_core() -> list[int]:
    return [usable_cores()[-1]]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
