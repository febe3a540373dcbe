"""The option maths beside QuantLib, an oracle of the tests only, in the same run on the same options."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from importlib.util import find_spec
from math import exp, sqrt
from pathlib import Path
from pkgutil import iter_modules
from random import Random

import cockpit.options
from cockpit.options.analytics import chain_analytics
from cockpit.options.chain import OptionChain
from cockpit.options.contract import OptionQuote, Right, occ_symbol
from cockpit.options.forward import Forward
from cockpit.options.implied_volatility import implied_volatility
from cockpit.options.payoff import Payoff, PayoffLeg
from cockpit.options.pricing import figures as figures_of
from cockpit.options.pricing import price
from cockpit.options.smile import Smile
from cockpit.spreads.law import physical_law
from cockpit.spreads.sizing import mixture_kelly, payoff_kelly
from tests.benchmarks.measurement import Measurement, interleaved

_OPTIONS = 10_000
_ROUNDS = 7
_RUNS = 21
_STRIKES = 200
_KELLIES = 50
_CONTRACTS = Path(cockpit.__file__).parents[1] / ".importlinter"
"""Where the pure modules of the scan are named; the others talk to vendors."""


@dataclass(frozen=True, slots=True)
class _Mixed:
    """Options of two days to a year, volatilities of 15 to 150 %, moneyness normal in deviations."""

    sign: int
    spot: float
    strike: float
    years: float
    rate: float
    carry: float
    volatility: float
    price: float

    @property
    def inputs(self) -> tuple[int, float, float, float, float, float, float]:
        return self.sign, self.spot, self.strike, self.years, self.rate, self.carry, self.volatility

    @property
    def forward(self) -> float:
        return self.spot * exp((self.rate - self.carry) * self.years)

    @property
    def discount(self) -> float:
        return exp(-self.rate * self.years)


def maths() -> Iterator[Measurement]:
    """Prices with five greeks, implied volatilities, a whole chain, Kelly on a whole payoff, and the imports."""
    options = _mixed()
    yield from _beside_quantlib(options)
    yield from _chain()
    yield from _kelly()
    yield from _imports()


def _beside_quantlib(options: list[_Mixed]) -> Iterator[Measurement]:
    pure = _pure(options)
    arrays = _on_arrays(options) if find_spec("numpy") is not None else []
    oracle = _oracle(options) if find_spec("QuantLib") is not None else []
    runs: list[Callable[[], object]] = [*pure, *arrays, *oracle]
    figures = interleaved(_ROUNDS, *(partial(_milliseconds, one) for one in runs))
    names = ("price_and_greeks_10k", "implied_volatility_10k")
    values, volatilities, engine = figures[len(pure) + len(arrays) :] if oracle else (0.0, 0.0, 0.0)
    missing = "QuantLib is not installed: pip install trading-cockpit[oracle]"
    loops = ("BlackCalculator", "blackFormulaImpliedStdDevLiRS") if oracle else (missing, missing)
    for path, first in (("pure", 0), *((("arrays", len(pure)),) if arrays else ())):
        for index, (name, baseline, loop) in enumerate(zip(names, (values, volatilities), loops, strict=True)):
            against = f"QuantLib's {loop}, one by one" if oracle else loop
            yield Measurement(f"{name}_{path}", figures[first + index], "ms", baseline, against)
        if oracle:
            usual = "QuantLib's VanillaOption and AnalyticEuropeanEngine, one by one"
            yield Measurement(f"{names[0]}_{path}", figures[first], "ms", engine, usual)


def _pure(options: list[_Mixed]) -> list[Callable[[], object]]:
    inputs = [one.inputs for one in options]
    quoted = [(one.price, one.sign, one.forward, one.strike, one.years, one.discount) for one in options]

    def values() -> None:
        for one in inputs:
            figures_of(*one)

    def volatilities() -> None:
        for one in quoted:
            implied_volatility(*one)

    return [values, volatilities]


def _on_arrays(options: list[_Mixed]) -> list[Callable[[], object]]:
    import numpy as np

    from cockpit.options import vectorised

    names = ("sign", "spot", "strike", "years", "rate", "carry", "volatility", "price", "forward", "discount")
    arrays = {name: np.array([getattr(one, name) for one in options], np.float64) for name in names}
    inputs = [arrays[name] for name in names[:7]]
    quoted = [arrays[name] for name in ("price", "sign", "forward", "strike", "years", "discount")]
    return [partial(vectorised.value, *inputs), partial(vectorised.implied_volatility, *quoted)]


def _oracle(options: list[_Mixed]) -> list[Callable[[], object]]:
    import QuantLib

    calls, puts = QuantLib.Option.Call, QuantLib.Option.Put
    inputs = [one.inputs for one in options]
    quoted = [(calls if one.sign > 0 else puts, one.strike, one.forward, one.price, one.discount) for one in options]

    def values() -> None:
        for sign, spot, strike, years, rate, carry, volatility in inputs:
            found = QuantLib.BlackCalculator(
                QuantLib.PlainVanillaPayoff(calls if sign > 0 else puts, strike),
                spot * exp((rate - carry) * years),
                volatility * sqrt(years),
                exp(-rate * years),
            )
            found.value()
            found.delta(spot)
            found.gamma(spot)
            found.theta(spot, years)
            found.vega(years)
            found.rho(years)

    def volatilities() -> None:
        for one in quoted:
            try:
                QuantLib.blackFormulaImpliedStdDevLiRS(*one)
            except RuntimeError:
                continue

    today = QuantLib.Settings.instance().evaluationDate = QuantLib.Date(24, 11, 2026)
    counter, everywhere = QuantLib.Actual365Fixed(), QuantLib.NullCalendar()

    def engines() -> None:
        """As its manual prices an option: a process of quotes and curves, and an engine on it."""
        for sign, spot, strike, years, rate, carry, volatility in inputs:
            option = QuantLib.VanillaOption(
                QuantLib.PlainVanillaPayoff(calls if sign > 0 else puts, strike),
                QuantLib.EuropeanExercise(today + max(round(years * 365.0), 1)),
            )
            process = QuantLib.BlackScholesMertonProcess(
                QuantLib.QuoteHandle(QuantLib.SimpleQuote(spot)),
                QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, carry, counter)),
                QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, rate, counter)),
                QuantLib.BlackVolTermStructureHandle(QuantLib.BlackConstantVol(today, everywhere, volatility, counter)),
            )
            option.setPricingEngine(QuantLib.AnalyticEuropeanEngine(process))
            option.NPV()
            option.delta()
            option.gamma()
            option.theta()
            option.vega()
            option.rho()

    return [values, volatilities, engines]


def _chain() -> Iterator[Measurement]:
    """A chain of 400 options: every volatility and all greeks, nothing kept from one round to the next."""
    chain, forward, years = _sample_chain()

    def analyse(*, fast: bool) -> None:
        chain_analytics(Smile(chain, Forward(forward, None, 0.0), years, 0.045), fast=fast)

    runs = [partial(analyse, fast=False)]
    if find_spec("numpy") is not None:
        runs.append(partial(analyse, fast=True))
    found = interleaved(_ROUNDS * 3, *(partial(_milliseconds, run) for run in runs))
    yield Measurement("chain_of_400_pure", found[0], "ms", 3.0, "the goal")
    if len(found) > 1:
        yield Measurement("chain_of_400_arrays", found[1], "ms", found[0], "the pure path")


def _kelly() -> Iterator[Measurement]:
    """The growth-optimal fraction of a condor, under a plain lognormal and under the fat-tailed law."""
    legs = ((1, -1, 90.0), (-1, -1, 95.0), (-1, 1, 105.0), (1, 1, 110.0))
    payoff = Payoff(tuple(PayoffLeg(*leg) for leg in legs), 1.9, 1.4)
    fat = physical_law(100.0, 2.0 / 252.0, 0.30, 0.06, 1.25, fat_tails=True)

    def plain() -> None:
        for _ in range(_KELLIES):
            payoff_kelly(payoff, fat.forward, fat.variance)

    def mixture() -> None:
        for _ in range(_KELLIES):
            mixture_kelly(payoff, fat.forward, fat.components)

    one, two = interleaved(_ROUNDS, partial(_milliseconds, plain), partial(_milliseconds, mixture))
    yield Measurement("kelly_on_a_condor", one / _KELLIES, "ms", 0.4, "the goal")
    yield Measurement("kelly_on_a_condor_fat_tails", two / _KELLIES, "ms", 0.4, "the goal")


def _imports() -> Iterator[Measurement]:
    """What imports cost beyond the bare interpreter in a fresh process.

    The packages alone, whose goals they are; what a reader of prices and of scans imports; all pure modules; and as a
    floor under these what the standard library takes for its records, types, dates, decimals and time zones.
    """
    inside = iter_modules(cockpit.options.__path__)
    options = [f"cockpit.options.{one.name}" for one in inside if one.name != "vectorised"]
    contracts = ConfigParser()
    contracts.read(_CONTRACTS)
    named = contracts["importlinter:contract:pure"]["source_modules"].split()
    scan = [name for name in named if name.startswith("cockpit.scan.")]
    statements = {
        "cockpit.options": (["cockpit.options"], 5.0),
        "cockpit.options, volatilities": (["cockpit.options.implied_volatility"], 5.0),
        "cockpit.options, prices": (["cockpit.options.pricing"], 5.0),
        "cockpit.options, all pure modules": (options, 5.0),
        "cockpit.scan": (["cockpit.scan"], 30.0),
        "cockpit.scan, the analysis": (["cockpit.scan.analysis"], 30.0),
        "cockpit.scan, all pure modules": (scan, 30.0),
        "the standard library's share": (["dataclasses", "typing", "datetime", "decimal", "enum", "zoneinfo"], 30.0),
    }
    runs = ["pass", *(f"import {', '.join(modules)}" for modules, _ in statements.values())]
    bare, *ours = interleaved(_RUNS, *(partial(_fresh, run) for run in runs))
    for (label, (_, goal)), milliseconds in zip(statements.items(), ours, strict=True):
        yield Measurement(f"import {label}, beyond the interpreter", milliseconds - bare, "ms", goal, "the goal")


def _fresh(statement: str) -> float:
    """CPU time of a fresh interpreter: other programs on the machine do not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000.0


