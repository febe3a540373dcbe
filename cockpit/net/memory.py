"""The limiters' memory as text: a restart must not make a spent day or a ban forgotten."""

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeFloat, PositiveInt, ValidationError

from cockpit.net.limiter import LimiterMemory


class _Link(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    uses: dict[float, list[tuple[NonNegativeFloat, PositiveInt]]]
    paused_for: NonNegativeFloat


class _Memory(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    at: AwareDatetime
    links: dict[str, _Link]


def write_memory(memories: Mapping[str, LimiterMemory], now: datetime) -> str:
    """JSON of the memories by vendor, with the wall time that their ages count from."""
    links = {
        name: {"uses": {str(seconds): uses for seconds, uses in memory.uses.items()}, "paused_for": memory.paused_for}
        for name, memory in memories.items()
    }
    return json.dumps({"at": now.isoformat(), "links": links})


def read_memory(text: str, now: datetime) -> tuple[dict[str, LimiterMemory], float]:
    """The memories by vendor, and their age in seconds; none where the text does not read as such.

    A wall clock that was set back since makes no memory younger than it is: its age is then 0.
    """
    try:
        memory = _Memory.model_validate_json(text)
    except ValidationError:
        return {}, 0.0
    found = {name: LimiterMemory(link.uses, link.paused_for) for name, link in memory.links.items()}
    return found, max(0.0, (now - memory.at).total_seconds())
