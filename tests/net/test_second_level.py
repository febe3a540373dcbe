"""What stands behind the cache in memory: a file and a real Redis, with values of every kind and keys of any bytes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.clock import SystemClock
from cockpit.net.cache import Bounds, Cache, Place
from cockpit.net.cache_level import Item, Level, LevelError
from cockpit.net.cache_redis import RedisLevel
from cockpit.net.cache_sqlite import SqliteLevel
from cockpit.net.codec import EncodingError, decode, encode
from cockpit.net.keys import encoded_key, encoded_pattern
from cockpit.net.redis_link import RedisLink
from cockpit.net.second_level import Scope, SecondLevel
from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right
from cockpit.scan.moves import DailyBar
from tests.net.fakes import HandClock
from tests.net.redis_process import RedisProcess, running_redis

DAY = date(2026, 11, 24)
BARS = tuple(DailyBar(DAY, 1.0, 2.0, 0.5, 1.5 + index, 10**9) for index in range(40))
KIND = tuple[DailyBar, ...]


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    money: Decimal
    at: datetime
    number: float | None
    count: int
    colour: Colour | None = None


class Wall:
    """Epoch seconds that move when told to."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(scope="module")
def server() -> Iterator[RedisProcess]:
    with running_redis() as redis:
        yield redis


@pytest.fixture(params=["file", "redis"])
async def level(request: pytest.FixtureRequest, tmp_path: Path, wall: Wall) -> AsyncIterator[Level]:
    if request.param == "file":
        file = SqliteLevel(tmp_path / "cache.db", "test", 8, wall=wall)
        yield file
        await file.aclose()
        return
    link = RedisLink(request.getfixturevalue("server").url, SystemClock())
    yield RedisLevel(link, tmp_path.name)
    await link.aclose()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def second(level: Level, wall: Wall) -> AsyncIterator[SecondLevel]:
    made = SecondLevel([level], wall=wall)
    yield made
    await made.aclose()


def empty(second: SecondLevel) -> Cache[tuple[DailyBar, ...]]:
    """The memory of a session that has just begun."""
    return Cache(HandClock(), Bounds(10, 1), second=second.scope("vendor", "address"))


async def look_up(scope: Scope, key: str, kind: Any) -> tuple[Any, float] | None:
    """What is found of a key, and for how long it is good."""
    return (await scope.find_many({key: kind})).get(key)


class Source:
    def __init__(self) -> None:
        self.loads = 0

    async def load(self) -> tuple[DailyBar, ...]:
        self.loads += 1
        return BARS


async def test_the_next_session_finds_what_this_one_loaded(second: SecondLevel) -> None:
    source = Source()
    assert await empty(second).get(Place("a", 100, KIND), source.load) == BARS
    await second.flush()
    later = empty(second)
    assert await later.get(Place("a", 100, KIND), source.load) == BARS
    assert source.loads == 1
    assert (later.stats.second_hits, later.stats.misses, later.stats.hit_ratio) == (1, 0, 1.0)


async def test_what_waits_to_be_written_is_already_found(second: SecondLevel) -> None:
    source = Source()
    await empty(second).get(Place("a", 100, KIND), source.load)
    await empty(second).get(Place("a", 100, KIND), source.load)
    assert source.loads == 1


async def test_a_value_without_a_kind_stays_in_memory(second: SecondLevel) -> None:
    source = Source()
    await empty(second).get(Place("a", 100), source.load)
    await empty(second).get(Place("a", 100), source.load)
    assert source.loads == 2


async def test_the_time_to_live_runs_by_the_wall_and_never_longer_than_asked(second: SecondLevel, wall: Wall) -> None:
    source = Source()
    await empty(second).get(Place("a", 100, KIND), source.load)
    await second.flush()
    wall.time += 99.0
    found = await look_up(second.scope("vendor", "address"), "a", KIND)
    assert found is not None
    assert found[1] == pytest.approx(1.0)
    wall.time += 1.0
    assert await look_up(second.scope("vendor", "address"), "a", KIND) is None
    wall.time -= 500.0
    assert await look_up(second.scope("vendor", "address"), "a", KIND) is None, "a clock set back makes nothing younger"


async def test_vendors_and_addresses_do_not_mix(second: SecondLevel) -> None:
    second.scope("vendor", "address").put("a", BARS, KIND, 100)
    assert await look_up(second.scope("vendor", "sandbox"), "a", KIND) is None
    assert await look_up(second.scope("other", "address"), "a", KIND) is None


