"""Integrity of assignments, assessments, decisions and reminders, with each other and with their claims."""

from claims.models import NEVER_DUE, ParticipantRole, now_sql
from house.integrity import by_overdue_query, by_query

_PARTICIPANTS = f"""
SELECT c.reference, 'a reviewer for each open assignment',
       coalesce(a.state || ' assignment ' || a.id, 'no assignment') || ', '
           || CASE WHEN p.id IS NULL THEN 'no reviewer' WHEN p.accepted THEN 'a reviewer who accepted'
                   ELSE 'a reviewer who has not accepted' END
FROM (SELECT * FROM reviews_assignment WHERE ended_at IS NULL) a
FULL JOIN (SELECT * FROM claims_participant p WHERE {now_sql("p", ParticipantRole.REVIEWER)}) p
    ON p.claim_id = a.claim_id AND p.user_id = a.reviewer_id
JOIN claims_claim c ON c.id = coalesce(a.claim_id, p.claim_id)
WHERE a.id IS NULL OR p.id IS NULL OR p.accepted <> (a.state = 'accepted')
"""  # noqa: S608 - our own
# Both rows are written in one transaction.
_SINCE_WHEN = """
SELECT c.reference, 'a reviewer from the beginning to the end of each assignment',
       CASE WHEN a.id IS NULL THEN 'reviewer ' || p.id || ' without one'
            WHEN p.id IS NULL THEN 'assignment ' || a.id || ' without one' ELSE 'reviewer ' || p.id || ', otherwise' END
FROM reviews_assignment a
FULL JOIN (SELECT * FROM claims_participant WHERE role = 'reviewer') p
    ON p.claim_id = a.claim_id AND p.user_id = a.reviewer_id AND p.since = a.created_at
JOIN claims_claim c ON c.id = coalesce(a.claim_id, p.claim_id)
WHERE a.id IS NULL OR p.id IS NULL OR p.until IS DISTINCT FROM a.ended_at
   OR p.accepted <> (a.accepted_at IS NOT NULL)
"""
_ASSIGNED = """
SELECT c.reference || ' assessment ' || f.id, 'an assignment of its assessor', 'assignment ' || f.assignment_id
FROM (
    SELECT id, claim_id, assessor_id, assignment_id, created_at AS at FROM reviews_assessment
    UNION ALL
    SELECT f.id, f.claim_id, f.assessor_id, g.assignment_id, g.at
    FROM reviews_assessmentgrounds g JOIN reviews_assessment f ON f.id = g.assessment_id
) f
JOIN claims_claim c ON c.id = f.claim_id
JOIN reviews_assignment a ON a.id = f.assignment_id
WHERE a.claim_id <> f.claim_id OR a.reviewer_id <> f.assessor_id OR a.created_at > f.at OR a.ended_at < f.at
"""
_DUE = """
SELECT c.reference, 'due ' || coalesce(min(a.due_at), %s), c.due_at::text
FROM claims_claim c LEFT JOIN reviews_assignment a ON a.claim_id = c.id AND a.ended_at IS NULL
GROUP BY c.id HAVING c.due_at <> coalesce(min(a.due_at), %s)
"""
_CLOSED = """
SELECT c.reference, 'nothing open on a closed claim', 'assignment ' || a.id
FROM claims_claim c JOIN reviews_assignment a ON a.claim_id = c.id AND a.ended_at IS NULL
WHERE c.closed_at IS NOT NULL
"""
_COMPLETED = """
SELECT c.reference, 'an assessment of the reviewer', 'completed assignment ' || a.id || ' without one'
FROM reviews_assignment a JOIN claims_claim c ON c.id = a.claim_id
WHERE a.state = 'completed' AND NOT EXISTS (
    SELECT FROM reviews_assessment f
    WHERE f.claim_id = a.claim_id AND f.assessor_id = a.reviewer_id AND f.state IN ('approved', 'recorded', 'enacted')
)
"""
_WAITING = """
SELECT c.reference, 'one assessment of each assessor that waits', count(*) || ' assessments'
FROM reviews_assessment f JOIN claims_claim c ON c.id = f.claim_id
WHERE f.state = 'waiting' GROUP BY c.reference, f.assessor_id HAVING count(*) > 1
"""
_DECISIONS = """
SELECT c.reference, 'assessment ' || f.id || ' ' || f.state
           || CASE WHEN f.state IN ('approved', 'rejected') THEN ' with that decision' ELSE ' with no decision' END,
       CASE WHEN d.id IS NULL THEN 'no decision' WHEN d.approved THEN 'an approval' ELSE 'a rejection' END
           || CASE WHEN d.assessor_id <> f.assessor_id THEN ' of another’s assessment' ELSE '' END
FROM reviews_assessment f
JOIN claims_claim c ON c.id = f.claim_id
LEFT JOIN reviews_decision d ON d.assessment_id = f.id
WHERE (CASE f.state WHEN 'approved' THEN d.approved IS NOT TRUE WHEN 'rejected' THEN d.approved IS NOT FALSE
                    ELSE d.id IS NOT NULL END)
   OR d.assessor_id <> f.assessor_id
"""
# Assessor, approver, time and state are in both rows: an approval makes its move in the same transaction.
_APPROVED = """
SELECT c.reference,
       coalesce('a status change for the approval of ' || d.at, 'an approval for status change ' || s.seq), 'none'
FROM (
    SELECT f.claim_id, f.assessor_id, f.from_state, f.proposed_state, d.decided_by_id, d.at
    FROM reviews_decision d JOIN reviews_assessment f ON f.id = d.assessment_id WHERE d.approved
) d
FULL JOIN (SELECT * FROM claims_statuschange WHERE decided_by_id IS NOT NULL) s
    ON s.claim_id = d.claim_id AND s.at = d.at AND s.by_id = d.assessor_id AND s.decided_by_id = d.decided_by_id
   AND s.from_state = d.from_state AND s.to_state = d.proposed_state
JOIN claims_claim c ON c.id = coalesce(d.claim_id, s.claim_id)
WHERE d.claim_id IS NULL OR s.claim_id IS NULL
"""
_ENACTED = """
SELECT c.reference, 'a status change for assessment ' || f.id, 'none'
FROM reviews_assessment f
JOIN claims_claim c ON c.id = f.claim_id
LEFT JOIN claims_statuschange s ON s.claim_id = f.claim_id AND s.by_id = f.assessor_id AND s.at = f.created_at
    AND s.from_state = f.from_state AND s.to_state = f.proposed_state
WHERE f.state = 'enacted' AND s.claim_id IS NULL
"""
_REMINDER_ENDS = """
SELECT c.reference, 'a reminder that waits or has ended once',
       r.kind || ' ' || r.id || ' ' || r.state
           || CASE WHEN r.ended_at IS NULL THEN ' without an end' ELSE ' with an end' END
FROM reviews_reminder r JOIN claims_claim c ON c.id = r.claim_id
WHERE (r.state = 'pending') <> (r.ended_at IS NULL) OR r.state NOT IN ('pending', 'sent', 'cancelled', 'failed')
   OR (r.ended_at IS NOT NULL AND r.lease_until IS NOT NULL)
"""
_REMINDER_SUBJECT = """
SELECT c.reference, 'a reminder of its subject’s claim', r.kind || ' ' || r.id || ' of another'
FROM reviews_reminder r
JOIN claims_claim c ON c.id = r.claim_id
LEFT JOIN reviews_assignment a ON a.id = r.assignment_id
LEFT JOIN reviews_assessment f ON f.id = r.assessment_id
WHERE coalesce(a.claim_id, f.claim_id, r.claim_id) <> r.claim_id
   OR (r.kind IN ('due_soon', 'due', 'overdue') AND r.recipient_id <> a.reviewer_id)
"""
_REMINDER_ORPHANS = """
SELECT c.reference, 'no reminder of what has ended', r.kind || ' ' || r.id || ' waits'
FROM reviews_reminder r
JOIN claims_claim c ON c.id = r.claim_id
LEFT JOIN reviews_assignment a ON a.id = r.assignment_id
LEFT JOIN reviews_assessment f ON f.id = r.assessment_id
WHERE r.state = 'pending' AND (c.closed_at IS NOT NULL OR a.ended_at IS NOT NULL OR f.state <> 'waiting')
"""
# Cancelled after its due time: a later reminder said the same.
_REMINDER_LOST = """
SELECT c.reference, 'a reminder when assignment ' || a.id || ' is due', 'none'
FROM reviews_assignment a JOIN claims_claim c ON c.id = a.claim_id
WHERE a.ended_at IS NULL AND NOT EXISTS (
    SELECT FROM reviews_reminder r
    WHERE r.assignment_id = a.id AND r.kind = 'due' AND r.due_at = a.due_at
      AND (r.state <> 'cancelled' OR r.ended_at >= r.due_at)
)
"""
_DECISION_REMINDER_LOST = """
SELECT c.reference, 'a reminder to come for assessment ' || f.id, 'none'
FROM reviews_assessment f JOIN claims_claim c ON c.id = f.claim_id
WHERE f.state = 'waiting' AND c.closed_at IS NULL AND NOT EXISTS (
    SELECT FROM reviews_reminder r
    WHERE r.assessment_id = f.id AND r.kind = 'awaiting_decision' AND r.recipient_id IS NULL AND r.state = 'pending'
)
"""
_REMINDER_LATE = """
SELECT c.reference, 'ended soon after it was due', r.kind || ' ' || r.id || ' due ' || r.due_at || ' waits'
FROM reviews_reminder r JOIN claims_claim c ON c.id = r.claim_id
WHERE r.state = 'pending' AND r.due_at < %(late)s AND (r.lease_until IS NULL OR r.lease_until < %(late)s)
"""
_TASK_LATE = """
SELECT c.reference, 'reminders for task ' || t.id, 'none since ' || coalesce(t.ended_at, t.opened_at)
FROM claims_task t JOIN claims_claim c ON c.id = t.claim_id
WHERE NOT t.reminders_follow AND coalesce(t.ended_at, t.opened_at) < %(late)s
"""
_STOOD_FOR = """
SELECT c.reference, CASE WHEN w.grounds_id IS NULL THEN 'the grounds of assessment ' || f.id || ' watched'
                         ELSE 'an assessment that waits' END,
       CASE WHEN w.grounds_id IS NULL THEN 'not' ELSE 'grounds of assessment ' || f.id || ', ' || f.state END
FROM reviews_assessment f
JOIN claims_claim c ON c.id = f.claim_id
JOIN reviews_assessmentgrounds g ON g.assessment_id = f.id
LEFT JOIN claims_groundswatch w ON w.grounds_id = g.grounds_id AND NOT w.of_verdict
WHERE (f.state = 'waiting' AND NOT EXISTS (
    SELECT FROM reviews_assessmentgrounds later WHERE later.assessment_id = f.id AND later.number > g.number
)) <> (w.grounds_id IS NOT NULL)
"""
# Older assessments have no kept grounds to compare.
_APPROVED_GROUNDS = """
SELECT c.reference || ' status change ' || s.seq, 'the grounds that its assessor stood for',
       coalesce(k.grounds_id::text, 'none')
FROM claims_statuschange s
JOIN claims_claim c ON c.id = s.claim_id
JOIN reviews_assessment f ON f.claim_id = s.claim_id AND f.assessor_id = s.by_id AND f.state = 'approved'
    AND f.from_state = s.from_state AND f.proposed_state = s.to_state
JOIN reviews_decision d ON d.assessment_id = f.id AND d.at = s.at
JOIN LATERAL (
    SELECT grounds_id FROM reviews_assessmentgrounds WHERE assessment_id = f.id ORDER BY number DESC LIMIT 1
) g ON true
LEFT JOIN claims_statuschangegrounds k ON k.claim_id = s.claim_id AND k.seq = s.seq
WHERE k.grounds_id IS DISTINCT FROM g.grounds_id
"""
CHECKS = (
    by_query("reviewers are those with assignments", query=_PARTICIPANTS),
    by_query("reviewers as long as their assignments", query=_SINCE_WHEN),
    by_query("assessment by assignment of its assessor", query=_ASSIGNED),
    by_query("due when its first assignment is", query=_DUE, parameters=(NEVER_DUE, NEVER_DUE)),
    by_query("closed", query=_CLOSED),
    by_query("completed with an assessment", query=_COMPLETED),
    by_query("one assessment waits", query=_WAITING),
    by_query("assessment with its decision", query=_DECISIONS),
    by_query("approvals are moves", query=_APPROVED),
    by_query("approved is what was stood for", query=_APPROVED_GROUNDS),
    by_query("waiting assessments are watched", query=_STOOD_FOR),
    by_query("assessments made alone are moves", query=_ENACTED),
    by_query("reminder ends once", query=_REMINDER_ENDS),
    by_query("reminder of its subject", query=_REMINDER_SUBJECT),
    by_query("reminder with a reason", query=_REMINDER_ORPHANS),
    by_query("assignment with its reminder", query=_REMINDER_LOST),
    by_query("waiting assessment with its reminder", query=_DECISION_REMINDER_LOST),
    by_overdue_query("reminder in time", query=_REMINDER_LATE),
    by_overdue_query("task with its reminders", query=_TASK_LATE),
)
