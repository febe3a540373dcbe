"""Explanations on stdout: sections of label, value and where the value comes from."""

from typing import TYPE_CHECKING

from cockpit.cli.formats import Column, Sheet, print_csv, print_json, print_table, printable

if TYPE_CHECKING:
    from cockpit.scan.explanation import Explanation, Row


def print_explanation(explanation: "Explanation", form: str, name: str) -> None:
    """Print one in a format; ``name`` is the schema's."""
    if form == "json":
        print_json(name, title=explanation.title, sections=explanation.sections)
    elif form == "csv":
        lines = [(section.title, row) for section in explanation.sections for row in section.rows]
        print_csv(Sheet(name, "rows", [Column("section", "section", lambda line: line[0]), *_LINE], lines))
    else:
        print(printable(explanation.title))
        for section in explanation.sections:
            print(f"\n{printable(section.title)}")
            print_table(Sheet(name, "rows", _LINE, [(section.title, row) for row in section.rows]))


_LINE: list[Column[tuple[str, "Row"]]] = [
    Column("label", "", lambda line: line[1].label),
    Column("value", "", lambda line: line[1].value, right=True),
    Column("note", "", lambda line: line[1].note),
]
