"""Compressed files as streams of what they hold."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from ..errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FED = 1024
"""Compressed bytes given to Zstandard at once: few, since each four of them may stand for 128 KB."""


def decompressed(raw: BinaryIO, suffix: str, name: str) -> BinaryIO:
    """What a compressed file holds, as it is read; several members or frames are read as one.

    Args:
        raw: the compressed bytes; it stays open.
        suffix: ".gz" or ".zst".
        name: of the file, for messages.

    Returns:
        A stream whose reads raise InputError where the file is damaged or ends too soon.
    """
    read = gzip.GzipFile(fileobj=raw, mode="rb").read1 if suffix == ".gz" else _Frames(raw).read
    return cast(BinaryIO, io.BufferedReader(_Guarded(read, suffix, name), 1 << 16))


class _Guarded(io.RawIOBase):
    """Turns the errors of a decompressor into one that says what to do."""

    def __init__(self, read: Callable[[int], bytes], suffix: str, name: str) -> None:
        self._read = read
        self._suffix = suffix
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._read(len(view))
        except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
            raise InputError(
                f"{self._name}: cannot be read as {self._suffix}, it is damaged or cut short: {error}; get it anew"
            ) from None
        view[: len(data)] = data
        return len(data)


class _Frames:
    """The frames of a Zstandard file; unlike the reader of its library, this one notices that a frame lacks its end."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._fed = b""
        self._out = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end.

        Raises:
            zstandard.ZstdError: the file is damaged.
            EOFError: its last frame lacks its end.
        """
        while not self._out:
            data = self._fed or self._raw.read(_FED)
            self._fed = b""
            if not data:
                if self._frame is not None:
                    raise EOFError("the file ended before its last frame did")
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._out = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._fed = self._frame.unused_data
                self._frame = None
        taken, self._out = self._out[:size], self._out[size:]
        return taken.tobytes()
