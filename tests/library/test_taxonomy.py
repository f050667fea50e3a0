from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from ddclassify import Taxonomy
from ddclassify.errors import TaxonomyError

NINE = (
    "official_contacts",
    "defence_attaches",
    "joint_exercises",
    "cooperation_agreements",
    "interoperability",
    "education_training",
    "peacekeeping",
    "hadr_sar",
    "events_ceremonies",
)


def test_table1_has_the_nine_activities_in_the_articles_order(taxonomy: Taxonomy) -> None:
    assert taxonomy.ids == NINE
    assert [label.parent for label in taxonomy] == ["main"] * 4 + ["sub"] * 5
    assert taxonomy.doi == "10.26619/1647-7251.15.1.1"


def test_every_label_is_fully_described(taxonomy: Taxonomy) -> None:
    for label in taxonomy:
        assert label.name and label.definition and label.article and label.plain_terms
        assert len(label.includes) >= 2 and len(label.excludes) >= 2 and len(label.examples) == 2


def test_crosswalk_codes(taxonomy: Taxonomy) -> None:
    cameo = {label.id: label.crosswalk.cameo for label in taxonomy}
    assert cameo["official_contacts"] == ("036", "040", "041", "042", "043", "044", "046")
    assert cameo["joint_exercises"] == ("062",)
    assert cameo["cooperation_agreements"] == ("057", "072")
    assert cameo["peacekeeping"] == ("074",) and cameo["hadr_sar"] == ("073",)
    assert cameo["defence_attaches"] == cameo["events_ceremonies"] == ()
    numbers = sorted({n for label in taxonomy for n in label.crosswalk.cottey_forster})
    assert numbers == list(range(1, 11)), "each of Cottey & Forster's ten activities has a home"


def test_json_round_trip(taxonomy: Taxonomy) -> None:
    assert Taxonomy.from_dict(json.loads(json.dumps(taxonomy.to_dict()))) == taxonomy


def test_own_taxonomy_from_toml(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('id = "own"\n[[labels]]\nid = "arms_fair"\nname = "Arms fairs"\ndefinition = "Arms fairs."\n')
    own = Taxonomy.from_toml(file)
    assert own.ids == ("arms_fair",) and own["arms_fair"].parent == "main"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id = 'x'\nlabels = []", "no labels"),
        ("id = 'x'", "'labels' is missing"),
        ("id = ", "not TOML"),
        ("id = 'x'\n[[labels]]\nid = 'a'\nname = 'A'", "'definition' is missing"),
        ("id = 'x'\n[[labels]]\nid = 'a b'\nname = 'A'\ndefinition = 'A.'", "'a b'"),
        ("id = 'x'\n[[labels]]\nid = 'a'\nname = 'A'\ndefinition = 'A.'\ncolour = 'red'", "colour"),
        ("id = 'x'\n[[labels]]\nid = 'a'\nname = 'A'\ndefinition = 'A.'\nparent = 'aunt'", "aunt"),
        ("id = 'x'\n[[labels]]\nid = 'a'\nname = 'A'\ndefinition = 'A.'\nplain_terms = '('", "plain_terms"),
    ],
)
def test_bad_taxonomy_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(TaxonomyError, match=message):
        Taxonomy.from_toml(file)


def test_a_label_cannot_stand_twice(taxonomy: Taxonomy) -> None:
    with pytest.raises(TaxonomyError, match="stands twice"):
        dataclasses.replace(taxonomy, labels=(taxonomy.labels[0], taxonomy.labels[0]))


def test_unknown_label_names_the_known_ones(taxonomy: Taxonomy) -> None:
    with pytest.raises(TaxonomyError, match=r"unknown label 'parades'.*events_ceremonies"):
        taxonomy.check(["parades"])


def test_check_orders_by_the_table(taxonomy: Taxonomy) -> None:
    assert taxonomy.check(["peacekeeping", "official_contacts"]) == ("official_contacts", "peacekeeping")
