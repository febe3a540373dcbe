"""The one way out of the process: every request is limited, broken off, retried, bounded and counted here."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from cockpit import __version__
from cockpit.clock import Clock
from cockpit.errors import ProviderError, Refusal, UsageError
from cockpit.health.status import ProviderStatus
from cockpit.health.usage import Usage
from cockpit.net.breaker import BreakerOpenError, BreakerState
from cockpit.net.limiter import LimitError
from cockpit.net.link import ProviderLink
from cockpit.net.memory import read_memory, write_memory
from cockpit.net.responses import Response, allowance_of, refusal_of
from cockpit.net.retry import Retry
from cockpit.net.second_level import SecondLevel
from cockpit.net.shared_log import SharedLog, account_of

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

Judge = Callable[[Response], ProviderError | None]
"""A vendor's own reading of an answer, asked before the general one: refusals in its own words, or None."""

MAX_BODY = 32 * 2**20
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 3
_PATIENCE = 90.0
_CONNECTIONS = 256
_A_WAIT = 0.001
_REVIVE_SECONDS = 5.0
_CONNECTIONS_PER_HOST = 128


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, and what the vendor charges for it."""

    method: str
    url: str
    params: Mapping[str, str] | None
    form: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    weight: int


class HttpClient:
    """One session for all vendors, made at the first request.

    Args:
        clock: drives limits, breakers and ages; public for those who pace something of their own.
        retry: how UNAVAILABLE is retried.
        max_body: most bytes of a decompressed answer.
        shared: the log that limits are shared through with other cockpits; None: this process counts alone.
        second: stands behind the vendors' caches in memory.
        wall: time that a memory's age counts by, real even where the market's is not; the clock's where not given.
        on_pause: called when a vendor has refused for some time, so that it can be written down at once.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        retry: Retry | None = None,
        max_body: int = MAX_BODY,
        shared: SharedLog | None = None,
        second: SecondLevel | None = None,
        on_pause: Callable[[], None] | None = None,
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        self.clock = clock
        self._retry = retry or Retry()
        self._max_body = max_body
        self._wall = wall or clock.now
        self._shared = shared
        self._second = second
        self._on_pause = on_pause
        self._beats: asyncio.Task[None] | None = None
        self._links: dict[str, ProviderLink] = {}
        self._session: ClientSession | None = None
        self._closed = False

    def link(
        self, name: str, limits: Sequence[str] = (), timeout: float = 10.0, *, address: str = "", secret: str = ""
    ) -> ProviderLink:
        """The state of a vendor, made at the first call.

        Args:
            name: of the vendor.
            limits: such as ``("120/1m",)``.
            timeout: of a whole request, seconds.
            address: where it is asked.
            secret: what it is asked with; those with the same address and secret share their limits.
        """
        if name not in self._links:
            account = account_of(name, address, secret)
            second = self._second.scope(name, address) if self._second is not None else None
            self._links[name] = ProviderLink(name, limits, timeout, self.clock, self._shared, account, second)
        return self._links[name]

    def statuses(self) -> tuple[ProviderStatus, ...]:
        """Every vendor for the health board, in the order they were linked."""
        return tuple(link.status() for link in self._links.values())

    def usage(self) -> Iterator[tuple[tuple[str, str], Usage]]:
        """What was asked since the start, by vendor and endpoint."""
        for name, link in self._links.items():
            for endpoint, counts in link.counts():
                yield (name, endpoint), counts

    async def drop_cache(self, name: str = "", tag: str = "") -> int:
        """Forget answers of a vendor, or of all, kept with a tag, or all of them; how many left the memory.

        Raises:
            UsageError: there is no such vendor.
        """
        links = [self._known(name)] if name else list(self._links.values())
        return sum([await link.drop_cache(tag) for link in links])

    def reset_breaker(self, name: str) -> str:
        """Ask a vendor again that was left alone; what its breaker was before: ``open``, ``half-open``, ``closed``.

        Its limits, and bans that it has told, stay in force.

        Raises:
            UsageError: there is no such vendor.
        """
        breaker = self._known(name).breaker
        before = breaker.state
        breaker.reset()
        return before.value

    async def probe(self, name: str) -> float:
        """Ask a vendor the cheapest thing, also while it is left alone; the seconds until its answer.

        The request waits for its limits like any other.

        Raises:
            UsageError: there is no such vendor, or nothing cheap to ask it.
            ProviderError: what has come of it.
        """
        link = self._known(name)
        if link.probe is None:
            raise UsageError(f"{name} has nothing cheap to ask; it is asked again when it is needed")
        link.breaker.end_rest()
        started = self.clock.monotonic()
        try:
            await link.probe()
        except ProviderError as error:
            if error.refusal is not Refusal.NOT_FOUND:  # that it does not know is an answer, too
                raise
        return self.clock.monotonic() - started

    async def revive(self) -> None:
        """Ask vendors that were out of reach the cheapest thing, for ever: nobody else may need them for a while."""
        while True:
            await asyncio.sleep(_REVIVE_SECONDS)
            for link in list(self._links.values()):  # another may come while one is asked
                if link.probe is not None and link.is_unreachable and link.breaker.state is not BreakerState.OPEN:
                    with suppress(ProviderError):  # it is told by the vendor's row
                        await link.probe()

    def _known(self, name: str) -> ProviderLink:
        if name not in self._links:
            raise UsageError(f"there is no vendor {name}; there are {', '.join(self._links)}")
        return self._links[name]

    def memory(self) -> str:
        """What must outlive the process, as JSON: allowances of a day that are spent, bans that are in force."""
        return write_memory({name: link.limiter.memory() for name, link in self._links.items()}, self._wall())

    def remember(self, text: str) -> None:
        """Go on from an earlier process's :meth:`memory`; after the links are made and before the first request.

        A text that does not read as one is no memory, and changes nothing.
        """
        memories, elapsed = read_memory(text, self._wall())
        for name, memory in memories.items():
            if name in self._links:
                self._links[name].limiter.remember(memory, elapsed)

    async def get(
        self,
        provider: str,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        weight: int = 1,
        judge: Judge | None = None,
    ) -> Response:
        """Ask with GET and return a successful answer.

        Args:
            provider: a name given to :meth:`link`.
            url: absolute.
            params: the query, encoded here.
            headers: sent as they are; their values never show up in an error.
            weight: what the vendor charges for the request.
            judge: the vendor's own reading of an answer.

        Raises:
            ProviderError: with the refusal that callers act on.
        """
        return await self._ask(provider, _Request("GET", url, params, None, headers, weight), judge)

    async def post(
        self,
        provider: str,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        weight: int = 1,
        judge: Judge | None = None,
    ) -> Response:
        """Ask with a POST form: the same question as :meth:`get` where it is too long for an address."""
        return await self._ask(provider, _Request("POST", url, None, form, headers, weight), judge)

    async def aclose(self) -> None:
        """Close the session; requests after this are refused."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._beats is not None:
            self._beats.cancel()
            await asyncio.wait([self._beats])
        for link in self._links.values():
            await link.limiter.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, provider: str, request: _Request, judge: Judge | None) -> Response:
        link = self.link(provider)
        capacity = link.limiter.capacity
        if capacity is not None and request.weight > capacity:
            raise link.failed(
                Refusal.QUOTA,
                f"one request weighs {request.weight}, more than its limit of {capacity}; raise the limit",
            )
        usage = link.usage[_endpoint(request.url, request.params)]
        failure: ProviderError | None = None

        async def once() -> Response:
            nonlocal failure
            try:
                with link.breaker.attempt() as still_closed, link.answering():
                    return await self._judged(link, request, judge, usage, still_closed)
            except ProviderError as error:
                usage.failed(error.refusal.value)
                failure = error
                raise

        if self._shared is not None and self._beats is None:
            self._beats = asyncio.create_task(self._beat(self._shared.beat_seconds))
        try:
            return await self._retry(once)
        except BreakerOpenError as error:
            if failure is not None:  # this very request was one failure too many: what it met says more
                raise failure from None
            usage.failed("breaker")
            link.errors += 1  # its last error stays the one that it was left alone for
            raise link.refusal(
                Refusal.UNAVAILABLE,
                f"left alone after repeated failures; the next try is in {error.retry_after:.0f} s",
                error.retry_after,
            ) from None
        except LimitError as error:
            usage.failed("allowance")
            raise link.failed(Refusal.QUOTA, f"its allowance is spent; {_next(error.wait)}", error.wait) from None

    async def _judged(
        self,
        link: ProviderLink,
        request: _Request,
        judge: Judge | None,
        usage: Usage,
        still_closed: Callable[[], None],
    ) -> Response:
        """A successful answer; a refusal that tells for how long stops everybody for so long."""
        response = await self._followed(link, request, usage, still_closed)
        error = (judge(response) if judge is not None else None) or refusal_of(response, self.clock.now())
        if error is None:
            return response
        if error.refusal is Refusal.QUOTA and error.retry_after is not None:
            self._pause(link, error.retry_after)
        raise error

    async def _followed(
        self, link: ProviderLink, request: _Request, usage: Usage, still_closed: Callable[[], None]
    ) -> Response:
        """The answer, wherever on its own address the vendor sends to: each hop is a request that counts like any.

        Raises:
            ProviderError: it cannot be had.
            LimitError: there is no room for a hop within our patience.
        """
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._admitted(link, request, usage, still_closed)
            if response.status not in _REDIRECTS:
                return response
            request = replace(request, url=_redirected(link, request.url, response), params=None)
        host = urlsplit(request.url).hostname
        raise link.refusal(Refusal.MALFORMED, f"{host} sends from address to address without an answer")

    async def _admitted(
        self, link: ProviderLink, request: _Request, usage: Usage, still_closed: Callable[[], None]
    ) -> Response:
        """One request and its answer of any status, as soon as the limits let it through."""
        self._open_session(link)  # who closes has nobody wait for anything
        asked = self.clock.monotonic()
        use = await link.limiter.acquire(request.weight, _PATIENCE, still_closed)
        if (waited := self.clock.monotonic() - asked) >= _A_WAIT:
            usage.waited(waited * 1000.0)
        usage.requests += 1
        link.requests += 1
        with link.limiter.under_way(use):
            response = await self._send(link, request)
        usage.answered(response.seconds * 1000.0, len(response.body))
        await self._learn(link, response)
        return response

    async def _send(self, link: ProviderLink, request: _Request) -> Response:
        from aiohttp import ClientConnectorCertificateError, ClientError

        session = self._open_session(link)
        started = self.clock.monotonic()
        host = urlsplit(request.url).hostname or request.url
        try:
            async with (
                asyncio.timeout(link.timeout),
                session.request(
                    request.method,
                    request.url,
                    params=request.params,
                    data=request.form,
                    headers=request.headers,
                    allow_redirects=False,
                ) as answer,
            ):
                body = b"" if answer.status in _REDIRECTS else await self._body(link, answer)
                seconds = self.clock.monotonic() - started
                link.latency.record(seconds * 1000.0)
                known = {name.lower(): value for name, value in answer.headers.items()}
                return Response(link.name, answer.status, known, body, seconds)
        except TimeoutError:
            raise link.refusal(Refusal.UNAVAILABLE, f"no answer from {host} within {link.timeout:g} s") from None
        except ClientConnectorCertificateError:
            raise link.refusal(Refusal.MALFORMED, f"the certificate of {host} is not valid") from None
        except (ClientError, OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise link.refusal(Refusal.UNAVAILABLE, f"{host} cannot be reached ({reason})") from None

    def _open_session(self, link: ProviderLink) -> "ClientSession":
        if self._closed:
            raise link.refusal(Refusal.UNAVAILABLE, "the cockpit is closing")
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

            self._session = ClientSession(
                connector=TCPConnector(limit=_CONNECTIONS, limit_per_host=_CONNECTIONS_PER_HOST),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None, sock_connect=None),
                headers={"User-Agent": f"cockpit/{__version__}"},
            )
        return self._session

    async def _body(self, link: ProviderLink, answer: "ClientResponse") -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > self._max_body:
                answer.close()
                raise link.refusal(Refusal.MALFORMED, f"its answer is larger than {self._max_body / 2**20:.0f} MB")
            parts.append(part)
        return b"".join(parts)

    async def _learn(self, link: ProviderLink, response: Response) -> None:
        told = allowance_of(response.headers, self.clock.now())
        if told is not None:
            await link.limiter.learn(told.used, seconds=told.seconds, resets_in=told.resets_in, allowed=told.allowed)

    def _pause(self, link: ProviderLink, seconds: float) -> None:
        link.limiter.pause(seconds)
        if self._on_pause is not None:
            self._on_pause()

    async def _beat(self, seconds: float) -> None:
        """Tell other cockpits that this one is there, and look at what they have used."""
        while True:
            await asyncio.gather(*(link.limiter.beat() for link in self._links.values()))
            await asyncio.sleep(seconds)


def _redirected(link: ProviderLink, url: str, answer: Response) -> str:
    """The new address on the same host; a key never follows a redirect to another one."""
    target = urljoin(url, answer.headers.get("location", ""))
    here, there = urlsplit(url), urlsplit(target)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise link.refusal(
            Refusal.MALFORMED, f"{here.hostname} sends to another address, {there.hostname}, which is not followed"
        )
    return target


def _endpoint(url: str, params: Mapping[str, str] | None) -> str:
    """What was asked for, without the name that it was asked of: the last word of the path that holds no figures.

    Vendors with one address tell by the parameter ``function``.
    """
    if params is not None and "function" in params:
        return params["function"].lower()
    words = [word for word in urlsplit(url).path.split("/") if word.isalpha() and word[0].islower()]
    return words[-1] if words else "root"


def _next(wait: float) -> str:
    if wait == float("inf"):
        return "the next request waits for the log that other cockpits share the limit through"
    return f"the next request is in {wait:.0f} s"
