"""Open work at the time of loading: the seventh claim, and invented ones about an invented ship.

Times count back from the loading. Everything about the Meridian Dawn, Port Varn and the people who speak of them is
invented.
"""

from datetime import date, timedelta

from demonstration.desk.shapes import (
    Accept,
    Assign,
    Attach,
    Decide,
    DemoActor,
    DemoClaim,
    DemoClose,
    DemoEvidence,
    DemoSource,
    DemoStep,
    Find,
    NameDecider,
    Retract,
)


def _ago(days: float) -> timedelta:
    return timedelta(days=days)


NO_SIDE = DemoClaim(
    statement="Iran has not provided weapons to any side of the war in Ukraine.",
    claimant="Iran’s foreign ministry",
    parties=("Iran", "Russia", "Ukraine’s government"),
    claimed_on=date(2022, 10, 17),
    at=_ago(40),
    reason="The other side of the drones claim, as its claimant put it.",
    topics=("arms transfers", "drones", "Iran"),
    fields={"language": "fa"},
    evidence=(
        DemoEvidence("tehran", "supports", "The ministry says that Iran has given no side of the war any weapons."),
    ),
    steps=(
        DemoStep(_ago(6.2), "editor", Assign("reviewer", "today")),
        DemoStep(_ago(6), "reviewer", Accept()),
        DemoStep(
            _ago(5),
            "reviewer",
            Attach(
                DemoEvidence(
                    "minister",
                    "context",
                    "The minister admits a supply before the war. That is less than a supply to a side of it.",
                )
            ),
        ),
        DemoStep(
            _ago(4.9),
            "reviewer",
            Attach(
                DemoEvidence(
                    "car-drones",
                    "refutes",
                    "Wreckage of drones that fell in the war is of Iranian make.",
                    fields={"credibility": 2},
                )
            ),
        ),
    ),
)

ACTORS = (
    DemoActor("Halcyon", "organisation", name="Halcyon Lines (made up)", visibility="desk"),
    DemoActor("Port Varn", "organisation", name="Port authority of Varn (made up)", visibility="desk"),
    DemoActor("Harbour Watch", "organisation", name="Harbour Watch Varn (made up)", visibility="desk"),
    DemoActor(
        "Varn Courier",
        "outlet",
        name="Varn Courier (made up)",
        visibility="desk",
        fields={"reliability": "C"},
    ),
    DemoActor(
        "Blue Buoy",
        "organisation",
        name="Blue Buoy, ship tracking (made up)",
        visibility="desk",
        fields={"reliability": "B"},
    ),
    DemoActor("Photographer", "person", name="A harbour photographer (made up)", visibility="desk"),
    DemoActor("Pilot", "person", name="A harbour pilot (made up)", visibility="desk"),
    DemoActor("Surveyor", "organisation", name="Lightwell Marine Surveyors (made up)", visibility="desk"),
    DemoActor("Deckhand", "person", name="A deckhand who must not be named (made up)", visibility="restricted"),
)
SOURCES = (
    DemoSource(
        "harbour-watch",
        "Made up: Harbour Watch on the ship without a signal",
        "Harbour Watch",
        _ago(27),
        "secondhand",
        kind="post",
        upstream={"tracks": "The post shows a picture of the tracking firm’s map."},
    ),
    DemoSource(
        "tracks",
        "Made up: positions of the Meridian Dawn",
        "Blue Buoy",
        _ago(27.5),
        "firsthand",
        kind="dataset",
        fields={"url": "https://tracks.example.org/meridian-dawn"},
    ),
    DemoSource(
        "courier-signal",
        "Made up: a night without the ship’s signal",
        "Varn Courier",
        _ago(26),
        "unknown",
        fields={"url": "https://courier.example.org/signal"},
    ),
    DemoSource(
        "deckhand",
        "Made up: talk with a deckhand",
        "Deckhand",
        _ago(22),
        "firsthand",
        kind="interview",
        fields={"visibility": "restricted", "language": "en"},
    ),
    DemoSource("courier-crates", "Made up: crates by night", "Varn Courier", _ago(21), "unknown"),
    DemoSource("hull-photograph", "Made up: the hull at berth 7", "Photographer", _ago(15), "firsthand", kind="image"),
    DemoSource("hull-survey", "Made up: survey of the hull", "Surveyor", _ago(13), "firsthand", kind="document"),
    DemoSource("hull-denial", "Made up: Halcyon Lines on its ship", "Halcyon", _ago(12), "firsthand", kind="statement"),
    DemoSource("berth-notice", "Made up: notice on berth 7", "Port Varn", _ago(20), "firsthand", kind="document"),
    DemoSource("berth-photograph", "Made up: berth 7 in use", "Photographer", _ago(17), "firsthand", kind="image"),
    DemoSource("pilot-log", "Made up: the pilot’s log", "Pilot", _ago(16), "firsthand", kind="document"),
    DemoSource("fertiliser-survey", "Made up: survey of the cargo", "Surveyor", _ago(25), "firsthand", kind="document"),
    DemoSource("fertiliser-photograph", "Made up: the open holds", "Photographer", _ago(25), "firsthand", kind="image"),
    DemoSource("crates-again", "Made up: crates, once more", "Harbour Watch", _ago(10), "unknown", kind="post"),
)