async def test_dropping_by_key_tag_and_pattern(second: SecondLevel) -> None:
    scope = second.scope("vendor", "address")
    for key, tag in (("history|A*", "A"), ("history|B", "B"), ("history|C", "C"), ("dates|C", "C"), ("dates|[D]", "D")):
        scope.put(key, BARS, KIND, 100, [tag])
    await second.flush()
    await scope.drop_tag("C")
    await scope.drop("history|B")
    kept = await scope.find_many(dict.fromkeys(["history|A*", "history|B", "history|C", "dates|C", "dates|[D]"], KIND))
    assert set(kept) == {"history|A*", "dates|[D]"}
    await scope.drop_matching("dates|[*")
    assert set(await scope.find_many(dict.fromkeys(["history|A*", "dates|[D]"], KIND))) == {"history|A*"}
    await scope.drop_matching("*")
    assert await scope.find_many(dict.fromkeys(["history|A*"], KIND)) == {}


async def test_what_is_dropped_while_it_waits_to_be_written_is_not_written(second: SecondLevel) -> None:
    scope = second.scope("vendor", "address")
    for drop in (scope.drop("a"), scope.drop_tag("t"), scope.drop_matching("a*")):
        scope.put("a", BARS, KIND, 100, ["t"])
        writing = asyncio.create_task(second.flush())
        await asyncio.sleep(0)
        await drop
        await writing
        assert await look_up(scope, "a", KIND) is None


async def test_many_keys_are_asked_and_kept_at_once(second: SecondLevel) -> None:
    asked: list[list[str]] = []

    async def load(keys: Sequence[str]) -> dict[str, tuple[DailyBar, ...]]:
        asked.append(list(keys))
        return {key: BARS for key in keys if key != "none"}

    names = [f"k{index}" for index in range(700)]
    places: list[Place[tuple[DailyBar, ...]]] = [Place(name, 100, KIND) for name in names]
    assert len(await empty(second).get_many([*places[:600], Place("none", 100, KIND)], load)) == 600
    await second.flush()
    later = empty(second)
    assert len(await later.get_many(places, load)) == 700
    assert asked[1] == names[600:]
    assert (later.stats.second_hits, later.stats.misses) == (600, 100)


async def test_what_is_warmed_is_in_memory_with_its_tags_and_for_no_longer_than_it_is_good(
    second: SecondLevel, wall: Wall
) -> None:
    source, clock = Source(), HandClock()
    bars: Place[Any] = Place("bars", 100, KIND, tags=("A",))
    day: Place[Any] = Place("day", 50, date, tags=("B",))
    earlier: Cache[Any] = Cache(clock, Bounds(10, 1), second=second.scope("vendor", "address"))
    earlier.put(bars, BARS)
    earlier.put(day, DAY)
    await second.flush()
    wall.time += 20.0
    later: Cache[Any] = Cache(clock, Bounds(10, 1), second=second.scope("vendor", "address"))
    assert await later.warm([bars, day, Place("none", 100, KIND), Place("memory only", 100)]) == 2
    assert (later.stats.hits, later.stats.second_hits, later.stats.misses) == (0, 0, 0), "nobody has asked yet"
    assert await later.get(bars, source.load) == BARS
    assert later.peek("day") == DAY
    assert (later.stats.hits, source.loads) == (2, 0)
    clock.move(29.9)
    assert later.peek("day") == DAY
    clock.move(0.2)
    assert later.peek("day") is None
    await later.drop_tag("A")
    assert later.peek("bars") is None
    assert await later.warm([bars]) == 0


async def test_what_was_dropped_or_loaded_while_it_is_warmed_wins(second: SecondLevel) -> None:
    place: Place[tuple[DailyBar, ...]] = Place("a", 100, KIND, tags=("A",))
    empty(second).put(place, BARS)
    await second.flush()
    dropped, loaded = empty(second), empty(second)
    warming = asyncio.gather(dropped.warm([place]), loaded.warm([place]))
    await asyncio.sleep(0)
    loaded.put(Place("a", 100), BARS[:1])
    await dropped.drop_tag("A")
    await warming
    assert dropped.peek("a") is None
    assert loaded.peek("a") == BARS[:1]


class Broken:
    """A level that fails whatever it is asked, and counts how often."""

    def __init__(self) -> None:
        self.asked = 0

    async def get_many(self, keys: Sequence[str]) -> Mapping[str, Item]:
        self.asked += 1
        raise LevelError("gone")

    async def put_many(self, items: Sequence[Item]) -> None:
        raise LevelError("gone")

    async def drop(self, keys: Iterable[str]) -> None:
        raise LevelError("gone")

    async def drop_tag(self, tag: str) -> None:
        raise LevelError("gone")

    async def drop_matching(self, pattern: str) -> None:
        raise LevelError("gone")

    async def aclose(self) -> None:
        return


