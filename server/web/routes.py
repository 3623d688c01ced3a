"""Routes of web."""

from server.core.http import Blueprint

blueprint = Blueprint("web", __name__)
