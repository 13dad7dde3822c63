"""What a superuser of the database does to rows, by the numbers of `docs/tamperings.md`: statements, past all guards.

What begins with a colon is short for something: see `doing.py`.
"""

from tests.tampering.deeds_public import PUBLIC

STATUS_CHANGES: dict[str, tuple[str, ...]] = {
    "R1": (":change to_state = 'refuted' :second",),
    "R2": (":change from_state = 'denied' :second",),
    "R3": (":change to_state = 'refuted' :second", ":claim state = 'refuted' :this"),
    "R4": (":change at = at - interval '1 day' :second",),
    "R5": (":change by_id = :user(reviewer2) :second",),
    "R6": (":change decided_by_id = :user(auditor) :second",),
    "R7": (":unchecked claims_statuschange", ":change decided_by_id = NULL :second"),
    "R8": (":change evidence = evidence[1:1] :second",),
    "R9": (":change stance = 'refutes' :second",),
    "R10": (":change independence_max = 5 :second",),
    "R11": (":change threshold = 1 :second",),
    "R12": (":change graph_digest = repeat('ab', 32) :second",),
    "R13": (
        "UPDATE claims_statuschangegraph SET graph = '{}' :second",
        ":change graph_digest = encode(sha256('{}'), 'hex') :second",
    ),
    "R14": (":text reason = 'Forged.' :second",),
    "R15": (":text decision_reason = 'Forged.' :second",),
    "R16": (":text reason = '[redacted]' :second",),
    "R17": (
        "DELETE FROM claims_statuschange :second",
        ":claim last_seq = 1, state = 'reported' :this",
    ),
    "R18": ("DELETE FROM claims_statuschange WHERE claim_id = :claim_id AND seq = 1",),
    "R19": (
        ":unchecked claims_statuschange",
        "INSERT INTO claims_statuschange (claim_id, seq, from_state, to_state, by_id, at, evidence, stance,"
        " independence_min, independence_max, independence_exact, threshold, graph_digest) SELECT claim_id, 3,"
        " 'corroborated', 'reported', by_id, at, '{}', 'supports', 0, 0, true, 2, graph_digest"
        " FROM claims_statuschange :second",
        "INSERT INTO claims_statuschangetext (claim_id, seq, reason, decision_reason)"
        " VALUES (:claim_id, 3, 'Forged.', '')",
        ":claim last_seq = 3, state = 'reported' :this",
    ),
    "R20": ("DELETE FROM claims_statuschangetext :second",),
    "R21": ("UPDATE claims_grounds SET content = '{}', digest = encode(sha256('{}'), 'hex')",),
}

CLAIMS: dict[str, tuple[str, ...]] = {
    "R22": (":claim state = 'refuted' :this",),
    "R23": (":claim statement = 'Forged.' :this",),
    "R24": (":claim original_statement = 'Forged.' :this",),
    "R25": (":claim place = 'Elsewhere' :this",),
    "R26": (":claim claimed_on = '2001-01-01' :this",),
    "R27": (":claim claimant_id = :actor(A paper) :this",),
    "R28": ("UPDATE claims_element SET text = 'Forged.' WHERE claim_id = :claim_id AND position = 1",),
    "R29": ("DELETE FROM claims_element WHERE claim_id = :claim_id AND position = 1",),
    "R30": ("DELETE FROM claims_claim_topics WHERE claim_id = :claim_id",),
    "R31": ("INSERT INTO claims_claim_parties (claim_id, actor_id) VALUES (:claim_id, :actor(A paper))",),
    "R32": (":claim published_at = NULL :this",),
    "R33": (":claim published_at = clock_timestamp() :denied_one",),
    "R34": (":claim published_at = published_at - interval '30 days' :this",),
    "R35": (":claim closed_at = clock_timestamp(), closed_reason = 'moot', closed_note = 'Forged.' :this",),
    "R36": (
        "UPDATE claims_claim SET closed_at = NULL, closed_reason = '', closed_note = '' WHERE closed_at IS NOT NULL",
    ),
    "R37": (":claim threshold_override = 2, threshold = 2 :denied_one",),
    "R38": (":claim independence_min = 9, independence_max = 9 :this",),
    "R39": (":claim contested = NOT contested :this",),
    "R40": (":claim reference = 'UKR-1000' :this",),
    "R41": ("UPDATE claims_revision SET by_id = :user(reviewer2) WHERE claim_id = :claim_id AND version = 1",),
    "R42": (
        "DELETE FROM claims_statuschange WHERE claim_id = :denied_id",
        "DELETE FROM claims_evidence WHERE claim_id = :denied_id",
        "DELETE FROM claims_claim WHERE id = :denied_id",
    ),
}

