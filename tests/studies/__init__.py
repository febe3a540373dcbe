"""Studies on the embedded market, whose truth is known: ``python -m tests.studies.scorers``."""
