"""What an act does to the standing of claims, as the API says it."""

from typing import NotRequired, TypedDict

from claims.verdicts.side_effects import Effect


class IntervalShape(TypedDict):
    """Independent voices at the least and at the most; 6 stands for more than five.

    `exact`: there, and false, where the graph is too tangled to count exactly and these are bounds.
    """

    min: int
    max: int
    exact: NotRequired[bool]


class EffectShape(TypedDict):
    claim: str
    state: str
    before: IntervalShape
    after: IntervalShape
    loses_support: bool
    regains_support: bool


def interval_shape(least: int, most: int, exact: bool = True) -> IntervalShape:
    """How many independent voices there are, as the API says it."""
    return {"min": least, "max": most} if exact else {"min": least, "max": most, "exact": False}


def render_effect(effect: Effect) -> EffectShape:
    return {
        "claim": effect.reference,
        "state": effect.state,
        "before": interval_shape(*effect.before),
        "after": interval_shape(*effect.after, effect.exact),
        "loses_support": effect.loses_support,
        "regains_support": effect.regains_support,
    }
