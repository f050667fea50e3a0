"""The errors a user can meet. The message is shown as it is: one line, naming the place and what to do.

DDClassifyError
├── InputError          a file, row or value that cannot be used
│   └── CorpusError     an annotation row or file that breaks the record format
├── OutputError         an output that cannot be written
├── ModelError          a model folder that is missing, tampered with or of another format
├── TaxonomyError       a label table that contradicts itself, or a label that it does not know
├── WorkerError         worker processes that cannot do their work
└── MissingExtraError   a feature whose optional packages are not installed
"""

from __future__ import annotations


class DDClassifyError(Exception):
    """Base of all errors raised on purpose; its text is meant for the user."""


class InputError(DDClassifyError):
    """A file, row or value that cannot be used."""


class CorpusError(InputError):
    """An annotation row or file that breaks the record format."""


class OutputError(DDClassifyError):
    """An output that cannot be written."""


class ModelError(DDClassifyError):
    """A model folder that is missing, damaged, tampered with or of another format."""


class TaxonomyError(DDClassifyError):
    """A label table that contradicts itself, or a label that it does not know."""


class WorkerError(DDClassifyError):
    """Worker processes that cannot do their work."""


class MissingExtraError(DDClassifyError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs optional packages: pip install 'ddclassify[{extra}]'")
