"""What the API calls things follows Accept-Language, and so do Vary and ETags."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.tickets import vocabulary
from tests.factories import Caller, Factory
from tests.orders import Desk

EN = {"Accept-Language": "en"}
CHINESE = re.compile("[\u3400-\u9fff]")


@pytest.mark.parametrize(
    "name", [name for name in vars(vocabulary) if name.endswith("_TITLES")]
)
def test_every_word_has_its_english(name: str) -> None:
    labels = getattr(vocabulary, name.replace("_TITLES", "_LABELS"))
    titles = getattr(vocabulary, name)
    assert {code: text.zh for code, text in titles.items()} == labels
    assert [code for code, text in titles.items() if CHINESE.search(text.en)] == []


def shown(caller: Caller, path: str, **headers: str) -> Any:
    """Return an answer that must be there."""
    answer = caller.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "Accept-Language" in answer.headers["Vary"]
    return answer


def test_actions_and_blocked(make: Factory) -> None:
    fire, officer = make.handler(), make.town_officer()
    number = make.reported(make.grid_worker())
    fire.done(number, "impose_control", measure="停用", note="立即")
    fire.done(number, "accept")
    fire.done(number, "verify", result="not_substantiated", note="已清")
    fire.done(number, "feed_back", note="无隐患")
    told = shown(officer, f"/tickets/{number}", **EN).json
    (close,) = told["blocked"]
    assert (close["title"], CHINESE.search(close["reason"])) == ("Close", None)
    here = officer.ticket(number)["blocked"][0]
    assert (here["title"], here["reason"]) == ("销号", close["reasons"][0]["zh"])
    assert told["waits_for"]["title"] == "Close"
    assert officer.ticket(number)["waits_for"]["title"] == "销号"


def test_titles_of_actions(make: Factory) -> None:
    fire = make.handler()
    number = make.reported(make.grid_worker())
    fire.done(number, "accept")
    english = shown(fire, f"/tickets/{number}", **EN).json["actions"]
    chinese = fire.ticket(number)["actions"]
    assert [a["action"] for a in english] == [a["action"] for a in chinese]
    offered = {action["action"]: action for action in english}
    assert offered["verify"]["title"] == "Verify"
    result = offered["verify"]["fields"][0]
    assert result["title"] == "Result"
    assert result["choice_titles"]["substantiated"] == "Substantiated"
    assert offered["transfer"]["suggestions_note"].startswith("No department")
    for action in english:
        said = [action["title"], *(to["title"] for to in action["to"])]
        said += [field["title"] for field in action["fields"]]
        assert [one for one in said if CHINESE.search(one)] == []
    verify = next(a for a in chinese if a["action"] == "verify")
    assert (verify["title"], verify["fields"][0]["title"]) == ("核查", "核查结果")


def test_a_copy_in_one_language_is_none_in_the_other(make: Factory) -> None:
    fire = make.handler()
    number = make.reported(make.grid_worker())
    path = f"/tickets/{number}"
    chinese = fire.ticket(number)["etag"]
    english = shown(fire, path, **EN).headers["ETag"]
    assert chinese != english
    for etag, language, status in (
        (chinese, "en", 200),
        (english, "zh-CN", 200),
        (chinese, "zh-CN", 304),
        (english, "en", 304),
    ):
        headers = {"If-None-Match": etag, "Accept-Language": language}
        answer = fire.get(path, headers=headers)
        assert (answer.status_code, answer.headers["ETag"]) == (
            status,
            chinese if language == "zh-CN" else english,
        )
        assert "Accept-Language" in answer.headers["Vary"]
    # Either names the version that is to be changed.
    done = fire.post(
        f"{path}/actions/accept", json={}, headers={"If-Match": english, **EN}
    )
    assert done.status_code == 200, done.text
    assert done.headers["ETag"] == shown(fire, path, **EN).headers["ETag"]
    body = {"note": "看过"}
    headers = {"If-Match": done.headers["ETag"]}
    said = fire.post(f"{path}/actions/comment", json=body, headers=headers)
    assert said.status_code == 200, said.text


def test_bulk_gives_the_etag_of_the_callers_language(make: Factory) -> None:
    fire = make.handler()
    number = make.reported(make.grid_worker())
    body = {"action": "accept", "items": [{"number": number, "version": 1}]}
    done = fire.post("/tickets/bulk", json=body, headers=EN).json["results"][0]
    answer = fire.get(
        f"/tickets/{number}", headers={**EN, "If-None-Match": done["etag"]}
    )
    assert answer.status_code == 304


def test_facets_and_lists(make: Factory) -> None:
    fire = make.handler()
    make.reported(make.grid_worker())
    english = shown(fire, "/tickets/counts", **EN)
    facets = english.json["facets"]
    for facet in ("state", "severity", "source", "control", "overdue", "assignee"):
        for value in facets[facet]:
            assert not CHINESE.search(value["title"]), (facet, value)
    chinese = shown(fire, "/tickets/counts")
    assert chinese.json["facets"]["state"][0]["title"] == "已上报"
    assert chinese.headers["ETag"] != english.headers["ETag"]
    (row,) = shown(fire, "/tickets", **EN).json["items"]
    assert row["waits_for"]["title"] == "Accept"


def test_fields_of_orders_and_news_on_the_phone(make: Factory) -> None:
    desk = Desk(make, "52")
    path = f"/orders/{desk.issue()}"
    english = shown(desk.officer, path, **EN)
    titles = [f["title"] for a in english.json["actions"] for f in a["fields"]]
    assert titles
    assert not any(map(CHINESE.search, titles))
    assert english.headers["ETag"] != shown(desk.officer, path).headers["ETag"]
    fire, worker = make.handler(), make.grid_worker()
    number = make.reported(worker)
    fire.done(number, "return", note="不是我们的")
    news = {
        language: shown(worker, "/device/bundle", **{"Accept-Language": language})
        for language in ("en", "zh-CN")
    }
    said = {lang: answer.json["outcomes"][0] for lang, answer in news.items()}
    assert (said["en"]["result"], said["zh-CN"]["result"]) == ("Returned", "已退回")
    assert len({answer.headers["ETag"] for answer in news.values()}) == 2
