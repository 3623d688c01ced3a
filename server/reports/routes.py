"""Routes of reports."""

from server.core.http import Blueprint

blueprint = Blueprint("reports", __name__)