EVIDENCE: dict[str, tuple[str, ...]] = {
    "R43": (":evidence excerpt = 'Forged.' :spoken",),
    "R44": (":evidence stance = 'supports' :spoken",),
    "R45": ("DELETE FROM claims_evidence WHERE id = :evidence(A radio talk)",),
    "R46": (
        "INSERT INTO claims_evidence (id, claim_id, source_id, stance, basis, basis_reason, excerpt, locator,"
        " credibility, against_interest_reason, visibility, withdrawn_reason, version, created_by_id,"
        " placed_by_editor, created_at)"
        " SELECT gen_random_uuid(), :claim_id, :source(A letter), 'supports', basis, basis_reason, 'Forged.', locator,"
        " credibility, against_interest_reason, visibility, '', 1, created_by_id, false, clock_timestamp()"
        " FROM claims_evidence WHERE id = :evidence(A radio talk)",
    ),
    "R47": (
        "UPDATE claims_evidence SET withdrawn_at = NULL, withdrawn_by_id = NULL, withdrawn_reason = ''"
        " WHERE id = :evidence(A letter)",
    ),
    "R48": (
        ":evidence withdrawn_at = clock_timestamp(), withdrawn_by_id = :user(editor), withdrawn_reason = 'Forged.'"
        " :spoken",
    ),
    "R49": (":evidence source_id = :source(A letter) :spoken",),
    "R50": ("UPDATE claims_evidence SET visibility = 'desk' WHERE id = :evidence(A whisper)",),
    "R51": (":evidence superseded_by_id = :supporting_id :spoken",),
    "R52": (":evidence against_interest_id = :actor(A paper), against_interest_reason = 'Forged.' :spoken",),
    "R53": (":evidence created_by_id = :user(reviewer2) :spoken",),
    "R54": ("DELETE FROM claims_evidence WHERE id = :supporting_id",),
}

SOURCES: dict[str, tuple[str, ...]] = {
    "R55": (":source title = 'Forged.' WHERE id = :source(A radio talk)",),
    "R56": (":source publisher_id = :actor(A paper) WHERE id = :source(A radio talk)",),
    "R57": (
        "UPDATE sources_source SET retracted_at = NULL, retracted_by_id = NULL, retracted_reason = ''"
        " WHERE title = 'A false report'",
    ),
    "R58": (
        ":source retracted_at = clock_timestamp(), retracted_by_id = :user(editor), retracted_reason = 'Forged.'"
        " WHERE id = :source(A radio talk)",
    ),
    "R59": ("UPDATE sources_source SET visibility = 'desk' WHERE title = 'A whisper'",),
    "R60": (":source url = 'https://forged.example/' WHERE id = :source(A radio talk)",),
    "R61": (":source basis = 'firsthand' WHERE id = :source(A radio talk)",),
    "R62": (":source reliability = 'A' WHERE id = :source(A radio talk)",),
    "R63": ("DELETE FROM sources_relay WHERE upstream_id = :source(The port's log)",),
    "R64": (
        "INSERT INTO sources_relay (id, downstream_id, upstream_id, quote, created_by_id, created_at)"
        " VALUES (gen_random_uuid(), :source(A radio talk), :source(A letter), '', :user(reviewer), clock_timestamp())",
    ),
    "R65": ("UPDATE sources_relay SET removed_at = NULL, removed_by_id = NULL WHERE upstream_id = :source(A rumour)",),
    "R66": ("UPDATE sources_relay SET quote = 'Forged.' WHERE upstream_id = :source(The port's log)",),
    "R67": (":actor name = 'Forged' WHERE id = :actor(A paper)",),
    "R68": (":actor part_of_id = NULL, part_of_from = NULL, part_of_to = NULL WHERE id = :actor(A paper)",),
    "R69": (":actor owned_by_id = :actor(A group of papers) WHERE id = :actor(A paper)",),
    "R70": (
        "UPDATE sources_actor SET merged_into_id = NULL WHERE name = 'The paper'",
        "DELETE FROM claims_actormerge WHERE actor_id = :actor(The paper)",
    ),
}

