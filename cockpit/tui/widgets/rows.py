"""Rows of a live table in their order: filter, typed sort, and an order that can be held still. Free of Textual."""

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from cockpit.tui.widgets.columns import Sortable

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_ONE_BY_ONE = 16


class Rows(Generic[K, R]):
    """Latest row by key, and the keys in the order in which they are shown."""

    def __init__(self, key: Callable[[R], Sortable | None], descending: bool) -> None:
        self.all: dict[K, R] = {}
        self.order: list[K] = []
        self.settled = True
        """False where a value of the sort column changed since the last sort."""
        self._shown: set[K] = set()
        self._key = _present(key)
        self._descending = descending
        self._keep: Callable[[R], bool] = lambda row: True

    def put(self, changes: Mapping[K, R | None]) -> None:
        """Take changed rows in; None removes. Present rows keep their places, newcomers go where they belong."""
        newcomers: list[K] = []
        gone: set[K] = set()
        for key, row in changes.items():
            before = self.all.get(key)
            if row is None:
                self.all.pop(key, None)
            else:
                self.all[key] = row
            shown = key in self._shown
            if row is None or not self._keep(row):
                if shown:
                    gone.add(key)
            elif not shown:
                newcomers.append(key)
            elif before is not None and self._key(before) != self._key(row):
                self.settled = False
        if gone:
            self._shown -= gone
            self.order = [key for key in self.order if key not in gone]
        if len(newcomers) > _ONE_BY_ONE:
            self._shown.update(newcomers)
            self.order.extend(newcomers)
            self.sort()
        else:
            for key in newcomers:
                self._insert(key)

    def sort(self) -> None:
        """Put the rows in order: missing values last either way, ties by key."""
        present = [key for key in self.order if self._key(self.all[key]) is not None]
        missing = [key for key in self.order if self._key(self.all[key]) is None]
        present.sort(key=str)
        missing.sort(key=str)
        present.sort(key=lambda key: _typed(self._key(self.all[key])), reverse=self._descending)
        self.order = present + missing
        self.settled = True

    def sort_by(self, key: Callable[[R], Sortable | None], descending: bool) -> None:
        """Sort by something else from now on."""
        self._key, self._descending = _present(key), descending
        self.sort()

    def choose(self, keep: Callable[[R], bool]) -> None:
        """Show only the rows for which ``keep`` holds."""
        self._keep = keep
        self.order = [key for key, row in self.all.items() if keep(row)]
        self._shown = set(self.order)
        self.sort()

    def _insert(self, key: K) -> None:
        self._shown.add(key)
        place = next((at for at, other in enumerate(self.order) if self._before(key, other)), len(self.order))
        self.order.insert(place, key)

    def _before(self, one: K, other: K) -> bool:
        a, b = self._key(self.all[one]), self._key(self.all[other])
        if a is None or b is None:
            return (a is not None and b is None) or (a is None and b is None and str(one) < str(other))
        x, y = _typed(a), _typed(b)
        if x == y:
            return str(one) < str(other)
        return x > y if self._descending else x < y


def _present(key: Callable[[R], Sortable | None]) -> Callable[[R], Sortable | None]:
    def present(row: R) -> Sortable | None:
        value = key(row)
        # Not a number is no place in an order: it counts as missing.
        return None if value is None or value != value else value

    return present


def _typed(value: Sortable | None) -> tuple[int, Sortable]:
    """A key under which values of different types never meet."""
    if isinstance(value, str):
        return (1, value.lower())
    if isinstance(value, int | float):
        return (0, value)
    return (2, value if value is not None else "")
