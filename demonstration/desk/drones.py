"""Claims 5 and 6 of the worked example, on volunteers and drones. The seventh is open work."""

from datetime import UTC, date, datetime

from demonstration.desk.shapes import (
    Accept,
    Assign,
    Attach,
    Decide,
    DemoClaim,
    DemoEvidence,
    DemoStep,
    Find,
    Publish,
    Supersede,
)


def _at(year: int, *, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


_GRADED = {"credibility": 3}
_PUBLIC = {"visibility": "public"}

VOLUNTEERS = DemoClaim(
    statement="Pyongyang offered 100,000 volunteers to fight in Ukraine.",
    claimant="Pundit",
    parties=("Russia", "North Korea"),
    claimed_on=date(2022, 8, 5),
    at=_at(2024, month=5, day=23, hour=8),
    reason="The file is taken up again: this one was never recorded.",
    topics=("North Korea", "foreign fighters"),
    fields={"language": "ru"},
    evidence=(
        DemoEvidence("pundit", "supports", "He said that there were reports of 100,000 volunteers who stand ready."),
        DemoEvidence("tabloid", "supports", "Tells what was said in the programme."),
        DemoEvidence("news-site", "supports", "Tells what was said in the programme."),
        DemoEvidence(
            "regnum", "supports", "Speaks of volunteers. Where the agency got it is not known.", fields=_GRADED
        ),
    ),
    steps=(
        DemoStep(_at(2024, month=5, day=23, hour=9), "editor", Assign("reviewer", _at(2024, month=5, day=30, hour=15))),
        DemoStep(_at(2024, month=5, day=23, hour=9, minute=30), "reviewer", Accept()),
        DemoStep(
            _at(2024, month=5, day=24, hour=9),
            "reviewer",
            Attach(
                DemoEvidence(
                    "moscow-volunteers", "denies", "The ministry’s spokesman calls it a fake from start to end."
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=24, hour=11),
            "reviewer",
            Find(
                "denied",
                "All that was written goes back to one man on television, and he to an agency whose own source is "
                "not known. Russia’s foreign ministry denied it.",
                evidence=("moscow-volunteers",),
            ),
        ),
    ),
)
DRONES = DemoClaim(
    statement="Russia uses drones that Iran supplied against Ukrainian cities.",
    claimant="Ukraine’s government",
    parties=("Ukraine’s government", "Russia", "Iran"),
    claimed_on=date(2022, 10, 17),
    at=_at(2024, month=5, day=23, hour=8, minute=30),
    elements=("Iran supplied such drones to Russia", "used against cities"),
    topics=("arms transfers", "drones", "Iran"),
    fields={"language": "uk", "place": "Kyiv", "happened_from": date(2022, 10, 17)},
    evidence=(
        DemoEvidence(
            "kyiv",
            "supports",
            "The drones that struck the capital this morning are Iranian, the government says.",
            fields=_PUBLIC | _GRADED,
        ),
        DemoEvidence(
            "tehran",
            "denies",
            "The ministry says that Iran has given no side of the war any weapons.",
            elements=(0,),
            fields=_PUBLIC,
        ),
    ),
    steps=(
        DemoStep(
            _at(2024, month=5, day=23, hour=9, minute=10),
            "editor",
            Assign("reviewer", _at(2024, month=6, day=6, hour=15)),
        ),
        DemoStep(_at(2024, month=5, day=23, hour=9, minute=35), "reviewer", Accept()),
        DemoStep(
            _at(2024, month=5, day=27, hour=9),
            "reviewer",
            Attach(
                DemoEvidence(
                    "afp",
                    "supports",
                    "A drone of the delta shape dives at a building in the middle of Kyiv.",
                    elements=(1,),
                    fields=_PUBLIC | {"credibility": 1},
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=27, hour=9, minute=15),
            "reviewer",
            Attach(
                DemoEvidence(
                    "reuters",
                    "supports",
                    "The agency’s own photographer shows a drone over the roofs of Kyiv, and the fire after it.",
                    elements=(1,),
                    fields=_PUBLIC | {"credibility": 1},
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=27, hour=9, minute=40),
            "reviewer",
            Attach(
                DemoEvidence(
                    "car-drones",
                    "supports",
                    "The wreckage is of Iranian make, down to parts and marks; its Russian names were painted on.",
                    elements=(0,),
                    fields=_PUBLIC | {"credibility": 2},
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=27, hour=10),
            "reviewer",
            Attach(
                DemoEvidence(
                    "minister",
                    "supports",
                    "The minister says that Iran gave Russia a limited number of drones, months before the war.",
                    elements=(0,),
                    against_interest="Iran",
                    fields=_PUBLIC
                    | {
                        "credibility": 2,
                        "against_interest_reason": "Iran had denied any supply and is under sanctions for it: saying "
                        "that there was one harms it. He admits the supply, and not the use against cities.",
                    },
                )
            ),
        ),
        DemoStep(_at(2024, month=5, day=27, hour=10, minute=10), "reviewer", Supersede("tehran", "minister")),
        DemoStep(
            _at(2024, month=5, day=27, hour=10, minute=30),
            "reviewer",
            Attach(
                DemoEvidence(
                    "kremlin",
                    "denies",
                    "The spokesman knows nothing of Iranian drones: Russian equipment with Russian names is used.",
                    fields=_PUBLIC,
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=27, hour=14),
            "reviewer",
            Find(
                "corroborated",
                "Photographs by two agencies show the use; an examination and the minister’s admission the supply.",
                evidence=("afp", "reuters", "car-drones", "minister"),
                lines=("Examined, and admitted.", "Two photographers saw it."),
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=28, hour=8),
            "editor",
            Decide(False, "The examiners had the wreckage from a party. Say why that does not matter here."),
        ),
        DemoStep(
            _at(2024, month=5, day=28, hour=13),
            "reviewer",
            Find(
                "corroborated",
                "Two agencies’ own photographs show such drones over Kyiv. For the supply there are two voices: the "
                "examination of wreckage, and the minister’s admission. Moscow’s denial stands and is shown.",
                evidence=("afp", "reuters", "car-drones", "minister"),
                lines=(
                    "Conflict Armament Research had the wreckage from Ukraine’s security service and matched it with "
                    "drones that it had taken apart elsewhere before. Iran’s minister admits a supply, against "
                    "Iran’s interest.",
                    "AFP and Reuters each photographed it themselves.",
                ),
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=29, hour=8),
            "editor",
            Decide(True, "Two voices for each element, and custody is explained."),
        ),
        DemoStep(_at(2024, month=5, day=30, hour=8), "editor", Publish()),
    ),
)

CLAIMS = (VOLUNTEERS, DRONES)
