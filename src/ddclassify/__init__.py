"""ddclassify tags sentences and documents with the activities of defence diplomacy."""

from .classifier import Classifier, load
from .context import Context
from .documents import Document, Sentence
from .errors import DDClassifyError
from .predictions import Prediction, TaggedDocument
from .taxonomy import Label, Taxonomy

__all__ = [
    "Classifier",
    "Context",
    "DDClassifyError",
    "Document",
    "Label",
    "Prediction",
    "Sentence",
    "TaggedDocument",
    "Taxonomy",
    "load",
]
