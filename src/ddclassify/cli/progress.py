"""Progress on stderr, by bytes of input; off when stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ..documents import Document
    from ..reading import Failed


class Progress:
    """A bar that fills as documents go by.

    Args:
        size: bytes of all inputs; None where unknown (standard input).
        quiet: show nothing.
    """

    def __init__(self, size: int | None, *, quiet: bool) -> None:
        self._bar = None
        if not quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, dynamic_ncols=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if kind is None and self._bar.total:
                self._bar.update(self._bar.total - self._bar.n)
            self._bar.close()

    def follow(self, inputs: Iterable[Document | Failed]) -> Iterator[Document | Failed]:
        """Pass inputs through, counting the bytes of their texts."""
        for item in inputs:
            yield item
            text = getattr(item, "text", None)
            if self._bar is not None and text is not None:
                self._bar.update(
                    min(len(text.encode("utf-8", "replace")), (self._bar.total or sys.maxsize) - self._bar.n)
                )
