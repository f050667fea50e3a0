"""Word files (DOCX) to text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from ..errors import InputError, MissingExtraError
from .filetext import FileText, check_size
from .numbering import ListMarks

MAX_UNPACKED = 200 * 1024 * 1024
"""Most bytes that the parts of a file may unpack to."""

_OLE = b"\xd0\xcf\x11\xe0"  # how old Word files and encrypted new ones begin
_FIELDS = ("title", "author", "subject", "keywords")
_NOISE = frozenset({"python-docx", "word document", "untitled", "administrator", "user", "unknown"})
_LIBRARY = "python-docx"  # as author: title and date are those of the template that came with it
_CONTAINERS = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice"})
_NO_TEXT = frozenset({"pPr", "rPr", "del", "moveFrom", "delText", "instrText", "Fallback", "rt"})
_CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_CELL_LENGTH = 200  # characters; a longer cell is text rather than a figure
_OFF = frozenset({"0", "false", "off"})


def read_docx(raw: bytes, name: str) -> FileText:
    """The text of a Word file as it stands when all its changes are accepted.

    Paragraphs come in the order of the file, with the marks of lists; rows of tables as cells between "|"; notes and
    text boxes after the paragraph that they hang on. Left out are heads and feet of pages, comments, contents tables,
    hidden and deleted text.

    Args:
        raw: the file.
        name: of the file, for messages.

    Raises:
        InputError: the file is damaged, encrypted, unpacks to more than `MAX_UNPACKED` bytes, or holds no text.
        MissingExtraError: the library that reads DOCX is not installed.
    """
    try:
        import docx
    except ImportError:
        raise MissingExtraError("reading DOCX", "documents") from None
    _check_package(raw, name)
    try:
        document = docx.Document(io.BytesIO(raw))
        body = _Body(document, name)
        text = "\n\n".join(body.blocks(document.element.body))
        metadata = _metadata(document.part.package)
    except InputError:
        raise
    except Exception as error:  # a broken file can fail anywhere in the library, in lxml or in zlib
        raise InputError(f"{name}: is no Word file (DOCX), or a damaged one ({_short(error)}); save it again") from None
    check_size(len(text), name)
    if not text.strip():
        raise InputError(f"{name}: has no text; if it holds scanned pages, recognise them first (OCR)")
    return FileText(text, metadata)


def _check_package(raw: bytes, name: str) -> None:
    """Refuse what is no archive, is encrypted or would not fit into memory."""
    if raw.startswith(_OLE):
        raise InputError(f"{name}: is an old Word file or needs a password; save it as DOCX without one")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        kind = "is damaged or cut off" if raw.startswith(b"PK") else "is no Word file (DOCX)"
        raise InputError(f"{name}: {kind if raw else 'is empty'}; save it again") from None
    if any(part.flag_bits & 1 for part in parts):
        raise InputError(f"{name}: needs a password to open; save a copy without one")
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise InputError(f"{name}: unpacks to more than {MAX_UNPACKED >> 20} MB; split it or save it as text")


class _Body:
    """The blocks of a document: paragraphs, rows of tables, notes."""

    def __init__(self, document: Any, name: str) -> None:
        self._name = name
        self._styles = {_value(style, "styleId"): style for style in document.styles.element.iterfind("{*}style")}
        self._notes = {kind: self._note_elements(document.part, kind) for kind in ("footnote", "endnote")}
        self._marks = ListMarks(_related(document.part, "numbering"))
        self._refuse_entities(document.element)

    def blocks(self, parent: Any) -> Iterator[str]:
        """The text of each paragraph or table below an element, in order, none empty."""
        for element in parent:
            kind = _local(element)
            if kind == "p":
                yield from self._paragraph(element)
            elif kind == "tbl":
                yield from self._table(element)
            elif kind in _CONTAINERS and not _is_contents(element):
                yield from self.blocks(element)

    def _refuse_entities(self, element: Any) -> None:
        if element.getroottree().docinfo.doctype:
            raise InputError(f"{self._name}: declares entities, which no Word file does; save it again from Word")

    def _note_elements(self, part: Any, kind: str) -> dict[str, Any]:
        root = _related(part, f"{kind}s")
        if root is None:
            return {}
        self._refuse_entities(root)
        return {_value(note, "id"): note for note in root.iterfind(f"{{*}}{kind}")}

    def _paragraph(self, element: Any) -> Iterator[str]:
        properties = element.find("{*}pPr")
        style = self._styles.get(_child(properties, "pStyle"))
        if _child(style, "name").lower().startswith("toc ") and not _child(style, "name").lower().endswith("heading"):
            return
        hanging: list[Any] = []
        text = _clean("".join(self._inline(element, hanging)))
        if text:
            mark = self._marks.mark(_find(properties, "numPr"), self._style_numbering(style))
            yield f"{mark} {text}" if mark else text
        for other in hanging:
            yield from self.blocks(other)

    def _style_numbering(self, style: Any | None) -> Any | None:
        for _ in range(20):  # styles may be based on each other, and in a broken file in a circle
            if style is None:
                return None
            numbering = _find(style.find("{*}pPr"), "numPr")
            if numbering is not None:
                return numbering
            style = self._styles.get(_child(style, "basedOn"))
        return None

    def _inline(self, parent: Any, hanging: list[Any]) -> Iterator[str]:
        """The text of runs; text boxes and notes go to ``hanging``."""
        for element in parent:
            kind = _local(element)
            if kind == "t":
                yield element.text or ""
            elif kind in _CHARACTERS:
                yield _CHARACTERS[kind]
            elif kind == "txbxContent":
                hanging.append(element)
            elif kind in ("footnoteReference", "endnoteReference"):
                note = self._notes[kind.removesuffix("Reference")].get(_value(element, "id"))
                if note is not None:
                    hanging.append(note)
            elif kind not in _NO_TEXT and not (kind == "r" and _is_hidden(element)):
                yield from self._inline(element, hanging)

    def _table(self, table: Any) -> Iterator[str]:
        lines: list[str] = []
        for row in _inside(table, "tr"):
            if _find(row.find("{*}trPr"), "del") is not None:
                continue
            cells = [list(self.blocks(cell)) for cell in _inside(row, "tc") if not _continues_above(cell)]
            if len(cells) == 1 or any(len(c) > 1 or sum(map(len, c)) > _CELL_LENGTH for c in cells):
                # A table that only lays out text.
                if lines:
                    yield "\n".join(lines)
                    lines = []
                yield from (block for cell in cells for block in cell)
            elif any(cells):
                lines.append("| " + " | ".join(" ".join("".join(cell).split()) for cell in cells) + " |")
        if lines:
            yield "\n".join(lines)


def _inside(parent: Any, kind: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, those in content controls too."""
    for element in parent:
        if _local(element) == kind:
            yield element
        elif _local(element) in _CONTAINERS:
            yield from _inside(element, kind)


