from django.db import migrations

# Claims that are counted within another budget than before: those whose sources lie at least two relays deep. The
# others are far within either. The next ticks recompute them (claims.actions.recomputing).
DEEP = """
INSERT INTO claims_recomputation (claim_id, asked_at, attempt)
SELECT DISTINCT e.claim_id, now(), 0
FROM claims_evidence e
JOIN sources_relay first ON first.downstream_id = e.source_id AND first.removed_at IS NULL
JOIN sources_relay second ON second.downstream_id = first.upstream_id AND second.removed_at IS NULL
JOIN sources_source s ON s.id = e.source_id AND s.visibility <> 'restricted'
JOIN sources_source t ON t.id = first.upstream_id AND t.visibility <> 'restricted'
JOIN sources_source u ON u.id = second.upstream_id AND u.visibility <> 'restricted'
WHERE e.withdrawn_at IS NULL AND e.visibility <> 'restricted'
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0015_exact_or_bounds"), ("sources", "0001_initial")]

    operations = [migrations.RunSQL(DEEP, migrations.RunSQL.noop)]