_SHIP_PARTIES = ("Halcyon", "Port Varn")
_SHIP = {"place": "Port Varn (made up)", "language": "en"}
_TOPICS = ("made-up ship",)

SIGNAL = DemoClaim(
    statement="Made-up example: the container ship Meridian Dawn sent no position for nine hours off Port Varn.",
    claimant="Harbour Watch",
    parties=_SHIP_PARTIES,
    claimed_on=None,
    at=_ago(26),
    topics=_TOPICS,
    fields=_SHIP,
    evidence=(
        DemoEvidence(
            "harbour-watch", "supports", "The ship’s track breaks off in the evening and goes on in the morning."
        ),
        DemoEvidence("tracks", "supports", "No position from 20:10 to 05:15.", fields={"locator": "rows 114 and 115"}),
        DemoEvidence("courier-signal", "supports", "The paper writes the same and does not say where it has it from."),
    ),
    steps=(
        DemoStep(_ago(9), "editor", Assign("reviewer", _ago(2))),
        DemoStep(_ago(8.6), "reviewer", Accept()),
        DemoStep(
            _ago(8.5),
            "reporter",
            Attach(DemoEvidence("deckhand", "supports", "He was told to pull the plug. His name is not to be known.")),
        ),
    ),
)
CRATES = DemoClaim(
    statement="Made-up example: forty crates left the Meridian Dawn by night without papers.",
    claimant=None,
    parties=_SHIP_PARTIES,
    claimed_on=None,
    at=_ago(21),
    topics=_TOPICS,
    fields=_SHIP,
    evidence=(DemoEvidence("courier-crates", "supports", "Somebody counted forty; the paper does not say who."),),
    steps=(DemoStep(_ago(0.03), "editor", Assign("reviewer", _ago(-5))),),
)
HULL = DemoClaim(
    statement="Made-up example: the hull of the Meridian Dawn was torn open at berth 7.",
    claimant="Harbour Watch",
    parties=_SHIP_PARTIES,
    claimed_on=None,
    at=_ago(15),
    topics=_TOPICS,
    fields=_SHIP,
    evidence=(DemoEvidence("hull-photograph", "supports", "A gap of two metres above the water line."),),
    steps=(
        DemoStep(_ago(8), "editor", Assign("reviewer", _ago(-2))),
        DemoStep(_ago(7.9), "reviewer", Accept()),
        DemoStep(
            _ago(7), "reviewer", Attach(DemoEvidence("hull-survey", "supports", "The plating is torn over two metres."))
        ),
        DemoStep(
            _ago(6.9), "reviewer", Attach(DemoEvidence("hull-denial", "denies", "The ship is whole, its owner says."))
        ),
        DemoStep(
            _ago(1.1),
            "reviewer",
            Find(
                "corroborated",
                "A photographer and a surveyor, who do not know of each other, saw the same gap on the same day.",
                evidence=("hull-photograph", "hull-survey"),
            ),
        ),
    ),
)
BERTH = DemoClaim(
    statement="Made-up example: berth 7 of Port Varn was closed in the week the Meridian Dawn called.",
    claimant="Port Varn",
    parties=_SHIP_PARTIES,
    claimed_on=None,
    at=_ago(14),
    topics=_TOPICS,
    fields=_SHIP
    | {
        "language": "de",
        "original_statement": "Erfundenes Beispiel: Liegeplatz 7 war gesperrt, als die Meridian Dawn anlegte.",
    },
    evidence=(DemoEvidence("berth-notice", "supports", "No ship may moor at berth 7 in that week."),),
    steps=(
        DemoStep(_ago(7.5), "editor", Assign("reviewer2", _ago(-3))),
        DemoStep(_ago(7.2), "reviewer2", Accept()),
        DemoStep(_ago(7), "editor", NameDecider("reviewer")),
        DemoStep(
            _ago(6.5), "reviewer2", Attach(DemoEvidence("berth-photograph", "refutes", "The ship lies at berth 7."))
        ),
        DemoStep(
            _ago(6.4), "reviewer2", Attach(DemoEvidence("pilot-log", "refutes", "Brought the ship to berth 7 himself."))
        ),
        DemoStep(
            _ago(2.2),
            "reviewer2",
            Find(
                "refuted",
                "The photograph and the pilot’s log put the ship at the berth in that very week.",
                evidence=("berth-photograph", "pilot-log"),
                answers={"berth-notice": "A notice says what was meant to be, and not what was."},
            ),
        ),
    ),
)
FERTILISER = DemoClaim(
    statement="Made-up example: the Meridian Dawn carried nothing but fertiliser.",
    claimant="Halcyon",
    parties=_SHIP_PARTIES,
    claimed_on=None,
    at=_ago(13),
    topics=_TOPICS,
    fields=_SHIP,
    evidence=(
        DemoEvidence("fertiliser-survey", "supports", "All four holds were opened: fertiliser."),
        DemoEvidence("fertiliser-photograph", "supports", "White sacks up to the hatches."),
    ),
    steps=(
        DemoStep(_ago(12), "editor", Assign("reviewer2", _ago(5))),
        DemoStep(_ago(11.8), "reviewer2", Accept()),
        DemoStep(
            _ago(10),
            "reviewer2",
            Find(
                "corroborated",
                "Surveyor and photographer saw all four holds open, one after the other.",
                evidence=("fertiliser-survey", "fertiliser-photograph"),
            ),
        ),
        DemoStep(_ago(9.5), "editor", Decide(True, "Two pairs of eyes, four holds.")),
        DemoStep(
            _ago(3),
            "editor",
            Retract("fertiliser-survey", "Made up: the surveyors took their report back; two holds were not opened."),
        ),
    ),
)
CRATES_AGAIN = DemoClaim(
    statement="Made-up example: the Meridian Dawn unloaded crates at night.",
    claimant="Harbour Watch",
    parties=_SHIP_PARTIES,
    claimed_on=None,
    at=_ago(10),
    topics=_TOPICS,
    fields=_SHIP,
    evidence=(DemoEvidence("crates-again", "supports", "Crates were seen on the quay."),),
    steps=(DemoStep(_ago(9.8), "editor", DemoClose("duplicate", "The same as the claim about forty crates.")),),
)

CLAIMS = (NO_SIDE, SIGNAL, CRATES, HULL, BERTH, FERTILISER, CRATES_AGAIN)

# On the other desk, to show that no desk sees the work of another.
OTHER_ACTORS = (DemoActor("Strait Post", "outlet", name="Strait Post (made up)", visibility="desk"),)
OTHER_SOURCES = (DemoSource("cable", "Made up: a cable in the strait", "Strait Post", _ago(4), "unknown"),)
OTHER_CLAIMS = (
    DemoClaim(
        statement="Made-up example: an anchor cut the cable in the strait.",
        claimant="Strait Post",
        parties=(),
        claimed_on=None,
        at=_ago(3),
        by="stranger",
        evidence=(DemoEvidence("cable", "supports", "The paper names an anchor."),),
    ),
)
