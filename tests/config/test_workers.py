"""The two ways in which a test runs a worker, and the mail server that they reach."""

import json
import time
from collections.abc import Callable
from email.message import EmailMessage

from django.core.mail import send_mail

from config.celery import app
from config.processes import Child
from tests.mail import MailServer


def wait_for(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    return what()


def test_a_worker_process_takes_what_the_schedule_names(worker_process: Callable[..., Child]) -> None:
    worker = worker_process("reminders,captures")
    tasks = sorted(entry["task"] for entry in app.conf.beat_schedule.values())
    for task in tasks:
        app.send_task(task)
    assert wait_for(lambda: finished(worker) == tasks), worker.log.read_text()


def finished(worker: Child) -> list[str]:
    """The names of the tasks that the worker says it has finished."""
    lines = [line for line in worker.log.read_text().splitlines() if '"message": "task finished"' in line]
    return sorted(json.loads(line)["task"] for line in lines)


def test_captures_and_reminders_wait_in_queues_of_their_own() -> None:
    router = app.amqp.router
    queues = {task: router.route({}, task)["queue"].name for task in ("sources.tasks.run_due_captures",)}
    assert queues == {"sources.tasks.run_due_captures": "captures"}
    assert app.conf.task_default_queue == "reminders"


def test_mail_reaches_the_mail_server(smtp_server: MailServer) -> None:
    send_mail("Subject", "Text", "desk@example.org", ["reviewer@example.org"])
    assert [described(message) for message in smtp_server.messages] == [("Subject", "reviewer@example.org", "Text\n")]


def described(message: EmailMessage) -> tuple[str, str, str]:
    return message["Subject"], message["To"], message.get_content().replace("\r\n", "\n")