async def test_a_broken_level_is_asked_once_to_warm_and_harms_nobody() -> None:
    level, source = Broken(), Source()
    cache = empty(SecondLevel([level]))
    assert await cache.warm([Place(f"k{index}", 100, KIND) for index in range(300)]) == 0
    assert level.asked == 1
    assert await cache.get(Place("k1", 100, KIND), source.load) == BARS


async def test_a_damaged_value_is_a_miss(second: SecondLevel, level: Level) -> None:
    source = Source()
    await empty(second).get(Place("a", 100, KIND), source.load)
    await second.flush()
    assert await look_up(second.scope("vendor", "address"), "a", Colour) is None
    assert await empty(second).get(Place("a", 100, KIND), source.load) == BARS


async def test_a_value_of_another_kind_is_an_error(second: SecondLevel) -> None:
    async def wrong() -> tuple[DailyBar, ...]:
        return (BARS[0], object())  # type: ignore[return-value]  # that is what is refused

    with pytest.raises(EncodingError):
        await empty(second).get(Place("a", 100, KIND), wrong)


async def test_the_file_is_bounded_and_keeps_what_lasts_longest(tmp_path: Path) -> None:
    second = SecondLevel([SqliteLevel(tmp_path / "cache.db", "n", 0.1)])
    scope = second.scope("v", "a")
    for index in range(200):
        scope.put(f"k{index}", "x".join(str(index * 7919**n) for n in range(60)), str, 100 + index)
    await second.flush()
    kept = await scope.find_many(dict.fromkeys([f"k{index}" for index in range(200)], str))
    assert 0 < len(kept) < 200
    assert "k199" in kept
    assert "k0" not in kept
    await second.aclose()


