"""Settings of a training run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ddclassify.classifier import TIERS
from ddclassify.errors import InputError
from ddclassify.features import FeatureConfig


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a model is trained.

    Attributes:
        name: first part of the model's id.
        tier: "fast" or "accurate".
        seed: every random choice follows from it.
        c: inverse strength of the logistic regression's L2 penalty.
        context_dropout: share of training rows whose context is withheld, so that a missing one is normal.
        recall: recall on dev that the policy "recall" must reach.
        precision: precision on dev that the policy "precision" must reach.
        features: how features are made.
        head_c: inverse strength of the L2 penalty of the accurate tier's head.
        head_share: share of the head's decision value in the accurate tier, the n-grams have the rest.
        passing: the accurate tier encodes a sentence when the n-grams give a label at least this probability.
    """

    name: str = "ddclassify-fast"
    tier: str = "fast"
    seed: int = 20240501
    c: float = 10.0
    context_dropout: float = 0.15
    recall: float = 0.95
    precision: float = 0.9
    features: FeatureConfig = field(default_factory=FeatureConfig)
    head_c: float = 0.01
    head_share: float = 0.6
    passing: float = 0.05

    def __post_init__(self) -> None:
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, not {self.seed}")
        if self.tier not in TIERS:
            raise ValueError(f"tier must be one of {', '.join(TIERS)}, not {self.tier!r}")
        for name in ("c", "head_c"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("context_dropout", "recall", "precision", "head_share", "passing"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrainingConfig:
        """Build from a mapping whose `features` is a mapping too."""
        rest = {k: v for k, v in data.items() if k != "features"}
        return cls(**rest, features=FeatureConfig(**data.get("features", {})))

    @classmethod
    def from_toml(cls, path: str | Path) -> TrainingConfig:
        """Read a file such as those in training/configs/.

        Raises:
            InputError: it cannot be read or holds an unknown or impossible setting.
        """
        try:
            return cls.from_dict(tomllib.loads(Path(path).read_text("utf-8")))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: {error}") from None
