"""What stands above every page of a claim: who said it, how it stands, and the ways to its parts."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from claims.graphs import load_standing
from claims.models import Claim
from claims.queries import evidence_of, waits_for_recomputation
from claims.sentences import listed, name_of
from claims.standing import Standing, denying_parties
from sources.voices import voice_at


@dataclass(frozen=True)
class Tab:
    url: str
    label: str
    current: bool
    count: int | None = None


def claim_context(user: User, claim: Claim, tab: str, **more: Any) -> dict[str, Any]:
    """The context of `claims/claim_base.html` for one tab, with `standing` for what the page adds in `more`."""
    standing = load_standing(claim)
    return {
        "claim": claim,
        "recomputing": waits_for_recomputation(claim),
        "standing": standing,
        "said_for": said_for(claim, standing),
        "contested_by": listed(name_of(standing, voice) for voice in denying_parties(standing)),
        "tabs": _tabs(user, claim, tab),
        **more,
    }


def said_for(claim: Claim, standing: Standing) -> str:
    """The voice that the claimant speaks with, where it is another's."""
    if claim.claimant_id is None:
        return ""
    voice = voice_at(str(claim.claimant_id), standing.day, standing.actors)
    return "" if voice == str(claim.claimant_id) else name_of(standing, voice)


def _tabs(user: User, claim: Claim, current: str) -> list[Tab]:
    sources = evidence_of(user, claim).order_by().values("source").distinct().count()
    entries = [
        ("claim", _("Evidence"), None),
        ("claim-sources", _("Sources"), sources),
        ("claim-provenance", _("Provenance"), None),
        ("claim-history", _("History"), claim.last_seq),
    ]
    return [Tab(reverse(name, args=[claim.reference]), label, name == current, count) for name, label, count in entries]
