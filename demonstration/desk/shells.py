"""Claims 1 to 4 of the worked example, on shells and missiles: their reports and the decisions on them."""

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
)


def _at(year: int, *, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


_GRADED = {"credibility": 3}
_SHELLS_PARTIES = ("North Korea", "Russia", "US government")
_CHAIN = (
    DemoEvidence(
        "aggregator",
        "supports",
        "Repeats what the spokesman told the network, and adds that he named no evidence for it.",
        fields={**_GRADED, "locator": "paragraphs 2 and 3"},
    ),
    DemoEvidence(
        "cnn",
        "supports",
        "The council’s spokesman said that Pyongyang is sending shells in secret.",
        fields={**_GRADED, "locator": "paragraph 2"},
    ),
    DemoEvidence(
        "kirby",
        "supports",
        "Washington has information that North Korea covertly sends Russia a considerable quantity of artillery "
        "shells. What the information is was not said.",
        fields=_GRADED,
    ),
)

SHELLS = DemoClaim(
    statement="North Korea covertly supplies Russia with a significant number of artillery shells.",
    claimant="US government",
    parties=_SHELLS_PARTIES,
    claimed_on=date(2022, 11, 2),
    at=_at(2022, month=11, day=2, hour=17),
    reason="Taken from the aggregator’s article of today.",
    elements=("covertly", "artillery shells", "to Russia"),
    topics=("arms transfers", "North Korea"),
    fields={"language": "en", "place": "North Korea and Russia"},
    evidence=_CHAIN,
    steps=(
        DemoStep(
            _at(2022, month=11, day=3, hour=8), "editor", Assign("reviewer", _at(2022, month=11, day=10, hour=15))
        ),
        DemoStep(_at(2022, month=11, day=3, hour=9), "reviewer", Accept()),
        DemoStep(
            _at(2022, month=11, day=3, hour=9, minute=30),
            "reviewer",
            Attach(
                DemoEvidence(
                    "kcna-september",
                    "context",
                    "The ministry says that it has sold Russia no arms and does not plan to. This came before the "
                    "claim: it is no answer to it.",
                )
            ),
        ),
        DemoStep(
            _at(2022, month=11, day=8, hour=9),
            "reviewer",
            Attach(
                DemoEvidence(
                    "kcna-november",
                    "denies",
                    "The ministry calls the accusation a rumour and says that there were no dealings in arms.",
                )
            ),
        ),
        DemoStep(
            _at(2022, month=11, day=8, hour=10),
            "reviewer",
            Find(
                "denied",
                "Three sources, one origin: the spokesman, who speaks for the claimant. A party has now denied it. "
                "Nothing shows which of them is right; an origin besides the claimant would change that.",
                evidence=("kcna-november",),
            ),
        ),
    ),
)
DISGUISE = DemoClaim(
    statement="North Korea’s shipments of shells are made to look as if they went to the Middle East or North Africa.",
    claimant="US government",
    parties=_SHELLS_PARTIES,
    claimed_on=date(2022, 11, 2),
    at=_at(2022, month=11, day=2, hour=17, minute=20),
    reason="A second statement in the same article: how the shipments are hidden.",
    topics=("arms transfers", "North Korea"),
    fields={"language": "en"},
    evidence=_CHAIN,
    steps=(
        DemoStep(
            _at(2022, month=11, day=3, hour=8, minute=10),
            "editor",
            Assign("reviewer2", _at(2022, month=11, day=10, hour=15)),
        ),
        DemoStep(_at(2022, month=11, day=3, hour=11), "reviewer2", Accept()),
        DemoStep(
            _at(2022, month=11, day=9, hour=14),
            "reviewer2",
            Find(
                "reported",
                "The spokesman gave no evidence for the disguise, and nobody else speaks of it. It stays reported "
                "until ship movements or papers turn up.",
                evidence=("kirby",),
            ),
        ),
    ),
)
PURCHASES = DemoClaim(
    statement="Russia is buying millions of rockets and shells from North Korea.",
    claimant="US intelligence",
    parties=("Russia", "North Korea", "US government"),
    claimed_on=date(2022, 9, 5),
    at=_at(2022, month=11, day=2, hour=17, minute=45),
    reason="The article refers back to this report of September.",
    topics=("arms transfers", "North Korea"),
    fields={"language": "en"},
    evidence=(
        DemoEvidence("nyt", "supports", "The paper has it from declassified American intelligence.", fields=_GRADED),
        DemoEvidence("ap", "supports", "An American official, not named, told the agency the same.", fields=_GRADED),
    ),
    steps=(
        DemoStep(
            _at(2022, month=11, day=3, hour=8, minute=20),
            "editor",
            Assign("reviewer", _at(2022, month=11, day=10, hour=15)),
        ),
        DemoStep(_at(2022, month=11, day=3, hour=9, minute=5), "reviewer", Accept()),
        DemoStep(
            _at(2022, month=11, day=3, hour=13),
            "reviewer",
            Attach(
                DemoEvidence(
                    "kirby-september",
                    "context",
                    "There was no sign yet that a purchase had been completed. This is the claimant’s own voice.",
                )
            ),
        ),
        DemoStep(
            _at(2022, month=11, day=3, hour=13, minute=20),
            "reviewer",
            Attach(DemoEvidence("ambassador", "denies", "The ambassador calls the report a fake.")),
        ),
        DemoStep(
            _at(2022, month=11, day=3, hour=13, minute=40),
            "reviewer",
            Attach(
                DemoEvidence(
                    "kcna-september",
                    "denies",
                    "The ministry says that it has sold Russia no arms and does not plan to.",
                )
            ),
        ),
        DemoStep(
            _at(2022, month=11, day=4, hour=10),
            "reviewer",
            Find(
                "denied",
                "The paper and the agency both have it from American officials: one voice, and the claimant’s. "
                "Both buyer and seller deny it.",
                evidence=("ambassador", "kcna-september"),
            ),
        ),
    ),
)
NO_EXPORTS = DemoClaim(
    statement="North Korea has exported no weapons to Russia.",
    claimant="Kim Yo Jong",
    parties=("North Korea", "Russia", "Ukraine’s government"),
    claimed_on=date(2024, 5, 17),
    at=_at(2024, month=5, day=17, hour=8),
    reason="A new statement on the matter of the claims of November 2022.",
    topics=("arms transfers", "North Korea"),
    fields={"language": "ko"},
    evidence=(
        DemoEvidence(
            "kcna-kim",
            "supports",
            "She says that her country’s weapons are for its own defence and that none were sent to Russia.",
        ),
    ),
    steps=(
        DemoStep(
            _at(2024, month=5, day=17, hour=9), "editor", Assign("reviewer2", _at(2024, month=5, day=24, hour=15))
        ),
        DemoStep(_at(2024, month=5, day=17, hour=11), "reviewer2", Accept()),
        DemoStep(
            _at(2024, month=5, day=20, hour=9),
            "reviewer2",
            Attach(
                DemoEvidence(
                    "car-missile",
                    "refutes",
                    "The ballistic missile that came down in Kharkiv was made in North Korea not long before.",
                    fields={"credibility": 2},
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=20, hour=9, minute=30),
            "reviewer2",
            Attach(
                DemoEvidence(
                    "reuters-monitors",
                    "refutes",
                    "The debris in Kharkiv is that of a North Korean missile, the monitors found.",
                    fields={"credibility": 2},
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=20, hour=10),
            "reviewer2",
            Attach(
                DemoEvidence(
                    "rusi",
                    "context",
                    "Ships carried cargoes from Rajin to Russian ports that are likely munitions. What was in the "
                    "containers could not be seen.",
                )
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=21, hour=13),
            "reviewer2",
            Find(
                "refuted",
                "Two bodies that have nothing to do with each other examined what came down in Kharkiv, each with "
                "its own record to compare it with. Both found a North Korean missile.",
                evidence=("car-missile", "reuters-monitors"),
                answers={"kcna-kim": "A party’s word. It does not say how else the missile could have come there."},
            ),
        ),
        DemoStep(
            _at(2024, month=5, day=22, hour=8),
            "editor",
            Decide(True, "Two voices that examined it themselves; custody is recorded for both."),
        ),
    ),
)

CLAIMS = (SHELLS, DISGUISE, PURCHASES, NO_EXPORTS)
