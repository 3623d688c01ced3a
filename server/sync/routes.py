"""Routes of sync."""

from server.core.http import Blueprint

blueprint = Blueprint("sync", __name__)
