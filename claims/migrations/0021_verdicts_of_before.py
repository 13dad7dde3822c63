"""Verdicts of before have no grounds that were kept: workers keep what they rest on now, and watch it from then on."""

from django.db import migrations

ASK = """
INSERT INTO claims_groundstokeep (claim_id)
SELECT c.id FROM claims_claim c
WHERE c.state IN ('corroborated', 'refuted')
    AND NOT EXISTS (SELECT FROM claims_groundswatch w WHERE w.claim_id = c.id AND w.of_verdict)
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0020_grounds_are_watched")]

    operations = [migrations.RunSQL(ASK, "DELETE FROM claims_groundstokeep")]
