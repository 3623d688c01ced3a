"""The printable case file (案卷) of a ticket."""

from __future__ import annotations

import io

from pypdf import PdfReader

from tests.factories import Factory, workday


def text_of(data: bytes) -> str:
    """Return the words of a PDF without its line breaks."""
    pages = PdfReader(io.BytesIO(data)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def test_a_case_from_finding_to_order(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    number = make.reported(worker)
    fire.done(number, "accept", note="已受理登记")
    fire.done(number, "verify", result="substantiated", note="现场核查属实")
    fire.done(number, "order", due_on=workday(5), note="限期清理疏散通道")
    paper = fire.ticket(number)["documents"][-1]
    answer = fire.get(f"/tickets/{number}/case-file")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    said = text_of(answer.data)
    for words in (number, "现场核查属实", "限期清理疏散通道", "区消防救援大队"):
        assert words in said
    assert paper["number"] in said


def test_what_has_not_come_is_named(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker)
    photo = worker.photo(number)
    worker.done(number, "settle", note="清完", photos=[photo])
    said = text_of(officer.get(f"/tickets/{number}/case-file").data)
    assert "当场办结" in said
    assert "整改后" in said


def test_it_is_nobody_elses(make: Factory) -> None:
    number = make.ticket(make.grid_worker())
    stranger = make.handler("kq-market")
    assert stranger.get(f"/tickets/{number}/case-file").status_code == 404