def _continues_above(cell: Any) -> bool:
    merge = _find(cell.find("{*}tcPr"), "vMerge")
    return merge is not None and _value(merge, "val") != "restart"


def _is_contents(element: Any) -> bool:
    gallery = element.find("{*}sdtPr/{*}docPartObj/{*}docPartGallery")
    return gallery is not None and _value(gallery, "val") == "Table of Contents"


def _is_hidden(run: Any) -> bool:
    hidden = _find(run.find("{*}rPr"), "vanish")
    return hidden is not None and _value(hidden, "val") not in _OFF


def _related(part: Any, kind: str) -> Any | None:
    """The root element of the first part that a part refers to as ``kind``."""
    from docx.oxml.parser import parse_xml

    for relation in part.rels.values():
        if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
            return parse_xml(relation.target_part.blob)
    return None


def _metadata(package: Any) -> dict[str, Any]:
    from docx.opc.coreprops import CoreProperties

    root = _related(package, "core-properties")  # LibreOffice writes a type of its own, which ends like the standard's
    if root is None:
        return {}
    properties = CoreProperties(root)
    values = {key: " ".join(getattr(properties, key).split()) for key in _FIELDS}
    found: dict[str, Any] = {key: value for key, value in values.items() if value and value.lower() not in _NOISE}
    if properties.created is not None and values["author"] != _LIBRARY:
        found["date"] = properties.created.date().isoformat()
    return found


def _clean(text: str) -> str:
    return "\n".join(line for part in text.replace("\u00ad", "").split("\n") if (line := " ".join(part.split())))


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""  # comments have no name


def _find(parent: Any | None, name: str) -> Any | None:
    return None if parent is None else parent.find(f"{{*}}{name}")


def _child(parent: Any | None, name: str) -> str:
    found = _find(parent, name)
    return "" if found is None else _value(found, "val")


def _value(element: Any, name: str) -> str:
    from docx.oxml.ns import qn

    return str(element.get(qn(f"w:{name}")) or "")


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (text[:100] + "...") if len(text) > 100 else text or type(error).__name__
