"""Our own PostgreSQL and Redis: real servers, killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import redis
from sqlalchemy import NullPool, create_engine, text

from server.core.embedded import (
    DirectoryInUse,
    EmbeddedError,
    EmbeddedPostgres,
    EmbeddedRedis,
    ServicesMissing,
    identity,
    postgres,
    programs,
)
from server.core.embedded.databases import connect, database_exists
from server.core.embedded.directories import PREFIX, socket_directory
from server.core.embedded.processes import parent_of, wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is nobody's business."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def keep(url: str, word: str) -> None:
    with connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [word])


def kept(url: str) -> list[str]:
    with connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM kept")]


def redis_at(url: str) -> redis.Redis:
    return redis.Redis.from_url(url)


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a program of its own, as ``patrol run`` is one."""
    argv = [sys.executable, "-c", dedent(code), *map(str, arguments)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def test_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    keep(server.start(), "隐患")
    server.stop()
    server.stop()
    assert kept(server.start()) == ["隐患"]
    assert server.start() == server.url(), "starting what runs changes nothing"
    server.stop()


def test_settings(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        with create_engine(server.url(), poolclass=NullPool).connect() as connection:

            def ask(expression: str) -> object:
                return connection.execute(text(f"SELECT {expression}")).scalar_one()

            def setting(name: str) -> object:
                return ask(f"current_setting('{name}')")

            assert setting("listen_addresses") == ""
            assert setting("TimeZone") == "UTC"
            assert setting("fsync") == "on"
            assert setting("synchronous_commit") == "on"
            assert setting("server_encoding") == "UTF8"
            assert ask("ST_AsText(ST_Point(109.8, 40.6))") == "POINT(109.8 40.6)"
        sockets = Path(str(server._sockets))
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert server.data.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


def test_databases(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        keep(server.create_database("template_x"), "copied")
        url = server.create_database("copy", template="template_x")
        assert kept(url) == ["copied"]
        with connect(url) as connection:
            connection.execute("SELECT postgis_version()")
            server.drop_database("copy")
        server.drop_database("copy")
        assert not database_exists(server.admin_url, "copy")


def test_environment_does_not_lead_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "5999")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "zh_CN.GB18030")
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as server:
        keep(server.url(), "here")


def test_deep_path_with_blanks(tmp_path: Path) -> None:
    deep = tmp_path / "a b" / '巡查\'s "数据", \\ %s' / ("x" * 120)
    with (
        EmbeddedPostgres(deep / "postgres", durable=False) as server,
        EmbeddedRedis(deep / "redis") as store,
    ):
        keep(server.url(), "deep")
        with redis_at(store.url()) as client:
            assert client.set("deep", 1)


def test_killed_postgres_recovers(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    keep(server.start(), "safe")
    os.kill(server.pid, signal.SIGKILL)
    assert wait_for(lambda: not server.alive(), 10)
    assert kept(server.start()) == ["safe"]
    server.stop()


ORPHAN = """
    import os, signal, sys
    from pathlib import Path
    from server.core.embedded import EmbeddedPostgres, EmbeddedRedis, processes
    if sys.argv[2] == "untethered":
        processes.find_program = lambda name: None
    place = Path(sys.argv[1])
    store, server = EmbeddedRedis(place / "redis"), EmbeddedPostgres(place / "postgres")
    store.start(), server.start()
    print(store.pid, server.pid, flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("tether", ["tethered", "untethered"])
def test_killed_keeper_recovers(tmp_path: Path, tether: str) -> None:
    """Whoever started the servers is killed: they end with it, or at the next start."""
    with python(ORPHAN, tmp_path, tether) as keeper:
        assert keeper.stdout is not None
        pids = [int(word) for word in keeper.stdout.readline().split()]
        store, server = (
            EmbeddedRedis(tmp_path / "redis"),
            EmbeddedPostgres(tmp_path / "postgres"),
        )
        running = server.running_url()
        assert running is not None
        keep(running, "before")
        with redis_at(str(store.running_url())) as client:
            client.set("word", "before")
        for contender in (server, store):
            with pytest.raises(DirectoryInUse, match=str(keeper.pid)):
                contender.start()
        keeper.kill()
    if tether == "tethered":
        assert wait_for(lambda: not any(map(alive, pids)), 20)
    else:
        assert all(map(alive, pids))
    with server, store:
        assert not any(map(alive, pids))
        assert kept(server.url()) == ["before"]
        with redis_at(store.url()) as client:
            assert client.get("word") == b"before"
    assert server.running_url() is None
    assert store.running_url() is None


def test_stale_pid_file_of_another_process(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.start()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
    server.start()
    assert server.pid != bystander.pid
    server.stop()
    assert bystander.poll() is None


def test_stale_pid_file_of_another_server(tmp_path: Path) -> None:
    """In a container ids are few: the number may belong to a server of someone else."""
    other = EmbeddedPostgres(tmp_path / "other", durable=False)
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.start()
    server.stop()
    with other:
        (server.data / "postmaster.pid").write_text(f"{other.pid}\n{server.data}\n")
        with server:
            keep(server.url(), "mine")
        assert other.alive()
        keep(other.url(), "theirs")
    (server.data / "postmaster.pid").write_text("")
    with server:
        assert kept(server.url()) == ["mine"]


def test_half_made_directory_is_made_afresh(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    draft = server.directory / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("15\n")
    with server:
        keep(server.url(), "whole")
    assert not draft.exists()


def test_half_made_database_is_made_afresh(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    with server:
        with connect(server.admin_url) as admin:
            admin.execute('ALTER DATABASE patrol RENAME TO "patrol.new"')
        with connect(server.url("patrol.new")) as connection:
            connection.execute("DROP EXTENSION postgis")
    with server:
        with connect(server.url()) as connection:
            connection.execute("SELECT postgis_version()")
        assert not database_exists(server.admin_url, "patrol.new")


def test_sockets_never_go_where_another_user_waits(tmp_path: Path) -> None:
    uid, gid = os.geteuid(), os.getegid()
    first = socket_directory(tmp_path / "data", uid, gid)
    first.rmdir()
    first.symlink_to(tmp_path)
    try:
        second = socket_directory(tmp_path / "data", uid, gid)
        assert second != first
        assert second.lstat().st_uid == uid
        second.chmod(0o755)
        assert socket_directory(tmp_path / "data", uid, gid) == second
        assert second.stat().st_mode & 0o777 == 0o700
        second.rmdir()
    finally:
        first.unlink()


def test_failure_shows_the_log(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    with server:
        pass
    (server.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        server.start()
    assert not server.alive()


def test_missing_programs_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "DEBIAN_POSTGRES", tmp_path)
    monkeypatch.setattr(programs, "SYSTEM_PATH", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    line = "apt-get install -y --no-install-recommends postgresql-postgis redis-server"
    for server in (EmbeddedPostgres(tmp_path / "p"), EmbeddedRedis(tmp_path / "r")):
        with pytest.raises(ServicesMissing, match=line):
            server.start()


def test_redis_keeps_its_data(tmp_path: Path) -> None:
    store = EmbeddedRedis(tmp_path / "redis")
    url = store.start()
    assert url.startswith("unix:///")
    assert url.endswith("/redis.sock?db=0")
    with redis_at(url) as client:
        client.set("word", "台账")
        config = client.config_get("port", "appendfsync", "unixsocketperm")
    assert config == {"port": "0", "appendfsync": "everysec", "unixsocketperm": "700"}
    store.stop()
    store.start()
    with redis_at(url) as client:
        assert client.get("word") == "台账".encode()
        client.set("word", "again")
        assert wait_for(
            lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0, 5
        )
    os.kill(store.pid, signal.SIGKILL)
    assert wait_for(lambda: not store.alive(), 10)
    store.start()
    with redis_at(url) as client:
        assert client.get("word") == b"again"
    store.stop()


def test_redis_refuses_a_second_keeper(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis") as store:
        with pytest.raises(DirectoryInUse, match=str(os.getpid())):
            EmbeddedRedis(tmp_path / "redis").start()
        assert store.alive()


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory every user can reach, unlike pytest's own."""
    place = Path(tempfile.mkdtemp(prefix="embedded-", dir="/var/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


ORDINARY = """
    import os, sys
    from pathlib import Path
    from server.core.embedded import EmbeddedPostgres, EmbeddedRedis

    def go(place):
        with EmbeddedPostgres(place / "postgres", durable=False) as server:
            with EmbeddedRedis(place / "redis"):
                print(Path(f"/proc/{server.pid}").stat().st_uid, flush=True)

    # Once as root, so that every module is loaded: the other may not read them.
    go(Path(sys.argv[1]))
    uid = int(sys.argv[3])
    os.setgroups([]), os.setgid(uid), os.setuid(uid)
    go(Path(sys.argv[2]))
"""


@as_root
def test_ordinary_user(tmp_path: Path, open_place: Path) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    private = open_place / "home"
    private.mkdir(mode=0o700)
    os.chown(private, uid, -1)
    with python(ORDINARY, tmp_path, private, uid) as process:
        assert process.stdout is not None
        owners = process.stdout.read().split()
    assert process.returncode == 0
    assert owners == ["0", str(uid)]
    assert (private / "postgres" / "data").stat().st_uid == uid


@as_root
def test_root_runs_data_of_another_as_that_user(open_place: Path) -> None:
    """``patrol run`` by root in a clone that was used by its owner before."""
    uid = pwd.getpwnam("nobody").pw_uid
    server = EmbeddedPostgres(open_place / "postgres", durable=False)
    store = EmbeddedRedis(open_place / "redis")
    with server, store:
        keep(server.url(), "owned")
    subprocess.run(["chown", "-R", str(uid), open_place], check=True)
    with server, store:
        assert kept(server.url()) == ["owned"]
        for pid in (server.pid, store.pid):
            assert Path(f"/proc/{pid}").stat().st_uid == uid


@as_root
def test_root_without_namespaces(
    tmp_path: Path, open_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container: the data go where the server's own user can reach them."""
    monkeypatch.setattr(postgres, "root_disguised", lambda: None)
    monkeypatch.setattr(identity, "FALLBACK_PLACES", (open_place,))
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    with server:
        keep(server.url(), "outside")
        shutil.copytree(tmp_path / "postgres", tmp_path / "copy", symlinks=True)
        with pytest.raises(DirectoryInUse):
            EmbeddedPostgres(tmp_path / "copy").start()
    assert server.data.is_symlink()
    assert open_place / PREFIX in server.data.resolve().parents
    with server:
        assert kept(server.url()) == ["outside"]
        first = server.pid
        os.kill(first, signal.SIGKILL)
    with server:
        assert kept(server.url()) == ["outside"]
    # The link is made before the data: a crash between the two is no obstacle.
    shutil.rmtree(server.data.resolve())
    with server:
        assert parent_of(server.pid) == os.getpid()
