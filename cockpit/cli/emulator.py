"""``cockpit emulator``: the simulated market alone, for any client that speaks the vendors' protocols."""

from typing import TYPE_CHECKING

import click

from cockpit.cli.interruption import complete
from cockpit.cli.invocation import Count, Invocation, pass_invocation, program_options

if TYPE_CHECKING:
    from cockpit.emulator.faults import Fault


class _Listing(click.Command):
    """Its help ends with the names that --fault and --quota take."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the two lists."""
        from cockpit.emulator.faults import FAULTS
        from cockpit.emulator.quotas import QUOTAS

        with formatter.section("Faults"):
            formatter.write_dl([(name, _meaning(fault)) for name, fault in FAULTS.items()])
        with formatter.section("Quotas"):
            formatter.write_dl(
                [(name, f"{number or 'any number of'} {unit}") for name, (number, unit) in QUOTAS.items()]
            )


def _meaning(fault: "Fault") -> str:
    return f"{fault.means}: {', '.join(fault.allowed)}" if fault.allowed else fault.means


@click.command(cls=_Listing)
@click.option("--port", type=Count(0, 65535), metavar="N", help="0: any free one. Default: sim.port.")
@click.option("--seed", type=Count(0, 2**63 - 1), metavar="N", help="Everything follows from it. Default: sim.seed.")
@click.option(
    "--speed",
    type=click.FloatRange(0, 100_000),
    metavar="TIMES",
    help="Times real time; 0 stands still. Default: sim.speed.",
)
@click.option("--quota", "quotas", multiple=True, metavar="NAME=N", help="What a vendor allows; 0 is without end.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=VALUE", help="Something that goes wrong.")
@program_options()
@pass_invocation
def emulator(
    invocation: Invocation,
    port: int | None,
    seed: int | None,
    speed: float | None,
    quotas: tuple[str, ...],
    faults: tuple[str, ...],
) -> None:
    """Serve the simulated market alone.

    It is served on 127.0.0.1 and begins at sim.start, or at --as-of. Prints one line of JSON with the addresses when it
    is ready, and ends with a signal.
    """
    from cockpit.emulator.faults import parse_fault
    from cockpit.emulator.options import EmulatorOptions
    from cockpit.emulator.quotas import lifted_quotas, parse_quota
    from cockpit.emulator.server import serve

    sim = invocation.settings.sim
    options = EmulatorOptions(
        port=sim.port if port is None else port,
        seed=sim.seed if seed is None else seed,
        start=invocation.as_of or sim.start,
        speed=sim.speed if speed is None else speed,
        quotas=({} if sim.quotas else lifted_quotas()) | dict(parse_quota(quota) for quota in quotas),
        faults=dict(parse_fault(fault) for fault in faults),
    )
    complete(serve(options))
