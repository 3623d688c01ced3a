"""Routing of the items outside emergency management: the source decides."""

from __future__ import annotations

import pytest

from tests.unit.test_routing import CATEGORIES, RULES, lead_of, names, routed


@pytest.mark.parametrize(
    ("item", "facts", "next_level"),
    [
        ("54", ["agri_input_quality"], "市农牧局"),
        ("54", ["refused"], "市农牧局"),
        ("63", ["noise_plant"], "区政府"),
        ("63", [], "区政府"),
        ("63", ["noise_construction"], None),
        ("65", [], "区政府"),
        ("65", ["waste_construction"], None),
        ("67", [], None),
    ],
)
def test_who_is_told_when_the_lead_cannot_get_it_done(
    item: str, facts: list[str], next_level: str | None
) -> None:
    code = routed(item, "E1", facts).next_level
    assert (RULES.department(code).name if code else None) == next_level


@pytest.mark.parametrize("item", ["24", "25", "55", *map(str, range(63, 68)), "71"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_whatever_is_found_there_has_a_department(item: str, category: str) -> None:
    """These clauses report any finding: nothing is left without a lead."""
    assert routed(item, category).lead is not None


def test_an_unknown_source_goes_to_the_one_that_verifies_and_measures() -> None:
    assert lead_of(routed("63", "E1")) == "区生态环境分局"
    assert routed("63", "E1").source == "design"
    for item in ("65", "67"):
        assert lead_of(routed(item, "E3")) == "区生态环境分局"


def test_site_dust_has_both_departments_whoever_leads() -> None:
    both = routed("67", "E5", ["air_construction_six", "air_site_dust"])
    assert lead_of(both) == "区住房和城乡建设局"
    assert names(both.co) == ["区城市管理综合执法局"]


def test_a_stopped_pollution_by_livestock_is_reported_when_it_is_illegal() -> None:
    """68.township.2: 违法行为及时制止并上报."""
    assert routed("68", "E6").lead is None
    reported = routed("68", "E6", ["illegal", "fixable_on_spot"])
    assert lead_of(reported) == "区生态环境分局"
    assert names(reported.co) == ["区农牧局"]


def test_an_animal_found_is_no_matter_of_the_police() -> None:
    """71.township.3 only has it looked after; 71.区农牧局.4 transfers illegal acts."""
    assert routed("71", "A2").co == ()
    act = routed("71", "A2", ["illegal", "wildlife_illegal_act"])
    assert names(act.co) == ["区公安分局"]
