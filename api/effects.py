"""The effects of an act on claims, as the API returns them."""

from typing import NotRequired, TypedDict

from claims.verdicts.side_effects import Effect


class IntervalShape(TypedDict):
    """Independent voices, at the least and at the most; 6 means more than five.

    `exact`: present, and false, if the graph is too large to count exactly and these are bounds.
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
    """The number of independent voices, as the API returns it."""
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
