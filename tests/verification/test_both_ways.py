from pathlib import Path
from typing import Any

from tests import factories
from tests.verification.looking import found_both_ways


def test_quiet(cast: factories.Cast) -> None:
    for state in ("reported", "denied", "corroborated", "refuted"):
        factories.claim_in(cast, state)
    waiting = factories.claim(cast, elements=["Unloaded", "At night"])
    factories.firsthand(cast, waiting, 2)
    factories.finding(cast, waiting, "corroborated")
    assert [str(f) for f in found_both_ways()] == []


def test_golden_world(cast: factories.Cast, settings: Any, tmp_path: Path) -> None:
    from tests.ledger.test_golden import _do_everything

    _do_everything(cast, settings, tmp_path)
    found = [str(f) for f in found_both_ways()]
    print("\n".join(found))
    assert found == []
