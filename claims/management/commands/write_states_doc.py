"""The command that writes docs/states.md from the table of moves, or checks that it is up to date."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from claims.states import MOVES, OPEN, VERDICTS, Deciders, Move, MoveName, State

PATH = "docs/states.md"
# The policy of each move in words, by its name: a move without a line here cannot be documented.
ASKED = {
    MoveName.REPORT: "at least one source is attached",
    MoveName.RECORD_DENIAL: "a denial by a party, dated on or after the claim, is named",
    MoveName.CORROBORATE: (
        "every essential element: as many independent voices support it as the threshold says (the least number of the "
        "interval); every live refutation is answered by name"
    ),
    MoveName.REFUTE: (
        "one essential element: as many independent voices refute it as the threshold says (the least number of the "
        "interval); every live support of that element is answered by name"
    ),
    MoveName.WITHDRAW_DENIAL: "no denial by a party remains",
    MoveName.WITHDRAW: "a reason; the evidence that fell, if any",
    MoveName.REOPEN: (
        "evidence attached since, or a refutation that no longer holds on its own evidence, or a recorded mistake"
    ),
}
DECIDES = {
    Deciders.WRITER: "the reporter, reviewer or editor who reports the claim",
    Deciders.ALONE: "the assigned reviewer or an editor, alone",
    Deciders.SECOND: "a second person",
}


class Command(BaseCommand):
    help = f"Writes {PATH} from the table of moves in claims/states.py."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; status 1 where the page has drifted")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / PATH
        made = states_page()
        if not options["check"]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made)
            self.stdout.write(f"{PATH} is written.")
        elif not path.exists() or path.read_text() != made:
            raise CommandError(f"{PATH} is not what claims/states.py says: run python manage.py write_states_doc")


def states_page() -> str:
    """The page as Markdown: the states, the diagram, the table."""
    return "\n".join(
        [
            "# States and moves",
            "",
            "Made from the table in `claims/states.py` by `python manage.py write_states_doc`: "
            "edit the table, not this page.",
            "",
            f"{_list(OPEN)} are open: nothing is established. {_list(VERDICTS)} are verdicts: evidence established "
            "them and a second person agreed.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *(f"    {move.before or '[*]'} --> {move.after}: {move.name}" for move in MOVES),
            "```",
            "",
            "| from | to | name | possible when | who decides | names evidence |",
            "| --- | --- | --- | --- | --- | --- |",
            *(_row(move) for move in MOVES),
            "",
            "There is no other move.",
            "",
        ]
    )


def _list(states: frozenset[State]) -> str:
    return " and ".join(f"`{state}`" for state in State if state in states)


def _row(move: Move) -> str:
    evidence = "has to" if move.needs_evidence else "may"
    before = move.before or "(new)"
    return f"| {before} | {move.after} | {move.name} | {ASKED[move.name]} | {DECIDES[move.deciders]} | {evidence} |"
