"""``cockpit ticks``: trades into and out of the database, and bars from them."""

import click


@click.group()
def ticks() -> None:
    """Import, export and sum up trades."""
