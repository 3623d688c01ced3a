"""A PostgreSQL + PostGIS and a Redis of our own, in a private directory.

For machines where nobody runs such servers for us. They listen on Unix sockets in
a directory only their owner may enter, never on the network, and are told apart
from the machine's own servers by their data directory.
"""

from server.core.embedded.errors import (
    DirectoryInUse,
    EmbeddedError,
    ServicesMissing,
)
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.embedded.redis import EmbeddedRedis

__all__ = [
    "DirectoryInUse",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "ServicesMissing",
]