FILES: dict[str, tuple[str, ...]] = {
    "R72": (":file sha256 = repeat('ab', 32) WHERE id = :file_id",),
    "R73": (":file size = size + 1 WHERE id = :file_id",),
    "R75": (":file name = 'forged.txt' WHERE id = :file_id",),
    "R76": (":file media_type = 'text/html' WHERE id = :file_id",),
    "R77": ("DELETE FROM sources_attachment WHERE id = :file_id",),
    "R78": ("UPDATE sources_capture SET final_url = 'https://forged.example/' WHERE state = 'done'",),
    "R79": ("UPDATE sources_capture SET attachment_id = :file_id WHERE state = 'done'",),
}

WORK: dict[str, tuple[str, ...]] = {
    "R80": (":assignment reviewer_id = :user(reviewer2) WHERE id = :assignment_id",),
    "R81": (":assignment due_at = due_at + interval '1 day' WHERE id = :assignment_id",),
    "R82": (":assignment assigned_by_id = :user(admin) WHERE id = :assignment_id",),
    "R83": ("DELETE FROM reviews_assignment WHERE id = :assignment_id",),
    "R84": (":assessment rationale = 'Forged.' WHERE id = :assessment_id",),
    "R85": (":assessment proposed_state = 'refuted' WHERE id = :assessment_id",),
    "R86": (
        ":assessment assessor_id = :user(reviewer2) WHERE id = :assessment_id",
        ":decision assessor_id = :user(reviewer2) WHERE assessment_id = :assessment_id",
    ),
    "R87": ("DELETE FROM reviews_decision WHERE assessment_id = :assessment_id",),
    "R88": (
        ":decision approved = false WHERE assessment_id = :assessment_id",
        ":assessment state = 'rejected' WHERE id = :assessment_id",
    ),
    "R89": (":decision reason = 'Forged.' WHERE assessment_id = :assessment_id",),
    "R90": (":decision decided_by_id = :user(admin) WHERE assessment_id = :assessment_id",),
    "R91": ("UPDATE reviews_assessmentelement SET text = 'Forged.' WHERE assessment_id = :assessment_id",),
    "R92": (
        ":unchecked reviews_redaction",
        "UPDATE reviews_redaction SET state = 'done', decided_by_id = :user(editor2), ended_at = clock_timestamp()"
        " WHERE state = 'proposed'",
    ),
    "R93": ("UPDATE reviews_redaction SET reason = 'Forged.' WHERE state = 'done'",),
}

SECRETS: dict[str, tuple[str, ...]] = {
    "R94": (":opening 'reason'", ":text reason = 'Forged.' :second"),
    "R95": (":opening 'by'", ":change by_id = :user(reviewer2) :second"),
    "R96": (":value 'reason'", ":text reason = 'Forged.' :second"),
    "R97": (
        "INSERT INTO ledger_erasure (said_in_id, entry_id, name, row) VALUES (:entry_id, :entry_id, 'reason', '')",
        ":opening 'reason'",
        ":text reason = '[redacted]' :second",
    ),
    "R98": (
        "INSERT INTO ledger_secret (entry_id, name, salt, value)"
        " SELECT entry_id, name, decode(repeat('00', 32), 'hex'), convert_to('\"Oksana\"', 'UTF8')"
        " FROM ledger_erasure WHERE entry_id IS NOT NULL LIMIT 1",
    ),
    "R99": ("DELETE FROM ledger_erasure WHERE entry_id IS NOT NULL",),
    "R100": ("UPDATE ledger_secret SET salt = decode(repeat('00', 32), 'hex') WHERE entry_id = :entry_id",),
    "R101": (
        "UPDATE ledger_secret s SET value = o.value FROM ledger_secret o WHERE o.entry_id = :entry_id"
        " AND o.name = 'decision_reason' AND s.entry_id = :entry_id AND s.name = 'reason'",
        ":text reason = decision_reason :second",
    ),
}

