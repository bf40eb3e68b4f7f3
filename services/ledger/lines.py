"""
Acts one a line (NDJSON): any number of them in constant memory, each by itself, in their order.

Lines are taken in groups. A group is one request as long as all is well; where one of its acts is refused, nothing of
it was recorded, and its acts are recorded one by one. What became of each line waits in a file until the body is read.
"""

import asyncio
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import Future
from contextlib import aclosing
from tempfile import TemporaryFile
from typing import IO, Any, Final, NamedTuple, TypeVar

import msgspec
import psycopg
from psycopg.errors import ProgramLimitExceeded

from contracts.document import EVENT_BYTES_MAX
from contracts.event import Event
from contracts.faults import Fault
from edge.tokens import Token
from ledger.acts import Appended, Draft, Receipt
from ledger.application import needs_decision
from ledger.errors import BadRequest, Conflict, QueueFull, Rejected
from ledger.main import Ledger, is_heeded

_LINE_BYTES_MAX: Final = EVENT_BYTES_MAX + 1  # a carriage return
_GROUP_ACTS_MAX: Final = 1_000
_GROUP_BYTES_MAX: Final = 512 * 1024
_WORTH_SENDING_BYTES: Final = 64 * 1024
_GROUP_SECONDS: Final = 0.05
"""So long the first line of a group waits for others: whoever sends slowly has each recorded as it comes."""
_FULL_SECONDS: Final = 0.05
_ANSWER_BYTES: Final = 256 * 1024

_REFUSALS: Final = (Rejected, Conflict, psycopg.DataError, psycopg.IntegrityError, ProgramLimitExceeded, UnicodeError)
"""What refuses a request for what is in it. Anything else, such as a database that is gone, ends the post."""

A = TypeVar("A")
T = TypeVar("T")
Told = Callable[[Exception], Mapping[str, Any]]
"""Return the members of the problem (RFC 9457) that an error is."""

_encode: Final = msgspec.json.Encoder().encode


class Line(NamedTuple):
    """A line of the body, counted from 1; without content where it is longer than an act may be."""

    number: int
    content: bytes | None


class Read(NamedTuple):
    """What a line holds: an admitted act, as a draft where another process read it, or why it is none."""

    number: int
    held: Event | Draft | BadRequest


class Cutter:
    """Cuts a body into lines as it comes. Keeps one line at most; blank ones are counted and passed over."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._too_long = False
        self._number = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """Yield the lines that end in this chunk."""
        first, *others = chunk.split(b"\n")
        self._keep(first)
        for other in others:
            yield from self.end()
            self._keep(other)

    def end(self) -> Iterator[Line]:
        """Yield the line that was begun: the last one need not end."""
        self._number += 1
        if self._too_long:
            yield Line(self._number, None)
        elif content := self._begun.strip(b" \t\r"):
            yield Line(self._number, bytes(content))
        self._begun.clear()
        self._too_long = False

    def _keep(self, part: bytes) -> None:
        if self._too_long or len(self._begun) + len(part) > _LINE_BYTES_MAX:
            self._too_long = True
            self._begun.clear()
        else:
            self._begun += part


async def groups(body: AsyncIterable[bytes]) -> AsyncGenerator[list[Line]]:
    """Yield the lines of a body: together as many as fit into a group, and as come soon after its first."""
    clock = asyncio.get_running_loop().time
    chunks = aiter(body)
    coming: asyncio.Task[bytes | None] | None = None
    cutter = Cutter()
    group: list[Line] = []
    size, until = 0, 0.0
    try:
        while True:
            coming = coming or asyncio.create_task(_next(chunks))
            await asyncio.wait([coming], timeout=max(0.0, until - clock()) if group else None)
            if not coming.done():
                yield group
                group, size = [], 0
                continue
            chunk, coming = coming.result(), None
            for line in cutter.end() if chunk is None else cutter.feed(chunk):
                until = until if group else clock() + _GROUP_SECONDS
                group.append(line)
                size += len(line.content or b"")
                if len(group) >= _GROUP_ACTS_MAX or size >= _GROUP_BYTES_MAX:
                    yield group
                    group, size = [], 0
            if chunk is None:
                break
        if group:
            yield group
    finally:
        if coming is not None:
            coming.cancel()


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def post_lines(
    ledger: Ledger, token: Token, body: AsyncIterable[bytes], told: Told, require_live: Callable[[], Awaitable[None]]
) -> IO[bytes]:
    """
    Record the acts of a body; return a file with one line for each of its lines: a receipt or a problem.

    The next group is read and admitted while the one before is committed. Raises `Unavailable` where the database does
    not answer, and whatever reading the body or `require_live`, asked before each group, raises: what was recorded
    until then stays recorded.
    """
    post = _Post(ledger, token, told)
    loop = asyncio.get_running_loop()
    recorded: asyncio.Future[None] | None = None
    try:
        async with aclosing(groups(body)) as found:
            async for lines in found:
                await require_live()
                left: Sequence[Line] = lines
                while left:
                    reads = await loop.run_in_executor(ledger.line_threads, post.admit, left)
                    if recorded is not None:
                        await recorded
                    recorded = loop.run_in_executor(ledger.line_threads, post.record, reads)
                    left = left[len(reads) :]
                    if _decides_reading(reads[-1]):
                        await recorded
        if recorded is not None:
            await recorded
        post.answer.seek(0)
    except BaseException:
        if recorded is not None:
            recorded.cancel()
        post.answer.close()
        raise
    return post.answer


async def answered(answer: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield what `post_lines` returned, and close it."""
    with answer:
        while chunk := await asyncio.to_thread(answer.read, _ANSWER_BYTES):
            yield chunk


