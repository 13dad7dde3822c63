"""Rules that statements written by hand share with the ORM, and the walks along relays and chains of actors."""

from django.db.models import Q

from sources.models import Visibility


def is_open(path: str = "") -> Q:
    """Whether a row is not restricted; `path` leads to it ("source__")."""
    return ~Q(**{f"{path}visibility": Visibility.RESTRICTED})


def open_sql(table: str) -> str:
    """`is_open` as SQL, for a row of `table` or of its alias."""
    return f"{table}.visibility <> '{Visibility.RESTRICTED}'"


def upstreams_sql(start: str) -> str:
    """A table `up` for WITH RECURSIVE: the ids of the sources that `start` selects and of all their upstreams.

    Restricted sources end the walk: they enter no number and no list that others see.
    """
    return f"""up (id) AS (
    SELECT s.id FROM sources_source s WHERE s.id IN ({start}) AND {open_sql("s")}
    UNION
    SELECT s.id FROM up
    JOIN sources_relay r ON r.downstream_id = up.id AND r.removed_at IS NULL
    JOIN sources_source s ON s.id = r.upstream_id AND {open_sql("s")}
)"""  # noqa: S608 - our own


def downstreams_sql(start: str) -> str:
    """A table `down` for WITH RECURSIVE: the same with all downstreams."""
    return f"""down (id) AS (
    SELECT s.id FROM sources_source s WHERE s.id IN ({start}) AND {open_sql("s")}
    UNION
    SELECT s.id FROM down
    JOIN sources_relay r ON r.upstream_id = down.id AND r.removed_at IS NULL
    JOIN sources_source s ON s.id = r.downstream_id AND {open_sql("s")}
)"""  # noqa: S608 - our own


def chains_sql(start: str) -> str:
    """A table `chain` for WITH RECURSIVE: the ids of the actors that `start` selects and of all that they are part of.

    OFFSET 0 makes PostgreSQL look each actor up by its key: it cannot know how long chains are.
    """
    return f"""chain (id) AS (
    ({start})
    UNION
    SELECT whole.id FROM chain CROSS JOIN LATERAL (
        SELECT part_of_id AS id FROM sources_actor WHERE id = chain.id AND part_of_id IS NOT NULL OFFSET 0
    ) whole
)"""  # noqa: S608 - our own
