"""The application: settings in, a Flask app out."""

from __future__ import annotations

import hashlib

from flask import Flask
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from server.accounts import service as accounts
from server.accounts.routes import blueprint as accounts_api
from server.areas.routes import blueprint as areas_api
from server.audit.service import Sealer, record
from server.campaigns.routes import blueprint as campaigns_api
from server.checklists.routes import blueprint as checklists_api
from server.config import ConfigError, Settings
from server.core import queues, workdays
from server.core.db import (
    db,
    engine_options,
    forget_inherited_connections,
    ping_idle_connections,
)
from server.core.http.ids import install_ids
from server.core.http.openapi import blueprint as openapi
from server.core.http.operations import blueprint as operations
from server.core.http.operations import count_requests
from server.core.http.render import install_problem_handlers
from server.core.permissions import Actor
from server.core.storage import Store
from server.desk.routes import blueprint as desk_api
from server.documents.routes import blueprint as documents_api
from server.duties.routes import blueprint as duties_api
from server.incidents.routes import blueprint as incidents_api
from server.notifications.routes import blueprint as notifications_api
from server.orders.routes import blueprint as orders_api
from server.patrols.routes import blueprint as patrols_api
from server.photos.routes import blueprint as photos_api
from server.places.routes import blueprint as places_api
from server.reports.routes import blueprint as reports_api
from server.submissions.routes import blueprint as submissions_api
from server.sync.routes import blueprint as sync_api
from server.tickets.routes import blueprint as tickets_api
from server.web.routes import blueprint as web
from server.wiring import DOCUMENT_OWNERS, GAUGES, PHOTO_OWNERS, SUBSCRIPTIONS

API = "/api/v1"
API_ROOMS = (
    accounts_api,
    areas_api,
    campaigns_api,
    checklists_api,
    desk_api,
    incidents_api,
    duties_api,
    notifications_api,
    openapi,
    orders_api,
    patrols_api,
    photos_api,
    places_api,
    reports_api,
    sync_api,
    tickets_api,
    submissions_api,
    documents_api,
)


def create_app(settings: Settings) -> Flask:
    """Return the application for ``settings``; nothing is read from elsewhere."""
    app = Flask("server", static_folder=None)
    app.extensions["settings"] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.max_json_bytes
    _take_calendar(settings)
    _install_database(app, settings)
    _install_store(app, settings)
    app.extensions["redis"] = connect_redis(settings)
    app.extensions["redis_probe"] = queues.probe(settings.redis_url)
    app.extensions["authenticate"] = lambda token: accounts.authenticate(
        token, settings
    )
    app.extensions["note_denial"] = _note_denial
    app.extensions["gauges"] = GAUGES
    install_ids(app)
    install_problem_handlers(app)
    count_requests(app)
    for blueprint in API_ROOMS:
        app.register_blueprint(blueprint, url_prefix=API)
    app.register_blueprint(operations)
    app.register_blueprint(web)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    return app


def audit_key(settings: Settings) -> bytes:
    """Return the key of the audit chain, derived from the installation's secret."""
    return hashlib.sha256(b"audit-chain:" + settings.secret_key.encode()).digest()


def connect_redis(settings: Settings) -> Redis:
    """Return the Redis client of the application; it connects when first used."""
    return queues.connect(settings.redis_url)


def _install_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(
        settings.pool_size, settings.pool_overflow
    )
    db.init_app(app)
    sealer = Sealer(audit_key(settings), SUBSCRIPTIONS)
    app.extensions["sealer"] = sealer
    with app.app_context():
        forget_inherited_connections(db.engine)
        ping_idle_connections(db.engine)
    sealer.attach(db.session)


def _take_calendar(settings: Settings) -> None:
    try:
        workdays.use(settings.calendar_file)
    except workdays.CalendarFault as fault:
        raise ConfigError(f"PATROL_CALENDAR_FILE: {fault}") from fault


def _install_store(app: Flask, settings: Settings) -> None:
    store = Store(settings.photo_dir)
    store.prepare()
    app.extensions["photo_store"] = store
    app.extensions["photo_owners"] = PHOTO_OWNERS
    # Beside the photos: a sweep of theirs never comes here.
    documents = Store(settings.photo_dir / "documents")
    documents.prepare()
    app.extensions["document_store"] = documents
    app.extensions["document_owners"] = DOCUMENT_OWNERS


def _note_denial(actor: Actor | None, permission: str, path: str, why: str) -> None:
    record(
        "access.denied", actor, ("path", path), {"permission": permission, "why": why}
    )
