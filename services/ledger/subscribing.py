"""
Acts as they are recorded, for many subscribers at once (server-sent events).

Who has read to the end of the log waits for the one listener of the process, which reads what is new once for all of
them. Who is behind reads pages at their own pace, from the pool. Everybody goes by a position of their own, so nothing
is skipped or repeated, whichever way it came. What is in memory for all was recorded seconds ago at most.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import accumulate
from typing import Final, NamedTuple

import msgspec
import psycopg
import structlog
from msgspec import UNSET
from psycopg import Connection
from psycopg.rows import TupleRow

from edge.database import Pool, statement, working_as
from edge.paging import write_cursor
from ledger.errors import LedgerError, Unavailable
from ledger.reading import Reading, StoredAct

SUBSCRIBERS_MAX: Final = 1_000
HEARTBEAT_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 1.0
_PAGE_ACTS: Final = 200
_CHUNK_BYTES_MAX: Final = 256 * 1024
"""What one subscriber is sent at once, but for one act: a slow one holds no more than that."""
_TAIL_PORTIONS_MAX: Final = 8
_TAIL_SECONDS: Final = 5.0
"""So long new acts are kept for all; what is erased later is not shown from memory."""
_PAGE_THREADS: Final = 2

_encode: Final = msgspec.json.Encoder().encode
_log: Final = structlog.get_logger()


class _Act(NamedTuple):
    """An act with what subscribers may ask for: its text without and with its salt."""

    position: int
    type: str
    tags: Sequence[str]
    texts: tuple[bytes, bytes]


class _Portion(NamedTuple):
    """Every act from after one position on, read at once; `read_at` is on the monotonic clock."""

    after: int
    acts: Sequence[_Act]
    read_at: float

    @property
    def last(self) -> int:
        return self.acts[-1].position


class Feed:
    """The end of one log. The listener's thread begins with the first subscriber."""

    def __init__(self, dsn: str, pool: Pool, log_id: int, reading: Reading) -> None:
        self._dsn, self._pool, self._log_id = dsn, pool, log_id
        self.reading = reading
        self.page_threads = ThreadPoolExecutor(_PAGE_THREADS, "feed pages")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed listener", daemon=True)
        self._connection: Connection[TupleRow] | None = None
        # In the thread of the loop only
        self._subscribers: set[Subscription] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tail: deque[_Portion] = deque(maxlen=_TAIL_PORTIONS_MAX)
        self.last: int | None = None
        """Up to where the listener has read; None while it does not read."""

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.page_threads.shutdown(cancel_futures=True)

    def forget(self) -> None:
        """Show nothing from memory that was read before now: its content may be erased."""
        self._call(self._tail.clear)

    def require_room(self) -> None:
        """Raise `Unavailable` where there are too many subscribers."""
        if len(self._subscribers) >= SUBSCRIBERS_MAX:
            raise Unavailable(f"{SUBSCRIBERS_MAX} subscribers are served already")

    def enter(self, subscription: "Subscription") -> None:
        self._loop = asyncio.get_running_loop()
        self._subscribers.add(subscription)
        if self._thread.ident is None:
            self._thread.start()

    def leave(self, subscription: "Subscription") -> None:
        self._subscribers.discard(subscription)

    def portion_after(self, position: int) -> _Portion | None:
        """Return what was read for all after this position; None where that begins later."""
        return next((each for each in self._tail if each.after <= position < each.last), None)

    def _take(self, portion: _Portion | None, last: int | None, taken: threading.Event) -> None:
        """Keep what the listener read, and wake whoever waits."""
        if last is None:
            self._tail.clear()
        if portion is not None:
            self._tail.append(portion)
        while self._tail and time.monotonic() - self._tail[0].read_at > _TAIL_SECONDS:
            self._tail.popleft()
        if last != self.last:
            self.last = last
            for each in self._subscribers:
                each.awake.set()
        taken.set()

    def _end_all(self) -> None:
        for each in self._subscribers:
            each.end()

    # The listener's thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wait()
            try:
                self._read_on()
            except psycopg.Error as exc:
                _log.warning("feed_not_read", error=str(exc).strip())
            except LedgerError as exc:
                _log.error("feed_broken", error=str(exc))
                self._call(self._end_all)
                self._hand_over(None, None)
        if self._connection is not None:
            self._connection.close()

    def _wait(self) -> None:
        """Return when there may be something to read: a notification only saves waiting."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._dsn, autocommit=True, connect_timeout=3, application_name="quanze feed listener"
                )
                working_as("quanze_writer")(self._connection)
                self._connection.execute("LISTEN ledger_feed")
                return  # what came before is not heard
            for _ in self._connection.notifies(timeout=_POLL_SECONDS, stop_after=1):
                pass
        except psycopg.Error as exc:
            _log.warning("feed_listen_lost", error=str(exc).strip())
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._stopping.wait(_POLL_SECONDS)

    def _read_on(self) -> None:
        """Read what is new, as long as somebody is there to read it for."""
        if not self._subscribers:
            self._hand_over(None, None)
            return
        if self.last is None:
            self._hand_over(None, self.reading.log().size)
        taken = True
        while taken and self.last is not None:
            acts = self._acts_after(self.last)
            if not acts:
                self._hand_over(None, self.last)
                return
            portion = _Portion(self.last, acts, time.monotonic())
            taken = self._hand_over(portion, portion.last)

    def _acts_after(self, after: int) -> list[_Act]:
        found = self.reading.acts(write_cursor(after), _PAGE_ACTS, tag=None, act=None, with_salt=True).items
        if not found:
            return []
        texts = [(_text(msgspec.structs.replace(act, salt=UNSET)), _text(act)) for act in found]
        fitting = _fitting(len(text) for _, text in texts)
        parameters = {"log_id": self._log_id, "after": after, "last": after + fitting}
        with self._pool.connection() as connection:
            rows = connection.execute(statement("ledger", "tags_between"), parameters).fetchall()
        return [_Act(*row, texts=each) for row, each in zip(rows, texts[:fitting], strict=True)]

    def _hand_over(self, portion: _Portion | None, last: int | None) -> bool:
        """Give the loop what was read, and wait until it has it, so that nothing piles up; say whether it has."""
        taken = threading.Event()
        if not self._call(partial(self._take, portion, last, taken)):
            return False
        while not taken.wait(_POLL_SECONDS):
            if self._stopping.is_set():
                return False
        return True

    def _call(self, call: Callable[[], object]) -> bool:
        """Have something done in the thread of the loop; say whether there is one."""
        if self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # it was closed
            return False
        return True


class Subscription:
    """
    One subscriber: what was asked for, and how far it has got.

    `allowed` is asked before anything is sent: a subscription does not outlive the token it was made with. Everything
    here happens in the thread of the loop.
    """

    def __init__(
        self,
        feed: Feed,
        after: int,
        *,
        tag: str | None,
        act: str | None,
        with_salt: bool,
        allowed: Callable[[], Awaitable[bool]],
    ) -> None:
        self._feed, self._position = feed, after
        self._tag, self._act, self._with_salt = tag, act, with_salt
        self._allowed = allowed
        self._ended = False
        self.awake = asyncio.Event()
        """Set when there may be something to do."""
        feed.require_room()

    def end(self) -> None:
        self._ended = True
        self.awake.set()

    async def read(self) -> AsyncIterator[bytes]:
        """
        Yield what a client is sent, until `end`. Every act after the position asked for, in order, once.

        Nothing is read ahead: the next act is looked for when the client has taken the last one.
        """
        clock = asyncio.get_running_loop().time
        beat = clock() + HEARTBEAT_SECONDS
        self._feed.enter(self)
        try:
            yield b"retry: 1000\n\n"
            while not self._ended:
                self.awake.clear()
                chunk = await self._next()
                if chunk is None:
                    await self._pause(beat - clock())
                if clock() >= beat:
                    chunk = (chunk or b"") + b":\n\n"
                    beat = clock() + HEARTBEAT_SECONDS
                if chunk:
                    if not await self._allowed():
                        return
                    yield chunk
        finally:
            self._feed.leave(self)

    async def _next(self) -> bytes | None:
        """Return the next acts asked for, perhaps none among those just passed over; None at the end of the log."""
        head = self._feed.last
        if head is not None and self._position >= head:
            return None
        portion = self._feed.portion_after(self._position)
        if portion is None:
            return await self._page(head or 0)
        texts = [each.texts[self._with_salt] for each in portion.acts if self._wants(each)]
        self._position = portion.last
        return b"".join(texts)

    def _wants(self, act: _Act) -> bool:
        return (
            act.position > self._position
            and (self._act is None or self._act == act.type)
            and (self._tag is None or self._tag in act.tags)
        )

    async def _page(self, head: int) -> bytes | None:
        """Read on from the database. `head` was the log's size, or less, before that."""
        read = partial(
            self._feed.reading.acts,
            write_cursor(self._position),
            _PAGE_ACTS,
            tag=self._tag,
            act=self._act,
            with_salt=self._with_salt,
        )
        try:
            page = await asyncio.get_running_loop().run_in_executor(self._feed.page_threads, read)
        except psycopg.OperationalError as exc:
            _log.warning("feed_page_not_read", error=str(exc).strip())
            return None  # tried again when something is heard, or at the next heartbeat
        began, texts = self._position, [_text(act) for act in page.items]
        fitting = min(len(texts), _fitting(map(len, texts)))
        if fitting:
            self._position = page.items[fitting - 1].receipt.position
        if page.next is None and fitting == len(texts):
            self._position = max(self._position, head)
        return b"".join(texts[:fitting]) if self._position > began else None

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.awake.wait()
        except TimeoutError:
            return


def _text(act: StoredAct) -> bytes:
    """Return an act as one event. Line ends, of which JSON has some between its tokens, part it into several lines."""
    data = _encode(act)
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(data.splitlines())
    return b"id: %d\ndata: %b\n\n" % (act.receipt.position, data)


def _fitting(sizes: Iterable[int]) -> int:
    """Return how many texts of these sizes fit into a chunk: one in any case."""
    return max(1, sum(total <= _CHUNK_BYTES_MAX for total in accumulate(sizes)))
