"""Jobs of notifications: from an event to messages, and the sending of what is due."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from server.config import Settings
from server.core.db import unit_of_work
from server.notifications import deliveries, senders, service
from server.notifications.deliveries import Claimed
from server.notifications.senders import Parcel, Unsent

THREADS = 8
# Seconds a run goes on claiming; what is left is the next run's.
BUDGET_S = 45.0
# Seconds after which one recipient's further messages are given back.
PER_RECIPIENT_S = 60.0

# What became of a parcel: None taken, an error, or not tried at all.
Outcome = tuple[Parcel, Unsent | None, bool]


def notify(event: dict[str, Any], settings: Settings) -> None:
    """Write what an event tells whom: inbox and deliveries, once."""
    service.tell(event, settings)


def deliver_due(settings: Settings) -> int:
    """Send what is due; return how many messages were taken.

    Two of these at once share the work: each leases what it sends. The transactions
    are short; none is open while the network is waited for.
    """
    started, taken = time.monotonic(), 0
    with unit_of_work():
        deliveries.forget_sends()
    while time.monotonic() - started < BUDGET_S:
        with unit_of_work():
            claimed = deliveries.claim(settings)
        if not claimed:
            break
        taken += _round(claimed, settings)
    return taken


def _round(claimed: list[Claimed], settings: Settings) -> int:
    taken = 0
    with ThreadPoolExecutor(THREADS) as pool:
        running = {pool.submit(_send_all, one, settings): one for one in claimed}
        for future in as_completed(running):
            one = running[future]
            with unit_of_work():
                taken += sum(_mark(one, *outcome) for outcome in future.result())
    return taken


def _send_all(claimed: Claimed, settings: Settings) -> list[Outcome]:
    return list(_outcomes(claimed, settings))


def _outcomes(claimed: Claimed, settings: Settings) -> Iterator[Outcome]:
    """Send one recipient's parcels in order; after a failure the rest is not tried."""
    started, failed = time.monotonic(), False
    for parcel in claimed.parcels:
        if failed or time.monotonic() - started > PER_RECIPIENT_S:
            yield parcel, None, False
            continue
        try:
            _send(claimed, parcel, settings)
        except Unsent as error:
            failed = True
            yield parcel, error, True
        except Exception as error:
            # A fault of ours: this recipient's, not everybody's.
            failed = True
            yield parcel, Unsent(f"cannot be sent ({type(error).__name__})"), True
        else:
            yield parcel, None, True


def _send(claimed: Claimed, parcel: Parcel, settings: Settings) -> None:
    if claimed.trouble:
        raise Unsent(claimed.trouble)
    if claimed.address:
        senders.send_mail(settings, claimed.address, parcel)
        return
    assert claimed.target_kind is not None
    senders.send_to_target(
        settings, claimed.target_kind, claimed.url, claimed.secret, parcel
    )


def _mark(claimed: Claimed, parcel: Parcel, error: Unsent | None, tried: bool) -> int:
    if not tried:
        deliveries.release(claimed, parcel)
        return 0
    if error is not None:
        deliveries.mark_failed(claimed, parcel, error)
        return 0
    deliveries.mark_sent(claimed, parcel)
    return 1


def forget_old() -> int:
    """Remove what was sent or read long ago; return how many rows."""
    return service.forget_old()
