"""What an annotation corpus must hold to; used by the tests and before every training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ddclassify.errors import CorpusError, TaxonomyError
from ddclassify.sentences import normalise
from ddclassify.taxonomy import Taxonomy

from .corpus import Row


def validate_rows(rows: Sequence[Row], taxonomy: Taxonomy) -> None:
    """Check rows one by one.

    Raises:
        CorpusError: an empty text, an unknown label, a label outside `coded`, or an id that stands twice.
    """
    seen: dict[str, str] = {}
    for row in rows:
        if not row.text.strip():
            raise CorpusError(f"{row.where}: the text of {row.id!r} is empty")
        try:
            taxonomy.check([*row.labels, *(row.coded or ())])
        except TaxonomyError as error:
            raise CorpusError(f"{row.where}: {error}") from None
        if len(set(row.labels)) != len(row.labels):
            raise CorpusError(f"{row.where}: a label stands twice in {list(row.labels)}")
        if row.coded is not None and not set(row.labels) <= set(row.coded):
            raise CorpusError(f"{row.where}: labels {list(row.labels)} are not all among coded {list(row.coded)}")
        if row.id in seen:
            raise CorpusError(f"{row.where}: id {row.id!r} stands already at {seen[row.id]}")
        seen[row.id] = row.where


def validate_corpus(splits: Mapping[str, Sequence[Row]], taxonomy: Taxonomy) -> None:
    """Check a whole corpus: its rows, its documents, and that no split leaks into another.

    Raises:
        CorpusError: a row is bad, a sentence stands twice, a document is split or out of order, or `test_shift`
            shares a genre or region with `train`.
    """
    validate_rows([row for rows in splits.values() for row in rows], taxonomy)
    texts: dict[str, tuple[str, str]] = {}
    documents: dict[str, tuple[str, str]] = {}
    for split, rows in splits.items():
        last: dict[str, int] = {}
        for row in rows:
            key = normalise(row.text).casefold()
            if key in texts:
                raise CorpusError(f"{row.where}: the sentence stands already in {texts[key][0]} at {texts[key][1]}")
            texts[key] = (split, row.where)
            home = documents.setdefault(row.doc_id, (split, row.where))
            if home[0] != split:
                raise CorpusError(f"{row.where}: document {row.doc_id!r} stands in {home[0]} too, at {home[1]}")
            if row.position != last.get(row.doc_id, -1) + 1:
                raise CorpusError(f"{row.where}: position {row.position} of {row.doc_id!r} does not follow the last")
            last[row.doc_id] = row.position
    for name in ("genre", "region"):
        shared = {r.extra.get(name) for r in splits.get("train", ())} & {
            r.extra.get(name) for r in splits.get("test_shift", ())
        }
        shared -= {None, ""}
        if shared:
            raise CorpusError(f"test_shift shares {name} {sorted(map(str, shared))[0]!r} with train")
