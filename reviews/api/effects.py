"""What an act does to the standing of claims, as the API says it."""

from typing import TypedDict

from claims.effects import Effect


class IntervalShape(TypedDict):
    """Independent voices at the least and at the most; 6 stands for more than five."""

    min: int
    max: int


class EffectShape(TypedDict):
    claim: str
    state: str
    before: IntervalShape
    after: IntervalShape
    loses_support: bool
    regains_support: bool


def render_effect(effect: Effect) -> EffectShape:
    return {
        "claim": effect.reference,
        "state": effect.state,
        "before": {"min": effect.before[0], "max": effect.before[1]},
        "after": {"min": effect.after[0], "max": effect.after[1]},
        "loses_support": effect.loses_support,
        "regains_support": effect.regains_support,
    }
