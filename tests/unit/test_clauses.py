"""Where every clause lives: the account, its table, its command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.checklists import clauses, clauses_table
from server.checklists.clauses import Clause, Home, Listing
from server.checklists.loader import bundled_root, listing
from server.cli import patrol
from server.tickets.workflow import STEPS

ROOT = Path(__file__).parents[2]
SECOND = ROOT / "tests" / "data" / "second_town"
TOWN = listing(bundled_root() / "buerhantu")
OTHER = listing(SECOND)
ACCOUNTED = [*range(24, 51), 52, 53, 54, 55, *range(63, 69), 70, 71, 73, 74]


def run(*words: str) -> Result:
    return CliRunner().invoke(patrol, list(words))


def lives(listing: Listing, reference: str) -> list[tuple[str, str]]:
    """Return kind and key of a clause's homes."""
    item = reference.partition(".")[0]
    account = {c.reference: c for c in clauses.account(listing, [item])}
    return [(home.kind, home.key) for home in account[reference].homes]


def without(listing: Listing, row: str) -> Listing:
    """Return a catalogue without one of its co rows."""
    kept = tuple(r for r in listing.rules.co_rows if r.id != row)
    return replace(listing, rules=replace(listing.rules, co_rows=kept))


def test_every_clause_of_the_list_lives_somewhere() -> None:
    account = clauses.account(TOWN)
    assert [c.reference for c in clauses.missing(account)] == []
    assert sorted({int(c.item.number) for c in account}) == ACCOUNTED


def test_the_town_s_clauses_are_never_outside() -> None:
    outside = [
        c.reference
        for c in clauses.account(TOWN)
        if any(home.kind == clauses.OUTSIDE for home in c.homes)
    ]
    assert [reference for reference in outside if "township" in reference] == []
    assert clauses.contradictions(clauses.account(TOWN)) == []


@pytest.mark.parametrize(
    ("clause", "home"),
    [
        ("30.township.3", ("checkpoint", "30-01")),
        ("30.township.3", ("route", "T30")),
        ("30.township.3", ("ledger", "D01")),
        ("42.区应急管理局.6", ("step", "close")),
        ("30.区公安分局.1", ("step", "own_check")),
        ("44.区公安分局.1", ("route", "C12")),
        ("42.township.1", ("document", "town_notice")),
    ],
)
def test_where_a_clause_lives(clause: str, home: tuple[str, str]) -> None:
    assert home in lives(TOWN, clause)


def test_sub_points_have_homes_of_their_own() -> None:
    assert lives(OTHER, "3.township.1.1") == [("checkpoint", "3-01")]
    # What only opens its sub-points lives where all of them live.
    assert lives(OTHER, "3.township.1") == [
        ("checkpoint", "3-01"),
        ("checkpoint", "3-02"),
    ]
    one = replace(
        OTHER,
        checklists=tuple(
            replace(c, checkpoints=c.checkpoints[:1]) for c in OTHER.checklists
        ),
    )
    homeless = [c.reference for c in clauses.missing(clauses.account(one))]
    assert homeless == ["3.township.1", "3.township.1.2"]


def test_a_clause_that_lives_nowhere_is_missing() -> None:
    account = clauses.account(without(OTHER, "C01"))
    (gone,) = clauses.missing(account)
    assert gone.reference == "30.镇流动人口服务站.1"
    table = list(clauses_table.markdown(OTHER, account))
    assert "| 镇流动人口服务站 1 | 未落实 |" in table


def test_what_is_outside_and_lives_all_the_same_contradicts_itself() -> None:
    item = OTHER.rules.duty_item("30")
    homes = [Home("route", "C01", ""), Home(clauses.OUTSIDE, "", "内部事务")]
    both, one = Clause("30.x.1", item, homes), Clause("30.x.2", item, homes[1:])
    assert clauses.contradictions([both, one]) == [both]


def test_steps_of_the_catalogue_are_those_of_the_workflow() -> None:
    schema = json.loads((bundled_root() / "schema" / "items.json").read_text())
    assert set(schema["$defs"]["steps"]["properties"]) == STEPS
    assert set(clauses.STEP_LABELS) == STEPS


def test_the_written_table_is_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "clauses.md"
    told = run("clauses", "--write", str(file))
    assert told.exit_code == 0, told.output
    assert file.read_text() == (ROOT / "docs" / "clauses.md").read_text(), (
        "run: patrol clauses --write docs/clauses.md"
    )


def test_the_command_on_another_catalogue() -> None:
    told = run("clauses", "--catalogue", str(SECOND))
    assert told.exit_code == 0, told.output
    assert "30.township.2  台账：区消防救援大队（D01）" in told.output
    told = run("clauses", "--catalogue", str(SECOND), "--format", "json", "--item", "3")
    document = json.loads(told.output)
    assert (document["catalogue"], document["count"]) == ("kunhe", 6)
    assert document["clauses"][1]["homes"] == [
        {"kind": "checkpoint", "key": "3-01", "words": "水塘无护栏"}
    ]
    told = run("clauses", "--catalogue", str(SECOND), "--format", "markdown")
    assert "## 30 出租房屋消防安全检查" in told.output


def test_the_command_fails_and_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "server.cli.rules.resolve", lambda _named: without(OTHER, "C01")
    )
    told = run("clauses", "--missing")
    assert told.exit_code == 1
    assert told.stdout.strip() == "30.镇流动人口服务站.1  未落实"
    assert "1 clauses live nowhere: 30.镇流动人口服务站.1" in told.stderr


def test_what_the_command_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.cli.catalogues.has_database", lambda: False)
    told = run("clauses", "--item", "99")
    assert (told.exit_code, "the list has no item 99" in told.output) == (2, True)
    told = run("clauses", "--catalogue", "nowhere")
    assert (told.exit_code, "give a folder with a catalogue.yaml" in told.output) == (
        2,
        True,
    )
    told = run("clauses", "--catalogue", "buerhantu@new")
    assert (told.exit_code, "a version is a number" in told.output) == (2, True)


def test_faults_of_the_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text("code: small\n")
    told = run("clauses", "--catalogue", str(tmp_path))
    assert told.exit_code == 1
    assert f"{tmp_path}/catalogue.yaml:1:" in told.output
