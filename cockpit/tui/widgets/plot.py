"""A price chart in characters: quarters of blocks or dots of Braille, with eighths for the volume, or plain ASCII."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cockpit.ticks.chart import Candle, Chart, PriceScale, TimeMark
from cockpit.tui.format import compact
from cockpit.tui.inks import Ink, Run
from cockpit.tui.widgets.lines import Line, fit, merged, width_of


class Glyphs(NamedTuple):
    """What a chart is drawn with.

    Attributes:
        dots: the bits of a cell's dots, by column and from the bottom up.
        cells: the character of every sum of these bits.
        fillings: a cell of the volume, from empty to full.
        tick, below: marks of the price axis and of the time axis.
        high, low, last: marks of these prices.
    """

    dots: tuple[tuple[int, ...], ...]
    cells: str
    fillings: str
    tick: str
    below: str
    high: str
    low: str
    last: str


BLOCKS = Glyphs(
    dots=((1, 2), (4, 8)),
    cells=" ▖▘▌▗▄▚▙▝▞▀▛▐▟▜█",
    fillings=" ▁▂▃▄▅▆▇█",
    tick="┤",
    below="╵",
    high="▴",
    low="▾",
    last="◂",
)
BRAILLE = BLOCKS._replace(
    dots=((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)),
    cells=" " + "".join(chr(0x2800 + bits) for bits in range(1, 256)),
)
ASCII = Glyphs(((1, 2),), cells=" .'|", fillings=" .:#", tick="|", below="'", high="^", low="v", last="<")


class Axes(NamedTuple):
    """What stands beside and below a chart.

    Attributes:
        write: how a price is written.
        label_width: cells of the labels at the right, with the mark before them.
        zone: of the times, as it is named.
    """

    prices: PriceScale
    times: Sequence[TimeMark]
    write: Callable[[float], str]
    label_width: int
    zone: str


def plot_lines(chart: Chart, axes: Axes, rows: int, volume_rows: int, glyphs: Glyphs) -> list[Line]:
    """The prices in ``rows`` lines, the volume in as many as said, and a line of times.

    Raises:
        IndexError: nothing is known.
    """
    lines = [*_price_lines(chart, axes, rows, glyphs), *_volume_lines(chart, axes, volume_rows, glyphs)]
    return [*lines, Line(merged(_time_runs(chart, axes, glyphs)))]


def _price_lines(chart: Chart, axes: Axes, rows: int, glyphs: Glyphs) -> Iterator[Line]:
    known, scale = chart.known, axes.prices
    last = known[-1].close
    cells = _price_cells(chart.candles, scale, rows, glyphs)
    # Of what falls on one line the last price is shown, or else the end of the range.
    labels = {
        _level(mark, scale, rows): (f"{glyphs.tick}{mark:,.{scale.decimals}f}", Ink.MUTED) for mark in scale.marks
    }
    labels[_level(chart.low, scale, rows)] = glyphs.low + axes.write(chart.low), Ink.TEXT
    labels[_level(chart.high, scale, rows)] = glyphs.high + axes.write(chart.high), Ink.TEXT
    labels[_level(last, scale, rows)] = glyphs.last + axes.write(last), Ink.STRONG
    inks = _inks(chart.candles, len(glyphs.dots))
    for row in reversed(range(rows)):
        words, label_ink = labels.get(row, ("", Ink.MUTED))
        runs = zip(cells[row], inks, strict=True)
        yield Line(merged((*runs, (fit(words, axes.label_width), label_ink))))


def _inks(candles: Sequence[Candle | None], columns: int) -> list[Ink]:
    """Of every cell: whether it closes above or below the close before it, or its own open where that is unknown.

    One that closes where the one before did looks as that one.
    """
    inks, ink, before = [], Ink.UP, None
    for at in range(0, len(candles), columns):
        known = [candle for candle in candles[at : at + columns] if candle is not None]
        if known:
            close, reference = known[-1].close, known[0].open if before is None else before
            ink = Ink.UP if close > reference else Ink.DOWN if close < reference else ink
        before = known[-1].close if known else None
        inks.append(ink)
    return inks


def _price_cells(candles: Sequence[Candle | None], scale: PriceScale, rows: int, glyphs: Glyphs) -> list[str]:
    """The cells of every row from the bottom up: each column from its low to its high.

    A column reaches to the close of the one before it, as a true range does; where that one is unknown there is a gap.
    """
    columns, levels = len(glyphs.dots), len(glyphs.dots[0])
    grid = [[0] * (len(candles) // columns) for _ in range(rows)]
    before: Candle | None = None
    for column, candle in enumerate(candles):
        if candle is not None:
            low = candle.low if before is None else min(candle.low, before.close)
            high = candle.high if before is None else max(candle.high, before.close)
            cell, dots = column // columns, glyphs.dots[column % columns]
            for level in range(_level(low, scale, rows * levels), _level(high, scale, rows * levels) + 1):
                grid[level // levels][cell] |= dots[level % levels]
        before = candle
    return ["".join([glyphs.cells[bits] for bits in row]) for row in grid]


def _level(price: float, scale: PriceScale, levels: int) -> int:
    return max(0, min(levels - 1, int(scale.place(price) * levels)))


def _volume_lines(chart: Chart, axes: Axes, rows: int, glyphs: Glyphs) -> Iterator[Line]:
    columns, steps = len(glyphs.dots), len(glyphs.fillings) - 1
    volumes = [0.0 if candle is None else candle.volume for candle in chart.candles]
    cells = [sum(volumes[at : at + columns]) for at in range(0, len(volumes), columns)]
    most = max(cells, default=0.0) or 1.0
    # Whatever was traded shows.
    heights = [max(int(volume > 0.0), round(volume / most * rows * steps)) for volume in cells]
    for row in reversed(range(rows)):
        text = "".join([glyphs.fillings[max(0, min(steps, height - row * steps))] for height in heights])
        words = f"{glyphs.tick}{compact(most)}" if row == rows - 1 else ""
        yield Line(merged(((text, Ink.MUTED), (fit(words, axes.label_width), Ink.MUTED))))


def _time_runs(chart: Chart, axes: Axes, glyphs: Glyphs) -> Iterator[Run]:
    """The marks that have room, each at the left of its label, and the name of the zone below the prices."""
    width, at = len(chart.candles) // len(glyphs.dots), 0
    for mark in axes.times:
        cell, words = chart.window.at(mark.time_ms) // len(glyphs.dots), glyphs.below + mark.label
        if at <= cell <= width - width_of(words):
            yield " " * (cell - at) + words + " ", Ink.MUTED
            at = cell + width_of(words) + 1
    yield " " * (width + 1 - at) + axes.zone, Ink.MUTED
