"""Cockpit: live ticks, earnings candidates, scored spreads, a paper portfolio and the health of it all."""

__version__ = "0.1.0"
