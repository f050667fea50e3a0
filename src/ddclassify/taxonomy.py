"""The label table: which activities there are, what each means, and the codes other schemes give it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, cast

from .errors import TaxonomyError

Parent = Literal["main", "sub"]


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Codes of a label in other schemes of the field; empty where a scheme has none.

    Attributes:
        cameo: CAMEO event codes, as strings ("057").
        plover: PLOVER codes as "EVENT/mode/context".
        cottey_forster: numbers (1-10) of Cottey & Forster's (2004) activities.
        mme: the purpose flag of the Multinational Military Exercises dataset ("all": every row).
    """

    cameo: tuple[str, ...] = ()
    plover: tuple[str, ...] = ()
    cottey_forster: tuple[int, ...] = ()
    mme: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """One activity of the taxonomy.

    Attributes:
        id: stable identifier used in data and output.
        name: short name for people.
        definition: one sentence.
        parent: "main" or "sub" activity.
        article: the wording of the source article's table.
        includes, excludes: the boundary, in short clauses.
        examples: sentences composed for this project.
        plain_terms: regular expression (any case) of the words people search for; the keyword baseline.
        crosswalk: codes in other schemes.
    """

    id: str
    name: str
    definition: str
    parent: Parent = "main"
    article: str = ""
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    plain_terms: str = ""
    crosswalk: Crosswalk = field(default_factory=Crosswalk)


@dataclass(frozen=True)
class Taxonomy:
    """An ordered table of labels. A value: a classifier holds the one its model folder carries."""

    id: str
    labels: tuple[Label, ...]
    version: int = 1
    name: str = ""
    citation: str = ""
    doi: str = ""

    def __post_init__(self) -> None:
        if not self.labels:
            raise TaxonomyError(f"taxonomy {self.id!r} has no labels")
        seen: set[str] = set()
        for label in self.labels:
            if not label.id.isidentifier():
                raise TaxonomyError(
                    f"label id {label.id!r}: use letters, digits and underscores, not starting with a digit"
                )
            if label.id in seen:
                raise TaxonomyError(f"label id {label.id!r} stands twice in taxonomy {self.id!r}")
            if label.parent not in ("main", "sub"):
                raise TaxonomyError(f"label {label.id!r}: parent is {label.parent!r}, not main or sub")
            try:
                re.compile(label.plain_terms)
            except re.error as error:
                raise TaxonomyError(f"label {label.id!r}: plain_terms is no regular expression: {error}") from None
            seen.add(label.id)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The label ids in the table's order, which is the order of every score column."""
        return tuple(label.id for label in self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, label_id: str) -> Label:
        for label in self.labels:
            if label.id == label_id:
                return label
        raise TaxonomyError(f"unknown label {label_id!r}; the labels are {', '.join(self.ids)}")

    def check(self, label_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids in the table's order.

        Raises:
            TaxonomyError: one of them is not in the table.
        """
        wanted = set(label_ids)
        for label_id in wanted:
            self[label_id]
        return tuple(i for i in self.ids if i in wanted)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping; `from_dict` reads it back to an equal value."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str = "taxonomy") -> Taxonomy:
        """Build a taxonomy from parsed TOML or JSON.

        Raises:
            TaxonomyError: a field is missing, unknown or of another type; names `where`.
        """
        try:
            labels = tuple(_label(row) for row in data["labels"])
            rest = {k: v for k, v in data.items() if k != "labels"}
            return cls(labels=labels, **rest)
        except KeyError as error:
            raise TaxonomyError(f"{where}: {error.args[0]!r} is missing") from None
        except (TypeError, AttributeError) as error:
            raise TaxonomyError(f"{where}: {error}") from None

    @classmethod
    def from_toml(cls, path: str | Path) -> Taxonomy:
        """Read a taxonomy file (TOML; the packaged `taxonomy.toml` is the example to copy).

        Raises:
            TaxonomyError: it cannot be read or is not a taxonomy.
        """
        try:
            with Path(path).open("rb") as file:
                data = tomllib.load(file)
        except OSError as error:
            raise TaxonomyError(f"{path}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TaxonomyError(f"{path}: not TOML: {error}") from None
        return cls.from_dict(data, str(path))

    @classmethod
    def table1(cls) -> Taxonomy:
        """The nine activities of Khalid & Ahmed (2024), Table 1, read from the packaged table."""
        with resources.as_file(resources.files("ddclassify") / "taxonomy.toml") as path:
            return cls.from_toml(path)


def _label(row: Mapping[str, Any]) -> Label:
    crosswalk = Crosswalk(**cast(Any, {k: _frozen(v) for k, v in row.get("crosswalk", {}).items()}))
    fields = {k: _frozen(v) for k, v in row.items() if k != "crosswalk"}
    for name in ("id", "name", "definition"):
        fields[name]
    return Label(crosswalk=crosswalk, **cast(Any, fields))


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