@pytest.mark.parametrize("content", [b"not a database" * 999, b"", None])
async def test_a_damaged_or_foreign_file_is_made_anew(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "cache.db"
    if content is None:
        with sqlite3.connect(file) as connection:
            connection.executescript('CREATE TABLE items (a); CREATE TABLE "o\'""d" (b); PRAGMA user_version=7')
    else:
        file.write_bytes(content)
    for _ in range(2):
        second = SecondLevel([SqliteLevel(file, "n", 1)])
        scope = second.scope("v", "a")
        found = await look_up(scope, "k", str)
        scope.put("k", "value", str, 100)
        await second.flush()
        scope.put("k", "value", str, 100)
        await second.aclose()
    assert found is not None


async def test_profiles_do_not_mix_in_one_file(tmp_path: Path) -> None:
    names = ("live", "live:x", "sim*", "l?ve", "sim[7]")
    seconds = [SecondLevel([SqliteLevel(tmp_path / "cache.db", name, 1)]) for name in names]
    for name, second in zip(names, seconds, strict=True):
        second.scope("v", "a").put("k", name, str, 100)
        await second.flush()
    await seconds[2].scope("v", "a").drop_matching("*")
    found = [await look_up(second.scope("v", "a"), "k", str) for second in seconds]
    assert [value and value[0] for value in found] == ["live", "live:x", None, "l?ve", "sim[7]"]
    for second in seconds:
        await second.aclose()


async def test_a_redis_that_missed_a_drop_never_says_what_is_no_longer_true() -> None:
    with running_redis() as redis:
        link = RedisLink(redis.url, SystemClock())
        second = SecondLevel([RedisLevel(link, "test")])
        scope = second.scope("v", "a")
        for key in "abc":
            scope.put(key, f"old {key}", str, 100, ["t"] if key == "b" else [])
        await second.flush()
        redis.freeze()
        await scope.drop("a")
        await scope.drop_tag("t")
        scope.put("c", "new c", str, 100)
        await second.flush()
        assert await look_up(scope, "a", str) is None
        redis.thaw()
        async with asyncio.timeout(8):
            while link.status().state == "down":  # noqa: ASYNC110 - a state calls nobody
                await asyncio.sleep(0.05)
        found = await scope.find_many(dict.fromkeys(["a", "b", "c"], str))
        assert "a" not in found
        assert "b" not in found
        assert found.get("c", ("new c",))[0] == "new c"
        assert link.status().state == "up"
        await second.aclose()
        await link.aclose()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"-ERR unknown command\r\n" * 9, b"\x00" * 99]
)
async def test_what_is_not_redis_is_told_and_harms_nobody(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    link = RedisLink(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", SystemClock())
    second = SecondLevel([RedisLevel(link, "test")])
    source = Source()
    assert await empty(second).get(Place("a", 100, KIND), source.load) == BARS
    assert (link.status().state, link.status().breaker) == ("down", "open")
    assert link.status().last_error.startswith("redis: ")
    await second.aclose()
    await link.aclose()
    server.close()
    await server.wait_closed()


async def test_a_server_that_is_full_and_one_that_wants_a_password_are_told() -> None:
    for options, word in ((["--maxmemory", "1kb"], "full"), (["--requirepass", "sesame"], "password")):
        with running_redis(*options) as redis:
            link = RedisLink(redis.url, SystemClock())
            second = SecondLevel([RedisLevel(link, "test")])
            second.scope("v", "a").put("k", "value", str, 100)
            await second.flush()
            assert word in link.status().last_error
            await second.aclose()
            await link.aclose()


async def test_early_refresh_serves_the_old_value_and_loads_behind_the_callers_back() -> None:
    clock, loads = HandClock(), 0
    cache: Cache[int] = Cache(clock, Bounds(10, 1, early_share=0.2))

    async def load() -> int:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0)
        return loads

    assert await cache.get(Place("a", 10), load) == 1
    clock.move(7.9)
    assert await cache.get(Place("a", 10), load) == 1
    await asyncio.sleep(0.01)
    assert loads == 1
    clock.move(0.2)
    assert [await cache.get(Place("a", 10), load) for _ in range(5)] == [1] * 5
    await asyncio.sleep(0.01)
    assert loads == 2
    clock.move(9.0)
    assert await cache.get(Place("a", 10), load) == 2


async def test_a_load_that_began_before_a_drop_is_not_kept() -> None:
    gate = asyncio.Event()
    cache: Cache[str] = Cache(HandClock(), Bounds(10, 1))

    async def old() -> str:
        await gate.wait()
        return "old"

    async def new() -> str:
        return "new"

    waiting = asyncio.create_task(cache.get(Place("a", 10, tags=("t",)), old))
    await asyncio.sleep(0)
    await cache.drop_tag("t")
    assert await cache.get(Place("a", 10), new) == "new"
    gate.set()
    assert await waiting == "old"
    assert await cache.get(Place("a", 10), old) == "new"


async def test_memory_is_dropped_by_tag_and_pattern() -> None:
    cache: Cache[int] = Cache(HandClock(), Bounds(10, 1))
    for key, tag in (("a|1", "x"), ("a|2", "y"), ("b|[1]", "x")):
        cache.put(Place(key, 10, tags=(tag,)), 1)
    await cache.drop_tag("x")
    assert [cache.peek(key) for key in ("a|1", "a|2", "b|[1]")] == [None, 1, None]
    await cache.drop_matching("a|*")
    assert len(cache) == 0


@given(st.lists(st.text() | st.characters(categories=["Cs"]), unique=True, max_size=20))
def test_keys_of_any_characters_are_plain_and_never_collide(keys: list[str]) -> None:
    encoded = [encoded_key(key) for key in keys]
    assert len(set(encoded)) == len(keys)
    for name in encoded:
        assert len(name) <= 200
        assert not set(name) & set("*?[]\\ :\x00\n")


def test_long_keys_that_differ_at_their_end_do_not_collide() -> None:
    assert encoded_key("x" * 500 + "a") != encoded_key("x" * 500 + "b")
    assert encoded_pattern("a b*[") == "a%20b*%5B"


VALUES = st.builds(
    Value,
    text=st.text(),
    money=st.decimals(allow_nan=False, allow_infinity=False),
    at=st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0)),
    number=st.none() | st.floats(),
    count=st.integers(),
    colour=st.none() | st.just(Colour.RED),
)


@given(st.lists(VALUES, max_size=30).map(tuple))
def test_every_value_comes_back_as_it_was(values: tuple[Value, ...]) -> None:
    data = encode(values, tuple[Value, ...])
    assert repr(decode(data, tuple[Value, ...])) == repr(values)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_typed_error(data: bytes) -> None:
    for kind in (KIND, tuple[Value, ...], Value):
        try:
            decode(data, kind)
        except EncodingError:
            continue


def test_a_chain_comes_back_and_large_values_are_compressed() -> None:
    quotes = tuple(
        OptionQuote(f"X{strike}", "X", DAY, float(strike), right, 1.0, None, iv=0.3, quoted_at=None)
        for strike in range(1, 60)
        for right in Right
    )
    chain = OptionChain("X", DAY, quotes, 30.0, datetime(2026, 11, 24, tzinfo=UTC), "test")
    data = encode(chain, OptionChain)
    back = decode(data, OptionChain)
    assert back == chain
    assert back.quote(Right.CALL, 5.0) == chain.quote(Right.CALL, 5.0)
    assert len(data) < 10_000


@pytest.mark.parametrize("value", [object(), (inf, object()), [lambda: 0]])
def test_what_has_no_encoding_is_an_error(value: object) -> None:
    with pytest.raises(EncodingError):
        encode(value, type(value))
