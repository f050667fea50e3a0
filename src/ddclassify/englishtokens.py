"""The tokens that spaCy's English rules make of a chunk of text without white space."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import accumulate

from .englishrules import EnglishRules, english_rules


class EnglishTokenizer:
    """Divides a chunk without white space exactly as the tokenizer of ``spacy.blank("en")`` does.

    It follows spaCy's tokenizer (MIT licence, https://spacy.io/usage/linguistic-features#how-tokenizer-works) step by
    step: marks are taken off both ends until what is left is a special case or has none; what is left is then a
    special case, a web address, or divided at marks within; at last, special cases that were taken apart on the way
    are put together again. Instances may be shared between threads.

    Args:
        rules: those of the package if not given.

    Attributes:
        special_cases: the strings that have tokens of their own.
    """

    def __init__(self, rules: EnglishRules | None = None) -> None:
        self._rules = rules = rules or english_rules()
        self.special_cases = rules.special_cases
        self._phrases = {tuple(tokens): case for case, tokens in rules.phrases.items()}
        self._first = frozenset(tokens[0] for tokens in self._phrases)
        self._longest = max(map(len, self._phrases), default=0)

    # Compiling takes about 10 ms each, and few of the chunks in some texts need all four.
    @cached_property
    def _prefix(self) -> re.Pattern[str]:
        return re.compile(self._rules.prefix)

    @cached_property
    def _suffix(self) -> re.Pattern[str]:
        return re.compile(self._rules.suffix)

    @cached_property
    def _infix(self) -> re.Pattern[str]:
        return re.compile(self._rules.infix)

    @cached_property
    def _url(self) -> re.Pattern[str]:
        return re.compile(self._rules.url)

    def __call__(self, chunk: str) -> list[tuple[str, int]]:
        """Tokenise a chunk.

        Args:
            chunk: any string without white space. The time taken may grow faster than its length.

        Returns:
            Texts and offsets of the tokens, which together are the chunk; none for the empty string.
        """
        tokens = self._with_special_cases(self._tokens(chunk))
        return list(zip(tokens, accumulate(map(len, tokens), initial=0), strict=False))

    def _tokens(self, chunk: str) -> list[str]:
        """The tokens before special cases are put together again."""
        special = self.special_cases.get(chunk)
        if special is not None:
            return list(special)
        prefixes, core, suffixes = self._split_affixes(chunk)
        return [*prefixes, *self._split_core(core), *reversed(suffixes)]

    def _split_affixes(self, text: str) -> tuple[list[str], str, list[str]]:
        """Take marks off both ends: those before in their order, what is left, those after from the last one."""
        prefixes: list[str] = []
        suffixes: list[str] = []
        while text and text not in self.special_cases:
            prefix = _found(self._prefix, text)
            rest = text[prefix:]
            if prefix and rest in self.special_cases:
                prefixes.append(text[:prefix])
                return prefixes, rest, suffixes
            suffix = _found(self._suffix, rest)
            if suffix and text[:-suffix] in self.special_cases:
                suffixes.append(text[-suffix:])
                return prefixes, text[:-suffix], suffixes
            if not prefix and not suffix:
                break
            if prefix:
                prefixes.append(text[:prefix])
            if suffix:
                suffixes.append(text[-suffix:])
            text = text[prefix : len(text) - suffix]
        return prefixes, text, suffixes

    def _split_core(self, text: str) -> list[str]:
        if not text:
            return []
        special = self.special_cases.get(text)
        if special is not None:
            return list(special)
        if self._url.match(text):
            return [text]
        tokens = []
        start = 0
        for infix in self._infix.finditer(text):
            if infix.start() == 0:
                continue
            tokens += [text[start : infix.start()], infix[0]]
            start = infix.end()
        tokens.append(text[start:])
        return [token for token in tokens if token]

    def _with_special_cases(self, tokens: list[str]) -> list[str]:
        """Put the tokens of special cases in the place of those that the other rules made of them."""
        spans = self._special_spans(tokens)
        if not spans:
            return tokens
        done: list[str] = []
        at = 0
        for start, end in spans:
            done += tokens[at:start]
            done += self.special_cases["".join(tokens[start:end])]
            at = end
        return done + tokens[at:]

    def _special_spans(self, tokens: list[str]) -> list[tuple[int, int]]:
        """Where special cases stand among tokens: longer ones first, then earlier ones, without overlap."""
        found = [
            (start, end)
            for start, token in enumerate(tokens)
            if token in self._first
            for end in range(start + 1, min(start + self._longest, len(tokens)) + 1)
            if tuple(tokens[start:end]) in self._phrases
        ]
        kept = []
        seen: set[int] = set()
        for start, end in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
            if start not in seen and end - 1 not in seen:
                kept.append((start, end))
            # As in spaCy, what was not kept stands in the way of shorter ones all the same.
            seen.update(range(start, end))
        return sorted(kept)


def _found(pattern: re.Pattern[str], text: str) -> int:
    """The length of the first match, 0 without any."""
    match = pattern.search(text)
    return match.end() - match.start() if match else 0
