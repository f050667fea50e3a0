from __future__ import annotations

import pytest

from ddclassify.language import language_of


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("The two ministers discussed the situation in the region.", "en"),
        ("THE MILITARY ATTACHE OF THE EMBASSY WAS WOUNDED IN THE ATTACK.", "en"),
        ("Die Verteidigungsminister der beiden Länder haben sich in Berlin mit dem Stab getroffen.", "other"),
        ("El ministro de Defensa se reunió con su homólogo en la capital para firmar un acuerdo.", "other"),
        ("Menteri pertahanan kedua negara bertemu di Jakarta untuk membahas kerja sama yang baru.", "other"),
        ("国防部长在北京会见了来访的代表团并就双边军事合作问题交换了意见双方一致同意加强联合演习", "other"),
        ("Navy chief visits Hanoi", None),
        ("General Prayut Chan-o-cha", None),
        ("", None),
    ],
)
def test_language(sentence: str, language: str | None) -> None:
    assert language_of(sentence) == language
