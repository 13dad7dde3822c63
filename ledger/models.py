"""Recorded entries and their commitments, the entries waiting for the log, and the log itself.

Rows are added and never changed: triggers in the migrations enforce it (`docs/ledger.md`, `docs/decisions/0074…`).
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """One entry of a stream. `leaf` holds its bytes; the other columns repeat them for queries."""

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(max_length=255)
    seq = models.PositiveIntegerField()
    prev = models.BinaryField(null=True)  # leaf hash of the stream's previous entry; null for the first
    kind = models.CharField(max_length=64)
    at = models.DateTimeField()
    # Bytes and not JSON: jsonb writes values anew, and the hash is of these bytes.
    leaf = models.BinaryField()
    # Receipts and proofs find an entry by it.
    leaf_hash = models.BinaryField(unique=True)

    class Meta:
        verbose_name_plural = "entries"
        constraints: ClassVar = [
            # Two writers of one stream cannot both take the next number, so a stream never forks.
            models.UniqueConstraint(fields=["stream", "seq"], name="entry_once_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} #{self.seq}: {self.kind}"


class Secret(models.Model):
    """The salt and value (canonical JSON) of a committed field. A redaction erases the row and records an `Erasure`."""

    id = models.BigAutoField(primary_key=True)
    # No index of its own: the unique constraint below begins with it.
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="secrets", db_index=False)
    name = models.CharField(max_length=80)
    # Apart from the entry, so that a redaction can delete it and the log still verifies (decision 79).
    salt = models.BinaryField()
    value = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["entry", "name"], name="secret_once_a_field")]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.name}"


class Erasure(models.Model):
    """One erasure by a redaction: the field `name` of an entry, or a `row` of another table.

    `said_in`: the redaction's own entry, whose body names the erasure, so that none happens without a record.
    """

    id = models.BigAutoField(primary_key=True)
    said_in = models.ForeignKey(Entry, models.PROTECT, related_name="erasures")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="erased", db_index=False)
    name = models.CharField(max_length=80, blank=True)
    row = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "name"], name="erasure_once_a_field"),
            models.UniqueConstraint(fields=["row"], condition=~Q(row=""), name="erasure_once_a_row"),
            models.CheckConstraint(
                condition=(Q(entry__isnull=False, row="") & ~Q(name=""))
                | (Q(entry__isnull=True, name="") & ~Q(row="")),
                name="erasure_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.row or f"{self.entry_id}: {self.name}"


class SealedStream(models.Model):
    """The random stream of the sealed entries about a subject, such as `assessment:<uuid>`."""

    subject = models.CharField(max_length=255, primary_key=True)
    # Random: a name made from the subject could be guessed and confirmed by the leaf's hash (decision 71).
    name = models.CharField(max_length=39, unique=True)  # 'sealed:' and 32 hex digits

    def __str__(self) -> str:
        return self.subject


class Outbox(models.Model):
    """An entry that waits for its place in the log. A trigger adds the row with the entry."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="waiting", db_constraint=False)

    class Meta:
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return str(self.entry_id)


class Leaf(models.Model):
    """The place of an entry in the log, by its index from 0."""

    # Given by the sequencer alone: numbering in the writers' own transactions cut their rate to a quarter.
    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="place")
    hash = models.BinaryField()

    class Meta:
        verbose_name_plural = "leaves"

    def __str__(self) -> str:
        return str(self.index)


class Node(models.Model):
    """The hash of a complete subtree of 256^level leaves. `level`: the tile level, from 1 (C2SP tlog-tiles)."""

    pk = models.CompositePrimaryKey("level", "index")
    # One level in eight is kept: tiles are read from leaves and these, and stored nowhere else (decision 74).
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Checkpoint(models.Model):
    """A published signed checkpoint. `size`: the number of leaves; `root`: the hash over them."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    # As signed, to the byte: time stamps and cosignatures are of these bytes (decision 101).
    note = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.size)


class Cosignature(models.Model):
    """A witness's cosignature of a checkpoint. `at`: by the witness's clock; `line`: its line of the note."""

    # A witness's newest row is its last cosignature: no other memory is kept (decision 102).
    pk = models.CompositePrimaryKey("checkpoint", "key")
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures", db_index=False)
    key = models.TextField()  # a verifier key, as a policy names it
    at = models.DateTimeField()
    line = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "-checkpoint"], name="cosignatures_of_a_witness")]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} by {self.key.partition('+')[0]}"


class WitnessedCheckpoint(models.Model):
    """A checkpoint cosigned by a quorum of witnesses under the policy of that time. `at`: since when."""

    checkpoint = models.OneToOneField(Checkpoint, models.PROTECT, primary_key=True, related_name="witnessed")
    # The desk's own mark, which saves a search: readers check the quorum themselves (decision 102).
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.checkpoint_id)


class Key(models.Model):
    """A public key of the log: the sequencer's, for checkpoints, or the web server's, for receipts."""

    # To be read, and never trusted: the keys that a check relies on come from a policy file (decision 80).
    text = models.CharField(max_length=255, primary_key=True)  # a verifier key, as a policy names it
    signs_receipts = models.BooleanField()
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.text


class Anchor(models.Model):
    """A checkpoint sent outside the organisation, by mail or into a folder."""

    WAITING, DONE, FAILED = "waiting", "done", "failed"

    id = models.BigAutoField(primary_key=True)
    target = models.CharField(max_length=500)  # mailto:name@example.org, or the path of a folder
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="anchors")
    at = models.DateTimeField()
    # A row first, then the mail or file: what a worker died with is seen and done again (decision 76).
    state = models.CharField(max_length=8, choices=[(name, name) for name in (WAITING, DONE, FAILED)], default=WAITING)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["target", "-at"], name="anchors_of_a_target")]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} to {self.target}: {self.state}"


class DailyStamp(models.Model):
    """A time stamp requested from an authority for a day's checkpoint, and its token once received.

    `day`: of the request, in UTC; `before`: the time by which the checkpoint existed, by the token; `signer`: of the
    token; `tried_at`, `error`: of the last attempt.
    """

    id = models.BigAutoField(primary_key=True)
    authority = models.CharField(max_length=500)  # its address
    day = models.DateField()
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="stamps")
    wanted_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    # Filled in once and never changed after: a trigger sees to it (decision 101).
    token = models.BinaryField(null=True)
    before = models.DateTimeField(null=True)
    signer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["authority", "day"], name="stamp_once_a_day"),
            models.CheckConstraint(
                condition=Q(token__isnull=True, before__isnull=True, signer="")
                | Q(token__isnull=False, before__isnull=False, error=""),
                name="stamp_is_there_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} by {self.authority}: {self.before or 'wanted'}"
