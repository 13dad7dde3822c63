"""The project: settings, addresses, the task queue, and the way domain errors become answers."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
