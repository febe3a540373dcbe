"""What a vendor's allowance leaves to a scan."""

from dataclasses import dataclass

from cockpit.scan.wording import age


@dataclass(frozen=True, slots=True)
class Ration:
    """An allowance that does not cover all names.

    Attributes:
        source: whose.
        missing: names whose past reports are not kept.
        rest: requests that are left.
        resets_in: seconds until there are more.
    """

    source: str
    missing: frozenset[str]
    rest: int
    resets_in: float

    @property
    def sentence(self) -> str:
        """Why names wait."""
        return (
            f"{self.source} had {self.rest} requests left for {len(self.missing)} names; more in {age(self.resets_in)}"
        )
