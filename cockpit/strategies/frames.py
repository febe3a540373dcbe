"""What a session and the child that runs a strategy say to each other: MessagePack behind its length in four bytes."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Final

import msgspec
from msgspec import Struct

from cockpit.strategies.api import Signal
from cockpit.strategies.confinement import Limits
from cockpit.ticks.bars import Bar

LARGEST: Final = 2**20
"""Bytes of a message; more is no message."""

_HEAD: Final = 4

Value = str | int | float | bool
"""Of a parameter."""


class Begin(Struct, frozen=True, tag=True):
    """The first message to a child: what to run, and within which limits.

    Attributes:
        name: of the strategy.
        file: its path.
        parameters: values by name, as they were written.
    """

    name: str
    file: str
    parameters: Mapping[str, Value]
    limits: Limits


class Feed(Struct, frozen=True, tag=True):
    """Closed bars, in order."""

    bars: list[Bar]


class Ready(Struct, frozen=True, tag=True):
    """The strategy stands and waits for bars.

    Attributes:
        warm_up: bars that it needs.
        held: layers of the confinement that hold.
        parameters: values by name, defaults included.
    """

    warm_up: int
    held: tuple[str, ...]
    parameters: Mapping[str, Value]


class Said(Struct, frozen=True, tag=True):
    """A word to each bar of a :class:`Feed`."""

    signals: list[Signal | None]


class Failed(Struct, frozen=True, tag=True):
    """The strategy has failed, or did what it must not; the child ends.

    Attributes:
        sentence: why, with the strategy's name.
        usage: its parameters are wrong, not its code.
    """

    sentence: str
    usage: bool = False


Order = Begin | Feed
Answer = Ready | Said | Failed


class FrameError(Exception):
    """Bytes that are no message; the sentence says why."""


def packed(message: Order | Answer) -> bytes:
    """A message as it goes over the pipe."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_HEAD, "big") + body


class Unpacker:
    """Messages of one side out of the pieces in which a pipe gives them."""

    def __init__(self, kind: UnionType) -> None:
        """``kind``: :data:`Order` or :data:`Answer`."""
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(kind)
        self._rest = bytearray()

    def take(self, piece: bytes) -> Iterator[Any]:
        """Every message that is whole now.

        Raises:
            FrameError: what came is no message.
        """
        rest = self._rest
        rest += piece
        while len(rest) >= _HEAD:
            length = int.from_bytes(rest[:_HEAD], "big")
            if length > LARGEST:
                raise FrameError(f"a message of {length} bytes")
            if len(rest) < _HEAD + length:
                return
            body = bytes(rest[_HEAD : _HEAD + length])
            del rest[: _HEAD + length]
            try:
                yield self._decoder.decode(body)
            except (msgspec.MsgspecError, ValueError) as error:
                raise FrameError(str(error)) from None
