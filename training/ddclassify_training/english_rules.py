"""Writes the library's copy of spaCy's English rules: `python -m ddclassify_training.english_rules`."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import distribution
from typing import Any

from spacy.lang.en import English
from spacy.symbols import IDS, ORTH
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
from spacy.vocab import Vocab

from ddclassify.englishrules import FILE, EnglishRules


def spacys_rules() -> EnglishRules:
    """The rules of the spaCy that is installed.

    Special cases with white space are left out: no chunk without white space holds one.

    Raises:
        NotImplementedError: its English has rules of a kind that `ddclassify.englishtokens` does not follow.
    """
    rules: Any = English.Defaults
    if rules.token_match is not None:
        raise NotImplementedError("spaCy's English has a token_match, which ddclassify.englishtokens does not know")
    prefix = compile_prefix_regex(rules.prefixes or ())
    suffix = compile_suffix_regex(rules.suffixes or ())
    infix = compile_infix_regex(rules.infixes or ())
    url = rules.url_match.__self__
    without_cases = Tokenizer(Vocab(), None, prefix.search, suffix.search, infix.finditer, None, url.match)
    cases = {
        case: [token[ORTH] for token in tokens]
        for case, tokens in sorted(rules.tokenizer_exceptions.items())
        if not any(map(str.isspace, case))
    }
    return EnglishRules(
        spacy_version=distribution("spacy").version,
        notice=next(f for f in distribution("spacy").files or () if f.name == "LICENSE").read_text(),
        prefix=prefix.pattern,
        suffix=suffix.pattern,
        infix=infix.pattern,
        url=url.pattern,
        special_cases=cases,
        # What spaCy's own tokenizer enters into its matcher of special cases.
        phrases={
            case: [token.text for token in without_cases(case)]
            for case in cases
            if prefix.search(case) or suffix.search(case) or infix.search(case)
        },
        symbols=dict(sorted(IDS.items())),
    )


def main() -> None:
    """Write the file of the package, a line for each entry."""
    FILE.write_text(json.dumps(asdict(spacys_rules()), indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
