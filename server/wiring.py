"""THE table: which event owes which jobs, what runs periodically, whose photos.

The only importer of jobs. Requests never enqueue: an event's deliveries are written
with it, ``audit.dispatcher`` hands them to RQ, and RQ calls :func:`deliver` here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app

from server.accounts.service import forget_old_failures
from server.audit import dispatcher
from server.config import Settings
from server.core import queues, workdays
from server.core.clock import local_date, now
from server.core.db import unit_of_work
from server.core.http.operations import Gauge
from server.documents import jobs as document_jobs
from server.documents.owners import Kinds as DocumentKinds
from server.duties.photos import DUTY
from server.incidents.photos import INCIDENT
from server.notifications import deliveries
from server.notifications import jobs as notification_jobs
from server.notifications.kinds import RULES
from server.orders.photos import ORDER
from server.patrols.documents import INSPECTION
from server.patrols.photos import FINDING
from server.photos import jobs as photo_jobs
from server.photos.owners import Kinds
from server.tickets import documents as ticket_documents
from server.tickets import jobs as ticket_jobs
from server.tickets.photos import TICKET

logger = logging.getLogger(__name__)

# event type -> names of the jobs owed for it
SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "photo.received": ("make_derivatives",),
    **dict.fromkeys(RULES, ("notify",)),
    "document.issued": ("render_document",),
}

# job name -> what it does with the event
JOBS: dict[str, Callable[[dict[str, Any]], None]] = {
    "make_derivatives": lambda event: photo_jobs.make_derivatives(event, _store()),
    "notify": lambda event: notification_jobs.notify(event, _settings()),
    "render_document": lambda event: document_jobs.render_document(
        event,
        current_app.extensions["document_store"],
        current_app.extensions["settings"].public_url,
    ),
}


@dataclass(frozen=True)
class Periodic:
    """A job of the clock: seconds between two runs; safe to run twice."""

    every: int
    run: Callable[[], object]


PERIODIC: dict[str, Periodic] = {
    "sweep_photos": Periodic(3600, lambda: photo_jobs.sweep(_store())),
    "remind": Periodic(300, lambda: ticket_jobs.remind(_settings())),
    "forget_sign_in_failures": Periodic(
        600, lambda: forget_old_failures(current_app.extensions["settings"])
    ),
    "deliver_notifications": Periodic(
        5, lambda: notification_jobs.deliver_due(_settings())
    ),
    "forget_old_notifications": Periodic(86400, notification_jobs.forget_old),
}

# kind of owner -> who may see its photos
PHOTO_OWNERS: Kinds = {
    "finding": FINDING,
    "ticket": TICKET,
    "incident": INCIDENT,
    "order": ORDER,
    "duty": DUTY,
}

# kind of owner -> who may see its documents
DOCUMENT_OWNERS: DocumentKinds = {
    "ticket": ticket_documents.TICKET,
    "inspection": INSPECTION,
}

# What /metrics tells beside the counters of requests.
GAUGES: tuple[Gauge, ...] = (
    Gauge(
        "patrol_outbox_deliveries",
        "Jobs owed for events and not done; given_up: waiting for a person",
        "state",
        dispatcher.backlog,
    ),
    Gauge(
        "patrol_periodic_age_seconds",
        "Time since a periodic job last succeeded; should stay near its period",
        "job",
        lambda: queues.ran_ago(current_app.extensions["redis_probe"]),
    ),
    Gauge(
        "patrol_calendar_days_left",
        "Days for which holidays and make-up days are known; warn under 90",
        "calendar",
        lambda: {"working_days": _calendar_days_left()},
    ),
    Gauge(
        "patrol_notification_deliveries",
        "Messages owed to mailboxes, bots and webhooks; dead: waiting for a person",
        "state",
        deliveries.backlog,
    ),
)

DELIVER = "server.wiring.deliver"
RUN_PERIODIC = "server.wiring.run_periodic"


def _calendar_days_left() -> int:
    today = local_date(now(), current_app.extensions["settings"].timezone)
    return (workdays.calendar().known_until - today).days


def _store() -> Any:
    return current_app.extensions["photo_store"]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def deliver(delivery_id: int) -> None:
    """RQ calls this for one delivery; the worker has an application context."""
    dispatcher.run_delivery(delivery_id, lambda job, event: JOBS[job](event))


def run_periodic(name: str) -> None:
    """RQ calls this for one periodic job."""
    with unit_of_work():
        outcome = PERIODIC[name].run()
    queues.note_ran(current_app.extensions["redis"], name)
    logger.info("periodic job %s: %s", name, outcome)
