"""How past trades of a scorer ended, as a section of an explanation."""

from collections.abc import Iterator, Sequence

from cockpit.scan.explanation import UNKNOWN, Row, Section
from cockpit.spreads.structure import Score
from cockpit.spreads.track_record import ENOUGH, ScoredTrade, near, of_scorer, rank_correlation, track_record


def record_section(score: Score, trades: Sequence[ScoredTrade]) -> Section:
    """What became of trades that the scorer had judged, and of those that it had judged like this one."""
    return Section(f"Past trades by {score.scorer}", tuple(_rows(score, trades)))


def _rows(score: Score, trades: Sequence[ScoredTrade]) -> Iterator[Row]:
    own = of_scorer(trades, score.scorer)
    record = track_record(own)
    if record is None:
        yield Row("settled", UNKNOWN, "none settled yet: what its points are worth in money is not known")
        return
    yield Row("settled", str(record.trades), "positions that were opened from a scan and are closed")
    yield Row("won", f"{record.won / record.trades:.0%}", f"{record.won} of {record.trades}, after costs")
    yield Row("return on risk", f"{record.mean:+.1%}", f"mean{_error(record.error)}")
    alike = track_record(near(own, score.total))
    if alike is None:
        yield Row("scored like this", UNKNOWN, f"none within ten points of {score.total:.1f}")
    else:
        sample = f"mean of {alike.trades} within ten points of {score.total:.1f}{_error(alike.error)}"
        yield Row("scored like this", f"{alike.mean:+.1%}", sample)
    correlation = rank_correlation(own)
    if correlation is None:
        yield Row("score against return", UNKNOWN, f"{record.trades} are too few, or all alike")
        return
    doubt = "" if record.trades >= ENOUGH else f"; under {ENOUGH} trades no scorer is shown to be better than another"
    note = f"rank correlation, n = {record.trades}, error {record.trades**-0.5:.2f}{doubt}"
    yield Row("score against return", f"{correlation:+.2f}", note)
    others = [
        f"{name} {other:+.2f}"
        for name in dict.fromkeys(trade.scorer for trade in trades)
        if name != score.scorer and (other := rank_correlation(of_scorer(trades, name))) is not None
    ]
    if others:
        yield Row("the other scorers", str(len(others)), ", ".join(others))


def _error(error: float | None) -> str:
    return "" if error is None else f", standard error {error:.1%}"
