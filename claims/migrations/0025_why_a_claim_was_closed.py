"""Which reason a claim was closed for stands apart from the note, of which a redaction may take words.

Whatever the log has of a closing says which of the two is which, also where a redaction took the reason from before the
note. What was closed before there was a log stays as it is: nothing is compared with that.
"""

from django.db import migrations, models

APART = """
UPDATE claims_revision r SET closed_as = s.why, note = CASE
    WHEN r.note IN (s.why, '[redacted]') THEN ''
    WHEN starts_with(r.note, s.why || ': ') THEN substr(r.note, length(s.why) + 3)
    WHEN starts_with(r.note, '[redacted]: ') THEN substr(r.note, 13)
    ELSE r.note
END
FROM (
    SELECT (body ->> 'claim')::uuid AS claim, (body ->> 'version')::integer AS version, body ->> 'why' AS why
    FROM (
        SELECT convert_from(leaf, 'UTF8')::jsonb -> 'body' AS body FROM ledger_entry WHERE kind = 'claim_closed'
    ) e
) s
WHERE r.claim_id = s.claim AND r.version = s.version
"""
TOGETHER = """
UPDATE claims_revision SET note = closed_as || CASE WHEN note = '' THEN '' ELSE ': ' || note END WHERE closed_as <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0024_contrary_evidence_is_noted"), ("ledger", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="revision",
            name="closed_as",
            field=models.CharField(
                blank=True,
                choices=[
                    ("duplicate", "a duplicate"),
                    ("moot", "moot"),
                    ("uncheckable", "cannot be checked"),
                    ("mistake", "entered by mistake"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunSQL(APART, TOGETHER),
    ]
