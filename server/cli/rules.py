"""Commands that read the list and its rules: clauses, routing, differences."""

from __future__ import annotations

import json
import sys
from datetime import datetime, time
from pathlib import Path

import click
from flask import current_app

from server.areas.service import path_of
from server.checklists import clauses, clauses_table, difference, service
from server.checklists.catalogue import Rules
from server.cli.catalogues import (
    database,
    has_database,
    needs_database,
    resolve,
    serving,
    told,
)
from server.tickets import explain
from server.tickets.touched import open_tickets

CATALOGUE = click.option(
    "--catalogue",
    "named",
    metavar="X",
    help="A folder, the code of a bundled catalogue, or code@version (database).",
)


@click.command("clauses")
@CATALOGUE
@click.option("--item", "items", multiple=True, help="Only this duty item.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
)
@click.option(
    "--missing", "only_missing", is_flag=True, help="Only what lives nowhere."
)
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the Markdown table to this file.",
)
def clause_account(
    named: str | None,
    items: tuple[str, ...],
    form: str,
    only_missing: bool,
    write: Path | None,
) -> None:
    """List where every clause of the duty list lives (条款归宿).

    Exit status 1 when a clause lives nowhere.
    """
    with told(), database(needs_database(named)):
        whole = resolve(named)
    known = {item.number for item in whole.rules.duty_items}
    for item in items:
        if item not in known:
            raise click.BadParameter(f"the list has no item {item}")
    account = clauses.account(whole, items)
    homeless = clauses.missing(account)
    shown = homeless if only_missing else account
    if write is not None:
        lines = clauses_table.markdown(whole, account)
        write.write_text("\n".join(lines) + "\n", encoding="utf-8")
        click.echo(f"{len(account)} clauses written to {write}")
    elif form == "json":
        _echo_json(clauses_table.document(whole, shown))
    elif form == "markdown":
        click.echo("\n".join(clauses_table.markdown(whole, shown)))
    else:
        click.echo("\n".join(clauses_table.text(shown)))
    if homeless:
        listed = ", ".join(clause.reference for clause in homeless)
        click.echo(f"{len(homeless)} clauses live nowhere: {listed}", err=True)
        sys.exit(1)


@click.group()
def routing() -> None:
    """The routing of hazards (流转)."""


@routing.command("explain")
@click.option("--item", required=True, help="Number of the duty item.")
@click.option("--category", required=True, help="Hazard category, e.g. G1.")
@click.option("--fact", "facts", multiple=True, help="A fact; may be repeated.")
@click.option("--reported", is_flag=True, help="The town reports by its own decision.")
@click.option("--area", help="Code of the area in which the hazard was found.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day it was found: the published version then in force decides.",
)
@CATALOGUE
def explain_routing(
    item: str,
    category: str,
    facts: tuple[str, ...],
    reported: bool,
    area: str | None,
    at: datetime | None,
    named: str | None,
) -> None:
    """Say who gets a hazard, by which clause, and why no other row applied."""
    if at is not None and named is not None:
        raise click.UsageError("--at takes the version in force: leave out --catalogue")
    if at is not None and area is None:
        raise click.UsageError("--at needs --area: the area names the catalogue")
    # An area without a catalogue asks for the list that serves it: what is published
    # decides, the files only where there is no database.
    in_force = area is not None and named is None and (at or has_database())
    with told(), database(bool(in_force) or needs_database(named)):
        if area is not None and in_force:
            source, rules, path = _rules_in_force(area, at)
        else:
            source, rules, path = _rules_named(named, area)
        question = explain.Question(item, category, facts, reported, path)
        lines = explain.explain(rules, question)
    click.echo("\n".join([f"清单：{source}", *lines]))


def _rules_named(named: str | None, area: str | None) -> tuple[str, Rules, str]:
    """Return the name and the rules of a catalogue, and the path of an area.

    As codes tell it: a code of the statistical scheme begins with its town's. The
    database is not asked, so that a draft can be tried without one.
    """
    found = resolve(named) if named or not area else serving(area)
    towns = [d.area for d in found.rules.departments if d.area]
    inside = [town for town in towns if (area or "").startswith(town)]
    if area is not None and not inside:
        raise click.BadParameter(f"{area} lies in no town of this catalogue")
    return f"{found.title}（{found.name}）", found.rules, "/".join(inside)


def _rules_in_force(area: str, at: datetime | None) -> tuple[str, Rules, str]:
    """Return the edition in force now, or at the end of a local day, and a path."""
    zone = current_app.extensions["settings"].timezone
    moment = datetime.combine(at.date(), time.max, zone) if at else None
    path = path_of(area)
    edition = service.edition_for(path, moment)
    named = f"{edition.title}（{edition.catalogue}@{edition.version}）"
    return named, edition.rules, path


@click.group("list")
def duty_list() -> None:
    """The duty list (履职清单) and its versions."""


@duty_list.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--tickets", is_flag=True, help="Name the open tickets touched, too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def diff(old: str, new: str, tickets: bool, form: str) -> None:
    """Say what changed from OLD to NEW: folders, or code@version (database).

    With a version from the database, or with --tickets, it names the open tickets
    whose stored decision rests on what changed. They keep that decision.
    """
    with_tickets = tickets or needs_database(old, new)
    with told(), database(with_tickets):
        before, after = resolve(old), resolve(new)
        found = difference.compare(before, after)
        code = before.rules.catalogue
        rows = open_tickets(code, found) if with_tickets else None
    if form == "json":
        listed = None if rows is None else [row.to_document() for row in rows]
        _echo_json(difference.document(found) | {"tickets": listed})
        return
    click.echo("\n".join(difference.text(found)))
    if rows is not None:
        click.echo(f"涉及未办结工单 {len(rows)} 件（仍按原决定办理）")
        for row in rows:
            click.echo(f"  {row.number}  {'；'.join(row.why)}")


def _echo_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
