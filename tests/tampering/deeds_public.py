"""What a superuser of the database does to rows of claims that are public, by the numbers of `docs/tamperings.md`."""

PUBLIC: dict[str, tuple[str, ...]] = {
    "P1": (":claim state = 'refuted' :open_one",),
    "P2": (":claim statement = 'Forged.' :open_one",),
    "P3": (":claim reference = 'UKR-1001' :open_one",),
    "P4": (":claim published_at = published_at - interval '30 days' :open_one",),
    "P5": (":claim published_at = clock_timestamp() WHERE statement = 'It was taken back.'",),
    "P6": (":claim published_at = clock_timestamp() :denied_one",),
    "P7": (":claim published_at = '2001-01-01 12:00:00+00' :denied_one",),
    "P8": (":claim claimant_id = :actor(Another navy) :open_one",),
    "P9": (":actor name = 'Forged' WHERE name = 'The navy'",),
    "P10": (":unchecked claims_claim", ":claim threshold_override = 1, threshold_reason = 'Forged.' :open_one"),
    "P11": ("DELETE FROM claims_statuschange WHERE claim_id = :open_id AND seq = 2",),
    "P12": (":change threshold = 1 WHERE claim_id = :open_id AND seq = 2",),
    "P13": (":evidence excerpt = 'Forged.' WHERE id = :evidence(Open report)",),
    "P14": (":evidence stance = 'supports' WHERE id = :evidence(Open report)",),
    "P15": (":evidence visibility = 'public' WHERE id = :evidence(Desk view)",),
    "P16": (":evidence visibility = 'desk' WHERE id = :evidence(Open report)",),
    "P27": (":evidence visibility = 'restricted' WHERE id = :evidence(Open report)",),
    "P17": (":source title = 'Forged.', url = 'https://forged.example/' WHERE title = 'Open report'",),
    "P18": (
        ":source retracted_at = NULL, retracted_by_id = NULL, retracted_reason = '' WHERE title = 'A false bulletin'",
    ),
    "P19": (":source publisher_id = :actor(Another navy) WHERE title = 'Open report'",),
    "P20": (":actor name = 'Forged' WHERE name = 'The port'",),
    "P21": (
        "UPDATE ledger_checkpoint SET root = decode(repeat('ab', 32), 'hex')"
        " WHERE size = (SELECT max(size) FROM ledger_checkpoint)",
    ),
    "P22": (
        "DELETE FROM ledger_secret WHERE name = 'public' AND entry_id IN"
        " (SELECT id FROM ledger_entry WHERE stream = 'claim:' || :open_id)",
        ":claim statement = 'Forged.' :open_one",
    ),
    "P23": (":claim contested = NOT contested :open_one",),
    "P24": ("DELETE FROM claims_claim_topics WHERE claim_id = :open_id",),
    "P25": (":claim independence_min = 9, independence_max = 9 :open_one",),
    "P26": (
        "UPDATE claims_evidence SET superseded_by_id = :evidence(A false bulletin) WHERE id = :evidence(Open report)",
    ),
}
