"""People as colleagues see them: who works where, found by name or id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from server.core import fastsql
from server.core.permissions import AreaRef, Grant, Person, Role

# Steps of an area's path down to the town: city, district, town.
_TOWN_STEPS = 3

_PEOPLE = """
    SELECT s.id, s.username, s.name, s.department_code, d.name AS department_name,
           (SELECT json_agg(json_build_array(g.role, a.code, a.name, a.level, a.path)
                            ORDER BY a.path, g.role)
              FROM role_grants g JOIN areas a ON a.code = g.area_code
             WHERE g.staff_id = s.id) AS grants
      FROM staff s LEFT JOIN departments d ON d.code = s.department_code
     WHERE s.active AND {condition}
     ORDER BY s.name, s.username
     LIMIT %(limit)s
    """
_COVERING = """
    EXISTS (SELECT 1 FROM role_grants g JOIN areas a ON a.code = g.area_code
             WHERE g.staff_id = s.id AND g.role = ANY(%(roles)s::text[])
               AND starts_with(%(path)s::text, a.path))
    """
_OF_DEPARTMENT = """
    s.department_code = %(department)s
    AND EXISTS (SELECT 1 FROM role_grants g
                 WHERE g.staff_id = s.id AND g.role = ANY(%(roles)s::text[]))
    """
_NAMED = "(s.username = ANY(%(names)s::text[]) OR s.id = ANY(%(ids)s::uuid[]))"
# Of one department, or of one town, or, above the towns, beside each other there.
_COLLEAGUES = """
    (s.department_code = %(department)s
     OR EXISTS (SELECT 1 FROM role_grants g JOIN areas a ON a.code = g.area_code
                 WHERE g.staff_id = s.id
                   AND (EXISTS (SELECT 1 FROM unnest(%(towns)s::text[]) AS town
                                 WHERE starts_with(a.path, town))
                        OR (s.department_code IS NULL
                            AND a.path = ANY(%(above)s::text[])))))
    """
MOST = 500


def covering(path: str, roles: frozenset[Role]) -> list[Person]:
    """Return the active people with one of ``roles`` in an area around ``path``."""
    return _read(_COVERING, path=path, roles=sorted(roles))


def of_department(code: str, roles: frozenset[Role]) -> list[Person]:
    """Return the active people of a department with one of ``roles``."""
    return _read(_OF_DEPARTMENT, department=code, roles=sorted(roles))


def named(keys: Sequence[str]) -> dict[str, Person]:
    """Return the active people with these user names or ids, by what was given."""
    ids = {key: id for key in keys if (id := _uuid(key)) is not None}
    names = {key: key.strip().lower() for key in keys if "\x00" not in key}
    found = _read(_NAMED, names=list(names.values()), ids=list(ids.values()))
    by_id = {person.staff_id: person for person in found}
    by_key = {key: by_id[id] for key, id in ids.items() if id in by_id}
    by_name = {person.username: person for person in found}
    return {
        key: person
        for key in keys
        if (person := by_key.get(key) or by_name.get(names.get(key, "")))
    }


def colleagues(person: Person) -> list[Person]:
    """Return who works with ``person``: in the same department, or the same town.

    For who works above the towns and in no department: who else does so there. The
    person is among them.
    """
    towns, above = offices(person)
    return _read(
        f"({_COLLEAGUES} OR s.id = %(own)s)",
        department=person.department,
        towns=towns,
        above=above,
        own=person.staff_id,
    )


def offices(person: Person) -> tuple[list[str], list[str]]:
    """Return the paths of the towns a person works in, and of areas above the towns."""
    steps = [grant.area.path.split("/")[:-1] for grant in person.grants]
    towns = {"/".join(s[:_TOWN_STEPS]) + "/" for s in steps if len(s) >= _TOWN_STEPS}
    above = {"/".join(s) + "/" for s in steps if len(s) < _TOWN_STEPS}
    return sorted(towns), sorted(above) if person.department is None else []


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


def _read(condition: str, **values: Any) -> list[Person]:
    sql = _PEOPLE.format(condition=condition)
    return [
        Person(
            staff_id=row.id,
            username=row.username,
            name=row.name,
            grants=tuple(
                Grant(Role(role), AreaRef(code, name, level, path))
                for role, code, name, level, path in row.grants or ()
            ),
            department=row.department_code,
            department_name=row.department_name,
        )
        for row in fastsql.rows(sql, values | {"limit": MOST})
    ]