class _Post:
    """One body. Its methods block: they run in threads, each one call after the other."""

    def __init__(self, ledger: Ledger, token: Token, told: Told) -> None:
        self._ledger, self._token, self._told = ledger, token, told
        self.answer: IO[bytes] = TemporaryFile()  # noqa: SIM115 - it outlives the post: `answered` closes it

    def admit(self, lines: Sequence[Line]) -> list[Read]:
        """Read lines, up to one that decides how those after it are read."""
        drafts = self._read_apart(lines)
        if drafts is not None:
            return [Read(line.number, draft) for line, draft in zip(lines, drafts, strict=True)]
        reads: list[Read] = []
        for number, content in lines:
            reads.append(Read(number, self._held(content)))
            if _decides_reading(reads[-1]):
                break
        return reads

    def record(self, reads: Sequence[Read]) -> None:
        """Record what was admitted, and write down what became of every line."""
        drafts = [held for _, held in reads if isinstance(held, Draft)]
        # A list: the last act may be heeded after its outcome is there.
        outcomes = iter(
            self._receipts(drafts)
            if drafts
            else list(self._outcomes([held for _, held in reads if isinstance(held, Event)]))
        )
        for number, held in reads:
            outcome = held if isinstance(held, BadRequest) else next(outcomes)
            document = outcome if isinstance(outcome, Receipt) else self._told(outcome)
            self.answer.write(b'{"line":%d,%b\n' % (number, _encode(document)[1:]))

    def _read_apart(self, lines: Sequence[Line]) -> list[Draft] | None:
        """Have lines read as one batch, if that gives each line's own bytes as an act of its own."""
        contents = [content for _, content in lines if content is not None]
        if len(contents) < len(lines) or sum(map(len, contents)) < _WORTH_SENDING_BYTES:
            return None
        drafts = self._ledger.read_apart(b"[" + b",".join(contents) + b"]", self._token)
        # A line may hold what only together with the next one is an act, or two.
        return drafts if drafts is not None and [each.payload for each in drafts] == contents else None

    def _receipts(self, drafts: Sequence[Draft]) -> list[Receipt | Exception]:
        """Record acts that were read apart, together if none is refused."""
        try:
            return list(_patiently(self._recorded_plain, drafts).receipts)
        except _REFUSALS:
            return list(self._outcomes([self._ledger.admission.one(each.payload, self._token)[0] for each in drafts]))

    def _recorded_plain(self, drafts: Sequence[Draft]) -> Appended:
        return self._ledger.submit_plain(drafts).result()

    def _held(self, content: bytes | None) -> Event | BadRequest:
        if content is None:
            return BadRequest([Fault("", "too_large", f"more than {EVENT_BYTES_MAX} bytes in one act")], 413)
        try:
            return self._ledger.admission.one(content, self._token)[0]
        except BadRequest as exc:
            return exc

    def _outcomes(self, acts: Sequence[Event]) -> Iterator[Receipt | Exception]:
        """Record acts; yield a receipt or a refusal for each. What the ledger heeds is heeded before the next act."""
        begin = 0
        for end, act in enumerate(acts, 1):
            if is_heeded(act):
                yield from self._together(acts[begin:end])
                self._ledger.heed([act])
                begin = end
        yield from self._together(acts[begin:])

    def _together(self, acts: Sequence[Event]) -> Iterator[Receipt | Exception]:
        if not acts:
            return
        if self._asks_first(acts):  # each is judged with those before it on record
            yield from self._one_by_one(acts)
            return
        try:
            receipts = _patiently(self._recorded, acts).receipts
        except _REFUSALS as exc:
            yield from self._one_by_one(acts) if len(acts) > 1 else [exc]
        else:
            yield from receipts

    def _one_by_one(self, acts: Sequence[Event]) -> Iterator[Receipt | Exception]:
        """Record acts each by itself. Those that nothing has to be asked about may still share a commit."""
        queued: list[Future[Appended]] = []
        for act in acts:
            if not needs_decision(act) and not self._asks_first([act]):
                queued.append(_patiently(self._ledger.submit, [act]))
                continue
            yield from map(_outcome, queued)
            queued = []
            try:
                yield _patiently(self._recorded, [act]).receipts[0]
            except _REFUSALS as exc:
                yield exc
        yield from map(_outcome, queued)

    def _asks_first(self, acts: Sequence[Event]) -> bool:
        gatekeeper = self._ledger.gatekeeper
        return gatekeeper is not None and gatekeeper.concerns(acts)

    def _recorded(self, acts: Sequence[Event]) -> Appended:
        return self._ledger.post(acts).result()


def _decides_reading(read: Read) -> bool:
    """Say whether a line is a pack, whose words the next lines may use."""
    return isinstance(read.held, Event) and read.held.act.type == "catalogue.extend"


def _patiently(record: Callable[[Sequence[A]], T], acts: Sequence[A]) -> T:
    """Wait while the queue is full: nothing more is read of the body meanwhile."""
    while True:
        try:
            return record(acts)
        except QueueFull:
            time.sleep(_FULL_SECONDS)


def _outcome(recorded: Future[Appended]) -> Receipt | Exception:
    try:
        return recorded.result().receipts[0]
    except _REFUSALS as exc:
        return exc
