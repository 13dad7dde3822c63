"""Rows that have a state, what changed them, and files."""

from django.conf import settings
from django.db import models


class Row(models.Model):
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=[("open", "Open"), ("closed", "Closed")], default="open")
    number = models.PositiveIntegerField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.title


class Change(models.Model):
    row = models.ForeignKey(Row, models.PROTECT, related_name="changes")
    state = models.CharField(max_length=16)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.row_id}: {self.state}"


class Upload(models.Model):
    file = models.FileField(upload_to="uploads/")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.file)
