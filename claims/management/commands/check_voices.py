"""The command that finds the actors of which nobody has said whom they speak for, and asks about them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.queries import person_named
from claims.actions.sources import change_actor
from claims.reading.actor_queries import voices_to_check
from claims.verdicts.sentences import interval_in_words
from claims.verdicts.side_effects import Effect, Effects
from house.errors import DomainError
from sources.inputs import ActorInput


class Command(BaseCommand):
    help = (
        "Lists the persons and organisations that carry claims about others, and of which nobody has said whom they "
        "speak for, with the claims whose count would fall. With --apply they count as not checked from now on: in the "
        "upper figure only. Verdicts keep their state; a re-check opens where support would be lost."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as", dest="username", required=True, metavar="EDITOR", help="who asks")
        parser.add_argument("--apply", action="store_true", help="mark them as not checked; otherwise nothing changes")

    def handle(self, *args: Any, **options: Any) -> None:
        user = person_named(options["username"])
        if user is None:
            raise CommandError(f"There is no active account {options['username']}")
        found = voices_to_check(user)
        for actor in found:
            effects = Effects(dry_run=not options["apply"])
            try:
                change_actor(actor=actor, fields=ActorInput(speaks_for_checked=False), effects=effects, by=user)
            except DomainError as error:
                self.stderr.write(f"{actor.name}: {error}")
                continue
            self.stdout.write(f"{actor.name}: {_effects_in_words(effects)}")
        done = "now not checked" if options["apply"] else "to check; nothing was changed"
        self.stdout.write(f"{len(found)} actors {done}.")


def _effects_in_words(effects: Effects) -> str:
    lines = [_effect_in_words(effect) for effect in effects.shown]
    if effects.later:
        lines.append(f"{effects.later} more claims are recomputed later")
    return "; ".join(lines) or "no count changes"


def _effect_in_words(effect: Effect) -> str:
    before, after = (interval_in_words(least, most=most) for least, most in (effect.before, effect.after))
    lost = f", and {effect.state} would rest on too little" if effect.loses_support else ""
    return f"{effect.reference} {before} → {after}{lost}"
