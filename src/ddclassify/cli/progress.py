"""Progress on stderr, by bytes of input; off when stderr is not a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

SMOOTHING = 0.1
"""Weight of the last batch in the rate: batches differ, and the time left should not jump."""


class ProgressBar:
    """A bar that fills as batches are done, with the time left and the sentences a second.

    Args:
        size: bytes of all inputs; None where unknown (standard input).
        done: bytes that an earlier run did.
        quiet: show nothing but errors.
    """

    def __init__(self, size: int | None, *, done: int = 0, quiet: bool = False) -> None:
        self._bar = None
        self._sentences = 0
        if not quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=size,
                initial=done,
                unit="B",
                unit_scale=True,
                smoothing=SMOOTHING,
                file=sys.stderr,
                dynamic_ncols=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if kind is None and self._bar.total:
                self._bar.update(self._bar.total - self._bar.n)
            self._bar.close()

    def advance(self, done: int, sentences: int) -> None:
        """Show a batch.

        Args:
            done: bytes of the inputs up to its end.
            sentences: how many it had.
        """
        if self._bar is None:
            return
        self._sentences += sentences
        elapsed = self._bar.format_dict["elapsed"] or 1e-9
        self._bar.set_postfix_str(f"{self._sentences / elapsed:,.0f} sentences/s", refresh=False)
        self._bar.update(max(0, min(done, self._bar.total or done) - self._bar.n))

    def error(self, text: str) -> None:
        """Say something on stderr."""
        if self._bar is not None:
            self._bar.clear()
        print(text, file=sys.stderr)
