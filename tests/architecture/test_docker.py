"""The container files agree with the program they run; no engine is needed."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import threading
import tomllib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml
from redis import Redis
from rq import Worker

from server.checklists.loader import bundled_root
from server.cli import patrol
from server.config import MIB, ConfigError, Settings
from server.core import migrate
from server.core.queues import note_alive

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
NGINX = (DOCKER / "nginx.conf").read_text(encoding="utf-8")
COMPOSE_TEXT = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"] == "hazard-patrol:local"}
ONE_OFF = {"migrate"}

# ${NAME:-default} or ${NAME:?message}
VARIABLE = re.compile(r"\$\{(\w+):([-?])([^}]*)\}")
USED = {name: (kind, rest) for name, kind, rest in VARIABLE.findall(COMPOSE_TEXT)}
SECRETS = {"PATROL_SECRET_KEY", "POSTGRES_PASSWORD"}


def interpolated(value: str, given: Mapping[str, str]) -> str:
    """Return ``value`` as compose hands it on when ``given`` stands in .env."""
    return VARIABLE.sub(
        lambda match: given.get(match[1]) or (match[3] if match[2] == "-" else ""),
        value,
    )


def environment(service: str, **given: str) -> dict[str, str]:
    """Return what the processes of ``service`` find in their environment."""
    return {
        name: interpolated(value, given)
        for name, value in SERVICES[service]["environment"].items()
    }


# --- compose.yaml ------------------------------------------------------------------


def test_the_stack_has_its_parts() -> None:
    assert set(SERVICES) == {
        *("nginx", "web", "worker", "cron", "migrate", "postgis", "redis")
    }
    assert set(OURS) == {"web", "worker", "cron", "migrate"}
    assert [name for name, service in OURS.items() if "build" in service] == ["web"]


def options_from_the_environment(command: click.Command) -> Iterator[str]:
    """Yield the variables that ``command`` and its subcommands read."""
    for parameter in command.params:
        if isinstance(parameter.envvar, str):
            yield parameter.envvar
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from options_from_the_environment(below)


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """Look up as a dict does, and remember."""
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("service", sorted(OURS))
def test_every_setting_is_one_the_program_reads(service: str) -> None:
    values = environment(service, PATROL_SECRET_KEY="k" * 32, POSTGRES_PASSWORD="p")
    asked = Asked(values)
    Settings.from_env(asked)
    known = asked.names | set(options_from_the_environment(patrol))
    assert {name for name in values if name.startswith("PATROL_")} <= known


def test_what_compose_gives_makes_settings() -> None:
    values = environment("web", PATROL_SECRET_KEY="k" * 32, POSTGRES_PASSWORD="p")
    settings = Settings.from_env(values)
    assert settings.trusted_proxies == 1
    assert not settings.demo
    assert settings.photo_dir.is_relative_to("/data")
    assert settings.accounts_file is not None
    assert settings.accounts_file.is_relative_to("/data")
    with pytest.raises(ConfigError, match="PATROL_SECRET_KEY"):
        Settings.from_env(environment("web"))


def test_a_demonstration_must_be_asked_for() -> None:
    assert environment("web", PATROL_DEMO="1")["PATROL_DEMO"] == "1"
    assert {environment(service)["PATROL_DEMO"] for service in OURS} == {"0"}


def test_nothing_starts_without_the_secrets() -> None:
    assert {name for name, (kind, _) in USED.items() if kind == "?"} == SECRETS
    # And nowhere are they used in a way that would do without.
    for name in SECRETS:
        assert COMPOSE_TEXT.count(f"${{{name}") == COMPOSE_TEXT.count(f"${{{name}:?")


def test_the_example_explains_every_variable_with_its_default() -> None:
    text = (DOCKER / ".env.example").read_text(encoding="utf-8")
    lines = dict(re.findall(r"^(#?\w+)=(.*)$", text, re.MULTILINE))
    assert {name for name in lines if not name.startswith("#")} == SECRETS
    assert all(lines[name] == "" for name in SECRETS)
    shown = {name[1:]: value for name, value in lines.items() if name.startswith("#")}
    assert shown == {
        name: default for name, (kind, default) in USED.items() if kind == "-"
    }


def test_every_service_that_stays_has_a_health_check() -> None:
    for name, service in SERVICES.items():
        check = service["healthcheck"]
        if name in ONE_OFF:
            assert check == {"disable": True}
        else:
            assert check["test"][0] in {"CMD", "CMD-SHELL"}
            assert {"interval", "timeout", "retries"} <= set(check)


def test_health_checks_of_ours_ask_for_the_program_that_runs() -> None:
    checks = load_healthcheck().CHECKS
    for name, service in OURS.items():
        if name in ONE_OFF:
            continue
        script, what = service["healthcheck"]["test"][-2:]
        assert script == "/app/healthcheck.py"
        assert what in checks
        assert service["command"][:2] == ["patrol", what]


def test_one_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            wanted = "completed_successfully" if other in ONE_OFF else "healthy"
            assert condition == f"service_{wanted}", (name, other)
    for name in ("web", "worker", "cron"):
        assert set(SERVICES[name]["depends_on"]) == {"migrate", "postgis", "redis"}
    assert set(SERVICES["nginx"]["depends_on"]) == {"web"}


def test_services_have_no_more_rights_than_they_need() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service
        assert "privileged" not in service
        assert service["security_opt"] == ["no-new-privileges:true"], name
        staying = "on-failure:10" if name in ONE_OFF else "unless-stopped"
        assert service["restart"] == staying
        # Only named volumes: nothing of the host is mounted.
        for volume in service["volumes"]:
            assert volume.split(":")[0] in COMPOSE["volumes"], name


def test_only_nginx_is_published_and_on_loopback_unless_told() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert list(published) == ["nginx"]
    (port,) = published["nginx"]
    assert interpolated(port, {}) == "127.0.0.1:8000:8080"


def test_servers_stand_on_a_network_without_a_way_out() -> None:
    assert COMPOSE["networks"]["back"] == {"internal": True}
    inner = {name for name, s in SERVICES.items() if s["networks"] == ["back"]}
    assert inner == {"cron", "migrate", "postgis", "redis"}
    # What it sends goes another way than what comes in.
    assert SERVICES["worker"]["networks"] == ["back", "out"]
    assert [name for name, s in SERVICES.items() if "out" in s["networks"]] == [
        "worker"
    ]


def test_images_are_pinned_by_tag_and_name_no_registry() -> None:
    names = [service["image"] for service in SERVICES.values()]
    names += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    for name in names:
        repository, _, tag = name.partition(":")
        assert tag not in {"", "latest"}, name
        assert "." not in repository, name


# --- commands ----------------------------------------------------------------------


def run_commands() -> list[tuple[str, ...]]:
    """Return every command of ours that the container files run."""
    lines = [service["command"] for service in OURS.values()]
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    (own,) = re.findall(r"^CMD \[(.+)\]", final, re.MULTILINE)
    lines.append(shlex.split(own.replace(",", " ")))
    return [tuple(line) for line in lines]


@pytest.mark.parametrize("line", run_commands(), ids=" ".join)
def test_commands_are_real(line: tuple[str, ...]) -> None:
    program, *rest = line
    assert program == "patrol"
    command: click.Command = patrol
    while isinstance(command, click.Group):
        name, *rest = rest
        found = command.get_command(click.Context(command), name)
        assert found is not None, name
        command = found
    # Parses, and refuses what the command does not know; runs nothing.
    assert command.make_context(command.name, list(rest)) is not None


# --- Dockerfile --------------------------------------------------------------------


def stages() -> dict[str, list[str]]:
    """Return the instructions of each stage, continuation lines joined."""
    found: dict[str, list[str]] = {}
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M))
    for line in filter(None, joined.splitlines()):
        if line.startswith("FROM "):
            instructions = found.setdefault(line.split(" AS ")[1], [])
        instructions.append(line)
    return found


def test_images_do_not_run_as_root() -> None:
    assert list(stages()) == ["builder", "front", "patrol"]
    for stage in ("front", "patrol"):
        users = [line for line in stages()[stage] if line.startswith("USER ")]
        assert users, stage
        assert users[-1].split()[1].split(":")[0] not in {"root", "0"}
    # The same number in the user's making as in USER.
    number = users[-1].split()[1].split(":")[0]
    assert any(f"--uid {number} " in line for line in stages()["patrol"])
    assert SERVICES["postgis"]["user"] == "postgres"
    assert SERVICES["redis"]["user"] == "redis"


def test_requirements_are_installed_by_hash_and_from_nowhere_in_particular() -> None:
    (install,) = [x for x in stages()["builder"] if "-r requirements.txt" in x]
    assert "--require-hashes" in install
    assert "--no-cache-dir" in install
    for file in DOCKER.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|trusted-host", text), file.name
        for host in re.findall(r"https?://([\w.$-]+)", text):
            assert host in {"127.0.0.1", "$web"}, file.name


def test_the_image_has_a_health_check() -> None:
    (check,) = [x for x in stages()["patrol"] if x.startswith("HEALTHCHECK ")]
    assert check.endswith('CMD ["python", "/app/healthcheck.py", "web"]')


def copied(stage: str) -> dict[str, str]:
    """Return what is copied from the clone in ``stage``: source and target."""
    pairs: dict[str, str] = {}
    for line in stages()[stage]:
        if line.startswith("COPY ") and "--from" not in line:
            *sources, target = line.split()[1:]
            pairs |= dict.fromkeys(sources, target)
    return pairs


def test_what_is_copied_and_nothing_else_reaches_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {line[1:] for line in rules if line.startswith("!")}
    assert let_in == {source for stage in stages() for source in copied(stage)}
    assert all((ROOT / source).exists() for source in let_in)


def test_the_program_finds_its_data_where_it_looks() -> None:
    """It looks beside the package, in whatever directory that is: /app here."""
    copies = copied("patrol")
    for directory in (bundled_root(), Path(migrate.SCRIPTS)):
        name = directory.relative_to(ROOT).as_posix()
        assert copies[name] == name
    assert "COPY --from=builder /app/server server" in stages()["patrol"]
    assert "WORKDIR /app" in stages()["patrol"]
    (install,) = [x for x in stages()["builder"] if "--editable ." in x]
    assert "--no-deps" in install


def test_the_build_gets_the_files_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {*project["license-files"], project.get("readme")} - {None}
    assert named <= set(copied("builder"))


# --- nginx.conf --------------------------------------------------------------------


def directive(name: str) -> str:
    """Return the value of a directive that stands once."""
    (value,) = re.findall(rf"^\s*{re.escape(name)}\s+([^;]+);", NGINX, re.MULTILINE)
    return str(value)


def test_nginx_takes_photos_of_the_allowed_size() -> None:
    limit = directive("client_max_body_size")
    assert limit.endswith("m")
    # A little more: a multipart envelope, and the program's own refusal.
    assert 0 < int(limit[:-1]) * MIB - Settings.max_photo_bytes <= 2 * MIB


def test_nginx_buffers_requests_and_answers() -> None:
    assert directive("proxy_request_buffering") == "on"
    assert directive("proxy_buffering") == "on"
    volume = SERVICES["nginx"]["volumes"][0].split(":")[1]
    for name in ("client_body_temp_path", "proxy_temp_path"):
        assert directive(name).startswith(volume + "/")


def test_nginx_leaves_compressed_and_tagged_answers_alone() -> None:
    types = directive("gzip_types").split()
    assert types
    for kind in types:
        assert "json" not in kind
        assert kind == "image/svg+xml" or not kind.startswith("image/")


def test_nginx_says_who_the_client_is() -> None:
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in NGINX
    assert "proxy_set_header X-Forwarded-Proto $forwarded_proto;" in NGINX


def test_nginx_and_web_agree_on_the_port() -> None:
    name, port = directive("set $web").split(":")
    command = SERVICES[name]["command"]
    assert command[command.index("--port") + 1] == port
    assert int(port) == load_healthcheck().PORT
    (published,) = SERVICES["nginx"]["ports"]
    assert re.search(rf"^ +listen {published.rsplit(':', 1)[1]};", NGINX, re.MULTILINE)


# --- healthcheck.py ----------------------------------------------------------------


def load_healthcheck() -> ModuleType:
    """Import the script that the images carry."""
    spec = importlib.util.spec_from_file_location(
        "docker_healthcheck", DOCKER / "healthcheck.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_web_is_healthy_when_it_is_ready(
    status: int, healthy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    check = load_healthcheck()
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(check, "PORT", server.server_port)
        said = check.main("web")
        server.shutdown()
        thread.join()
    assert (said is None) is healthy
    assert asked == ["/readyz"]
    # And with nobody there it says so instead of breaking.
    assert check.main("web").startswith("web: ")


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """Return the tests' Redis, as the health check is told of it."""
    url = os.environ["TEST_REDIS_URL"]
    monkeypatch.setenv("PATROL_REDIS_URL", url)
    client = Redis.from_url(url)
    yield client
    client.close()


def test_a_worker_is_healthy_while_it_is_registered_and_alive(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = load_healthcheck()
    worker = Worker(["nothing"], connection=redis)
    worker.register_birth()
    try:
        assert check.main("worker") is None
        # What a killed predecessor, or one in another container, left behind.
        monkeypatch.setattr(check.socket, "gethostname", lambda: "elsewhere")
        assert check.main("worker") == "worker does not do its work"
    finally:
        worker.register_death()


def test_cron_is_healthy_while_it_leaves_signs_of_life(redis: Redis) -> None:
    check = load_healthcheck()
    redis.delete("patrol:alive:cron")
    assert check.main("cron") == "cron does not do its work"
    note_alive(redis, "cron")
    assert check.main("cron") is None
    assert 0 < redis.ttl("patrol:alive:cron") <= 60
