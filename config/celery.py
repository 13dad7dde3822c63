"""The Celery application. A message is at most a wake-up: all work for later is a row first."""

from celery import Celery

app = Celery("second_source")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["sources", "reviews"])
