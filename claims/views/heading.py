"""What stands above every page of a claim: who said it, how it stands, and the ways to its parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from claims.graphs import load_standing
from claims.models import Claim, Evidence
from claims.sentences import listed, name_of
from claims.standing import Standing, denying_parties
from sources.voices import voice_at


@dataclass(frozen=True)
class Tab:
    url: str
    label: str
    current: bool
    count: int | None = None


def claim_context(claim: Claim, tab: str, rows: Sequence[Evidence], **more: Any) -> dict[str, Any]:
    """The context of `claims/claim_base.html` for one tab, with `standing` for what the page adds in `more`.

    `claim`: of `claim_shown`. `rows`: all of its evidence that the person may see, which every tab reads.
    """
    context = standing_context(claim)
    return {
        **context,
        "also": named(claim.also_ids, context["standing"]),  # type: ignore[attr-defined]  # annotated by claim_shown
        "tabs": _tabs(claim, tab, len({row.source_id for row in rows})),
        **more,
    }


def standing_context(claim: Claim) -> dict[str, Any]:
    """How the claim stands, for `parts/standing.html` and for what stands beside it; `standing` itself, too."""
    standing = load_standing(claim)
    return {
        "claim": claim,
        "standing": standing,
        "said_for": said_for(claim, standing),
        "contested_by": listed(name_of(standing, voice) for voice in denying_parties(standing)),
    }


def named(actors: Iterable[UUID | str], standing: Standing) -> list[tuple[str, str]]:
    """These actors of the claim by id and name, by name."""
    wanted = {str(pk) for pk in actors}
    return [(pk, name) for pk, name in standing.names.items() if pk in wanted]


def said_for(claim: Claim, standing: Standing) -> str:
    """The voice that the claimant speaks with, where it is another's."""
    if claim.claimant_id is None:
        return ""
    voice = voice_at(str(claim.claimant_id), standing.day, standing.actors)
    return "" if voice == str(claim.claimant_id) else name_of(standing, voice)


def _tabs(claim: Claim, current: str, sources: int) -> list[Tab]:
    entries = [
        ("claim", _("Evidence"), None),
        ("claim-sources", _("Sources"), sources),
        ("claim-provenance", _("Provenance"), None),
        ("claim-history", _("History"), claim.last_seq),
    ]
    return [Tab(reverse(name, args=[claim.reference]), label, name == current, count) for name, label, count in entries]
