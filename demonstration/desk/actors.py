"""Actors in the public reporting of the demonstration data: speakers, publishers and subjects.

A chain of `part_of` ends at the voice: a spokesman speaks for his council, the council for its government, and a state
news agency is edited under its state's orders.
"""

from demonstration.desk.shapes import DemoActor

_NEWSROOM = "Its newsroom decides by itself what it prints; nobody outside gives it orders."

ACTORS = (
    # States and governments: the tops of their chains
    DemoActor("US government", "state", fields={"reliability": "C"}),
    DemoActor("North Korea", "state", fields={"reliability": "D"}),
    DemoActor("Russia", "state", fields={"reliability": "D"}),
    DemoActor("Ukraine’s government", "state", fields={"reliability": "C"}),
    DemoActor("Iran", "state", fields={"reliability": "D"}),
    # Actors that speak for them
    DemoActor("National Security Council", "organisation", part_of="US government", fields={"reliability": "C"}),
    DemoActor(
        "John Kirby",
        "person",
        name="John Kirby, spokesman of the National Security Council",
        part_of="National Security Council",
        fields={"reliability": "C"},
    ),
    DemoActor("US intelligence", "organisation", part_of="US government", fields={"reliability": "C"}),
    DemoActor(
        "US officials",
        "person",
        name="US officials, not named",
        part_of="US intelligence",
        fields={"reliability": "C"},
    ),
    DemoActor("North Korea’s defence ministry", "organisation", part_of="North Korea", fields={"reliability": "D"}),
    DemoActor("Kim Yo Jong", "person", part_of="North Korea", fields={"reliability": "D"}),
    DemoActor(
        "KCNA",
        "outlet",
        name="KCNA, North Korea’s state news agency",
        part_of="North Korea",
        fields={"reliability": "D"},
    ),
    DemoActor("Russia’s foreign ministry", "organisation", part_of="Russia", fields={"reliability": "D"}),
    DemoActor(
        "Russia’s UN ambassador",
        "person",
        part_of="Russia’s foreign ministry",
        fields={"reliability": "D"},
    ),
    DemoActor("Russia’s presidential spokesman", "person", part_of="Russia", fields={"reliability": "D"}),
    DemoActor(
        "Ukraine’s security service", "organisation", part_of="Ukraine’s government", fields={"reliability": "C"}
    ),
    DemoActor("Iran’s foreign ministry", "organisation", part_of="Iran", fields={"reliability": "D"}),
    DemoActor("Iran’s foreign minister", "person", part_of="Iran’s foreign ministry", fields={"reliability": "D"}),
    # Outlets and examiners, each a voice of its own
    DemoActor("CNN", "outlet", fields={"reliability": "B", "stands_alone_because": _NEWSROOM}),
    DemoActor("The New York Times", "outlet", fields={"reliability": "A", "stands_alone_because": _NEWSROOM}),
    DemoActor("AP", "outlet", name="Associated Press", fields={"reliability": "A", "stands_alone_because": _NEWSROOM}),
    DemoActor(
        "AFP",
        "outlet",
        name="Agence France-Presse",
        fields={
            "reliability": "A",
            "stands_alone_because": "A French statute keeps its newsroom free of the state that helps to pay for it.",
        },
    ),
    DemoActor("Reuters", "outlet", fields={"reliability": "A", "stands_alone_because": _NEWSROOM}),
    DemoActor("Aggregator", "outlet", name="A news aggregator", fields={"reliability": "D"}),
    DemoActor("Tabloid", "outlet", name="A British tabloid", fields={"reliability": "D"}),
    DemoActor("News site", "outlet", name="A news site", fields={"reliability": "D"}),
    DemoActor("Regnum", "outlet", name="Regnum, a Russian news agency", fields={"reliability": "D"}),
    DemoActor(
        "Pundit",
        "person",
        name="A pundit on Russian state television",
        fields={
            "reliability": "D",
            "stands_alone_because": "He spoke as a guest and for himself; the channel is where he said it.",
        },
    ),
    DemoActor("Conflict Armament Research", "organisation", fields={"reliability": "A"}),
    DemoActor("RUSI", "organisation", name="Royal United Services Institute", fields={"reliability": "B"}),
    DemoActor(
        "UN sanctions monitors",
        "organisation",
        fields={
            "reliability": "B",
            "stands_alone_because": "Experts who report what they themselves find; no member state signs it off.",
        },
    ),
)