def _milliseconds(run: Callable[[], object]) -> float:
    """CPU time, for the same reason."""
    started = time.process_time()
    run()
    return (time.process_time() - started) * 1000.0


def _mixed() -> list[_Mixed]:
    random = Random(7)
    options = []
    for _ in range(_OPTIONS):
        years, volatility = random.uniform(2.0, 365.0) / 365.0, random.uniform(0.15, 1.5)
        spot = random.uniform(10.0, 900.0)
        strike = spot * exp(random.gauss(0.0, 1.0) * volatility * sqrt(years))
        sign = random.choice((1, -1))
        paid = price(sign, spot, strike, years, 0.045, 0.01, volatility)
        options.append(_Mixed(sign, spot, strike, years, 0.045, 0.01, volatility, paid))
    return options


def _sample_chain() -> tuple[OptionChain, float, float]:
    now, expiry, years, spot = datetime(2026, 11, 24, 15, 42, tzinfo=UTC), date(2026, 12, 18), 24.0 / 365.0, 250.0
    quotes = []
    for index in range(_STRIKES):
        strike = 150.0 + index
        for right in Right:
            fair = price(right.sign, spot, strike, years, 0.045, 0.0, 0.45)
            quotes.append(
                OptionQuote(
                    occ_symbol("X", expiry, right, strike),
                    "X",
                    expiry,
                    strike,
                    right,
                    max(fair - 0.02, 0.01),
                    fair + 0.02,
                )
            )
    return OptionChain("X", expiry, tuple(quotes), spot, now, "benchmark"), spot * exp(0.045 * years), years
