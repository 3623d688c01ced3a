"""An incident (突发事件) of a scenario: the report, and each entry of its course."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.scenarios.cast import Cast
from tests.scenarios.handling import ago

TOWN = "镇"


class Emergency:
    """One incident, reported by the village's inspector unless told otherwise."""

    def __init__(
        self, cast: Cast, kind: str, fields: dict[str, str], by: str = TOWN, **more: Any
    ) -> None:
        self.cast = cast
        document = {
            "kind": kind,
            "position": cast.make.position(),
            "place_text": "村北",
            "occurred_at": ago(minutes=20),
            "fields": fields,
            "summary": "现场报告",
        }
        who = self.person(by)
        answer = who.put(f"/incidents/{uuid4()}", json=document | more)
        assert answer.status_code == 201, answer.text
        self.receipt = dict(answer.json)
        self.number = str(answer.json["number"])
        self.state = "reported"
        self.steps: list[str] = []

    def person(self, party: str) -> Any:
        """The village's inspector for the town, a handler for a department."""
        return self.cast.worker if party == TOWN else self.cast.of(party)

    def reached(
        self, command: str, called: list[str], informed: list[str] | None = None
    ) -> Emergency:
        """Whom the report reached; nobody else sees it."""
        assert self.receipt["command"]["name"] == command
        assert {d["name"] for d in self.receipt["called"]} == set(called)
        assert {d["name"] for d in self.receipt["informed"]} == set(informed or [])
        self.cast.sees(
            f"/incidents/{self.number}", [command, *called, *(informed or [])]
        )
        return self

    def did(
        self, party: str, entry: str, *clauses: str, to: str | None = None, **more: Any
    ) -> Emergency:
        """A party records an entry by these clauses; ``to``: the state it leads to."""
        who, path = self.person(party), f"/incidents/{self.number}"
        etag = who.get(path).headers["ETag"]
        document = {"entry": entry, "occurred_at": ago(), "note": "已开展", **more}
        answer = who.put(
            f"{path}/entries/{uuid4()}", json=document, headers={"If-Match": etag}
        )
        assert answer.status_code == 201, answer.text
        assert (answer.json["state"], answer.json["moved"]) == (
            to or self.state,
            to is not None,
        )
        told = who.get(f"{path}/entries").json["items"][-1]
        assert (told["entry"], told["basis"]) == (entry, list(clauses))
        name = "卜尔汉图镇" if party == TOWN else party
        assert told["party"]["name"] == name
        self.state = to or self.state
        self.steps.append(entry)
        return self

    def cannot(self, party: str, entry: str, status: int, **more: Any) -> Emergency:
        """A party may not record that: 403 never, 409 not now, 422 not so."""
        who, path = self.person(party), f"/incidents/{self.number}"
        headers = {"If-Match": who.get(path).headers["ETag"]}
        document = {"entry": entry, "occurred_at": ago(), **more}
        answer = who.put(f"{path}/entries/{uuid4()}", json=document, headers=headers)
        assert answer.status_code == status, answer.text
        return self

    def figures(self, **latest: float) -> Emergency:
        """The latest figures, as the town reads them."""
        seen = self.cast.officer.get(f"/incidents/{self.number}").json["figures"]
        assert {f["code"]: f["value"] for f in seen} == latest
        return self

    def ended(self, state: str = "closed") -> Emergency:
        """It is over, the whole course is on record, and it never became a ticket."""
        seen = self.cast.officer.get(f"/incidents/{self.number}").json
        assert (seen["state"], self.state) == (state, state)
        assert seen["ended_at"]
        course = self.cast.officer.get(f"/incidents/{self.number}/entries").json
        assert [e["entry"] for e in course["items"]] == self.steps
        assert self.cast.officer.get("/tickets").json["items"] == []
        return self
