"""The sources of the worked example: one news item of 2 November 2022 and the reporting around it, in our own words."""

from datetime import UTC, datetime

from demonstration.desk.shapes import DemoSource


def _day(year: int, *, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


_PUBLIC = {"visibility": "public"}

SOURCES = (
    # Shells: the item of 2 November 2022, and its sourcing chain
    DemoSource(
        "aggregator",
        "Article on North Korean shells for Russia",
        "Aggregator",
        _day(2022, month=11, day=2, hour=16),
        "secondhand",
        upstream={"cnn": "The article names the network’s report of the same day as where it has this from."},
    ),
    DemoSource(
        "cnn",
        "Report on covert shipments of shells",
        "CNN",
        _day(2022, month=11, day=2, hour=14),
        "secondhand",
        upstream={"kirby": "The report gives the council’s spokesman as its source, and no other."},
    ),
    DemoSource(
        "kirby",
        "Kirby’s words on shells from North Korea",
        "John Kirby",
        _day(2022, month=11, day=2, hour=13),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "ministry-november",
        "Defence ministry on the American accusation, November",
        "North Korea’s defence ministry",
        _day(2022, month=11, day=8, hour=1),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "kcna-november",
        "KCNA carries the ministry’s denial of 8 November",
        "KCNA",
        _day(2022, month=11, day=8, hour=2),
        "secondhand",
        upstream={"ministry-november": "The dispatch is the ministry’s statement with a heading."},
    ),
    DemoSource(
        "ministry-september",
        "Defence ministry on reports of arms sales, September",
        "North Korea’s defence ministry",
        _day(2022, month=9, day=22, hour=1),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "kcna-september",
        "KCNA carries the ministry’s denial of 22 September",
        "KCNA",
        _day(2022, month=9, day=22, hour=2),
        "secondhand",
        upstream={"ministry-september": "The dispatch is the ministry’s statement with a heading."},
    ),
    # Purchases by the million, September 2022
    DemoSource(
        "nyt",
        "Report on Russian purchases from North Korea",
        "The New York Times",
        _day(2022, month=9, day=5, hour=22),
        "secondhand",
        upstream={"officials-nyt": "The paper writes that declassified US intelligence is where it has this from."},
    ),
    DemoSource(
        "officials-nyt",
        "Declassified finding as told to The New York Times",
        "US officials",
        _day(2022, month=9, day=5, hour=20),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "ap",
        "Dispatch on Russian purchases from North Korea",
        "AP",
        _day(2022, month=9, day=5, hour=23),
        "secondhand",
        upstream={"officials-ap": "The agency gives a US official, not named, as its source."},
    ),
    DemoSource(
        "officials-ap",
        "A US official’s words to Associated Press",
        "US officials",
        _day(2022, month=9, day=5, hour=21),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "kirby-september",
        "Kirby on how far the purchase had come",
        "John Kirby",
        _day(2022, month=9, day=6, hour=18),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "ambassador",
        "Russia’s UN ambassador on the report of purchases",
        "Russia’s UN ambassador",
        _day(2022, month=9, day=6, hour=20),
        "firsthand",
        kind="statement",
    ),
    # No weapons exported, May 2024
    DemoSource(
        "kim",
        "Kim Yo Jong on weapons for Russia",
        "Kim Yo Jong",
        _day(2024, month=5, day=17, hour=0),
        "firsthand",
        kind="statement",
    ),
    DemoSource(
        "kcna-kim",
        "KCNA carries Kim Yo Jong’s statement",
        "KCNA",
        _day(2024, month=5, day=17, hour=1),
        "secondhand",
        upstream={"kim": "The dispatch is her statement with a heading."},
    ),
    DemoSource(
        "car-missile",
        "Examination of a ballistic missile recovered in Kharkiv",
        "Conflict Armament Research",
        _day(2024, month=2, day=20),
        "firsthand",
        kind="document",
        fields={
            "basis_reason": "The remains were in Ukrainian hands before. The examiners took them apart themselves and "
            "recorded several hundred marks. These fit each other and earlier finds, and could not have been added."
        },
    ),
    DemoSource(
        "monitors",
        "UN sanctions monitors’ report on missile debris in Kharkiv",
        "UN sanctions monitors",
        _day(2024, month=4, day=25),
        "firsthand",
        kind="document",
        fields={
            "basis_reason": "The monitors travelled to Kharkiv and looked at the debris themselves. They compared it "
            "with missiles that they knew from North Korean parades and tests, which Ukraine cannot have altered."
        },
    ),
    DemoSource(
        "reuters-monitors",
        "Dispatch on the monitors’ report about debris in Kharkiv",
        "Reuters",
        _day(2024, month=4, day=29),
        "secondhand",
        upstream={"monitors": "The agency writes that it has seen the monitors’ report."},
    ),
    DemoSource(
        "rusi",
        "The Orient Express: imagery of cargoes between North Korea and Russia",
        "RUSI",
        _day(2023, month=10, day=16),
        "secondhand",
        kind="document",
    ),
    # Volunteers, August 2022
    DemoSource(
        "pundit",
        "A pundit’s words on volunteers, on state television",
        "Pundit",
        _day(2022, month=8, day=5, hour=18),
        "secondhand",
        kind="video",
        upstream={"regnum": "He said that there were reports; the one found that is older is the agency’s."},
    ),
    DemoSource("regnum", "Agency item on volunteers from North Korea", "Regnum", _day(2022, month=8, day=2), "unknown"),
    DemoSource(
        "tabloid",
        "Article on 100,000 volunteers",
        "Tabloid",
        _day(2022, month=8, day=5, hour=21),
        "secondhand",
        upstream={"pundit": "The article describes the programme and quotes the pundit alone."},
    ),
    DemoSource(
        "news-site",
        "Another article on 100,000 volunteers",
        "News site",
        _day(2022, month=8, day=6),
        "secondhand",
        upstream={"pundit": "The article shows the pundit’s appearance."},
    ),
    DemoSource(
        "moscow-volunteers",
        "Foreign ministry on the volunteers",
        "Russia’s foreign ministry",
        _day(2022, month=8, day=11),
        "firsthand",
        kind="statement",
    ),
    # Drones, October 2022
    DemoSource(
        "kyiv",
        "Ukraine’s government on the attack of 17 October",
        "Ukraine’s government",
        _day(2022, month=10, day=17, hour=9),
        "firsthand",
        kind="statement",
        fields=_PUBLIC,
    ),
    DemoSource(
        "afp",
        "AFP’s photographs of drones over Kyiv",
        "AFP",
        _day(2022, month=10, day=17, hour=7),
        "firsthand",
        kind="image",
        fields=_PUBLIC,
    ),
    DemoSource(
        "reuters",
        "Reuters’ photographs of drones over Kyiv",
        "Reuters",
        _day(2022, month=10, day=17, hour=8),
        "firsthand",
        kind="image",
        fields=_PUBLIC,
    ),
    DemoSource(
        "car-drones",
        "Examination of drone wreckage, November 2022",
        "Conflict Armament Research",
        _day(2022, month=11, day=30),
        "firsthand",
        kind="document",
        fields=_PUBLIC
        | {
            "basis_reason": "The wreckage came from Ukraine’s security service. The examiners opened it themselves and "
            "matched parts, marks and numbers with Iranian drones that they had taken apart in other countries years "
            "before: that record was out of Ukraine’s reach."
        },
    ),
    DemoSource(
        "minister",
        "Iran’s foreign minister on drones for Russia",
        "Iran’s foreign minister",
        _day(2022, month=11, day=5),
        "firsthand",
        kind="statement",
        fields=_PUBLIC,
    ),
    DemoSource(
        "tehran",
        "Iran’s foreign ministry on weapons for the war",
        "Iran’s foreign ministry",
        _day(2022, month=10, day=17, hour=10),
        "firsthand",
        kind="statement",
        fields=_PUBLIC,
    ),
    DemoSource(
        "kremlin",
        "Russia’s presidential spokesman on Iranian drones",
        "Russia’s presidential spokesman",
        _day(2022, month=10, day=18),
        "firsthand",
        kind="statement",
        fields=_PUBLIC,
    ),
)
