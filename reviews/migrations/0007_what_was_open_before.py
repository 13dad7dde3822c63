from django.db import migrations

# Rows that acts write since 0002, for what was open before it: tasks for lost support, reminders for who may decide
# findings that wait, notices and escalations of assignments. On a new database there is nothing to do.
TASKS = """
INSERT INTO claims_task (id, claim_id, kind, opened_at, due_at, note, reminders_follow)
SELECT gen_random_uuid(), c.id, 'support_lost', now(), now() + d.days_to_look_again * interval '1 day', '', false
FROM claims_claim c JOIN accounts_desk d ON d.id = c.desk_id
WHERE c.support_lost_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM claims_task t WHERE t.claim_id = c.id AND t.kind = 'support_lost' AND t.ended_at IS NULL)
"""
REMINDER = """
INSERT INTO reviews_reminder (id, claim_id, assignment_id, assessment_id, recipient_id, kind, due_at, created_at,
                              state, attempt, error)
"""
DECISIONS = f"""{REMINDER}
SELECT gen_random_uuid(), a.claim_id, NULL, a.id, NULL, 'awaiting_decision', now(), now(), 'pending', 0, ''
FROM reviews_assessment a JOIN claims_claim c ON c.id = a.claim_id
WHERE a.state = 'waiting' AND c.closed_at IS NULL
  AND NOT EXISTS (SELECT FROM reviews_reminder r WHERE r.assessment_id = a.id AND r.kind = 'awaiting_decision')
"""
OPEN = "FROM reviews_assignment a WHERE a.ended_at IS NULL AND a.due_at > a.created_at"
NOTICES = f"""{REMINDER}
SELECT gen_random_uuid(), a.claim_id, a.id, NULL, a.reviewer_id, 'due_soon',
       a.due_at - least(interval '24 hours', (a.due_at - a.created_at) / 2), now(), 'pending', 0, ''
{OPEN} AND a.due_at - least(interval '24 hours', (a.due_at - a.created_at) / 2) > now()
  AND NOT EXISTS (SELECT FROM reviews_reminder r WHERE r.assignment_id = a.id AND r.kind = 'due_soon')
"""
ESCALATIONS = f"""{REMINDER}
SELECT gen_random_uuid(), a.claim_id, a.id, NULL, NULL, 'escalation',
       greatest(now(), a.due_at + least(interval '48 hours', a.due_at - a.created_at)), now(), 'pending', 0, ''
{OPEN}
  AND NOT EXISTS (SELECT FROM reviews_reminder r WHERE r.assignment_id = a.id AND r.kind = 'escalation')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_days_to_look_again"),
        ("claims", "0008_tasks_and_recomputations"),
        ("reviews", "0006_drafts_and_kept_outcomes"),
    ]

    operations = [migrations.RunSQL([TASKS, DECISIONS, NOTICES, ESCALATIONS], migrations.RunSQL.noop)]