PEOPLE: dict[str, tuple[str, ...]] = {
    "R102": ("UPDATE accounts_membership SET role = 'editor' WHERE user_id = :user(reporter)",),
    "R103": (
        "INSERT INTO accounts_membership (id, desk_id, user_id, role, created_at)"
        " VALUES (gen_random_uuid(), :desk_id, :user(stranger), 'editor', clock_timestamp())",
    ),
    "R104": ("DELETE FROM accounts_membership WHERE user_id = :user(reviewer2)",),
    "R105": ("UPDATE accounts_desk SET min_independence = 1 WHERE id = :desk_id",),
    "R106": ("UPDATE claims_policychange SET reason = 'Forged.'",),
    "R107": ("UPDATE accounts_desk SET name = 'Forged' WHERE id = :desk_id",),
    "R108": ("UPDATE accounts_user SET is_staff = true, is_superuser = true WHERE username = 'reporter'",),
    "R109": ("UPDATE accounts_user SET is_active = false WHERE username = 'reviewer2'",),
    "R110": ("UPDATE accounts_user SET username = 'somebody' WHERE username = 'reviewer'",),
    "R111": ("UPDATE accounts_user SET email = 'forged@example.org' WHERE username = 'reviewer'",),
    "R112": ("UPDATE accounts_token SET scopes = '{read,write}' WHERE user_id = :user(auditor)",),
    "R113": ("UPDATE accounts_token SET user_id = :user(editor) WHERE user_id = :user(reporter)",),
    "R114": ("UPDATE accounts_token SET expiry = NULL WHERE user_id = :user(reporter)",),
    "R115": ("UPDATE accounts_invitation SET role = 'editor' WHERE name = 'Nadia'",),
    "R116": ("UPDATE accounts_act SET by_id = :user(reviewer2) WHERE entry_id = :entry_id",),
    "R117": ("DELETE FROM accounts_act WHERE entry_id = :entry_id",),
}

BEFORE = "'2001-01-01 12:00:00+00'"

# Dated before the log began, when nothing had an entry.
OLDER: dict[str, tuple[str, ...]] = {
    "R119": (f":claim published_at = {BEFORE} :denied_one",),
    "R120": tuple(statement.replace("clock_timestamp()", BEFORE) for statement in EVIDENCE["R46"]),
    "R121": tuple(statement.replace("clock_timestamp()", BEFORE) for statement in SOURCES["R64"]),
    "R122": tuple(statement.replace("clock_timestamp()", BEFORE) for statement in PEOPLE["R103"]),
    "R123": (
        "INSERT INTO accounts_user (id, username, name, email, password, is_superuser, is_staff, is_active,"
        " date_joined, first_name, last_name, time_zone, language, reads, reminders_by_mail)"
        " SELECT gen_random_uuid(), 'ghost', 'Ghost', 'ghost@example.org', '', true, true, true,"
        " '2001-01-01 12:00:00+00', '', '', time_zone, language, reads, reminders_by_mail"
        " FROM accounts_user WHERE username = 'admin'",
    ),
    "R124": (f":source retracted_at = {BEFORE}, retracted_by_id = :user(editor) WHERE id = :source(A radio talk)",),
    "R125": (":evidence created_at = created_at - interval '30 days' :spoken",),
}

# What stands above a history, and the numbers of its evidence.
ABOVE: dict[str, tuple[str, ...]] = {
    "R126": ("UPDATE sources_actor SET name = 'Forged' WHERE id = (SELECT claimant_id FROM claims_claim :this)",),
    "R127": (
        ":claim threshold_override = 1, threshold = 1, threshold_reason = 'Forged.', threshold_by_id = :user(editor)"
        " :this",
    ),
    "R128": (
        ":evidence created_at = interval '1 ms'"
        " + (SELECT created_at FROM claims_evidence WHERE id = :evidence(A letter)) :spoken",
    ),
}

# Hidden by what it refers to, which is not there.
NOWHERE: dict[str, tuple[str, ...]] = {
    "R140": (":evidence claim_id = gen_random_uuid(), excerpt = 'Forged.' WHERE id = :evidence(A whisper)",),
    "R141": (":assessment assessor_id = gen_random_uuid() WHERE state = 'waiting'",),
}

ROWS = STATUS_CHANGES | CLAIMS | EVIDENCE | SOURCES | FILES | WORK | SECRETS | PEOPLE | OLDER | ABOVE | NOWHERE | PUBLIC
