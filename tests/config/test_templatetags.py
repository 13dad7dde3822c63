"""What the pages are drawn with: the words for times and numbers, the marks, the nested list."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone

from claims.views.listing import ClaimRow
from config import words
from config.templatetags import second_source
from reviews.views.work import WorkButton, WorkItem

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2024, 3, 14, 7, 0, tzinfo=UTC)  # Thursday, 09:00 in Kyiv
MARKS_FILE = Path(second_source.__file__).parents[1] / "static" / "second_source" / "marks.svg"


def render(source: str, **context: Any) -> str:
    return Template("{% load second_source %}" + source).render(Context(context))


# Words


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [(0, 0, "0"), (2, 2, "2"), (1, 3, "1–3"), (5, 5, "5"), (6, 6, "5+"), (2, 6, "2–5+")],
)
def test_an_interval_is_one_number_or_two_and_nothing_above_five_is_told_apart(
    least: int, most: int, said: str
) -> None:
    assert words.interval_in_figures(least, most=most) == said


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [(1, 1, "1 independent voice"), (0, 0, "0 independent voices"), (1, 2, "1–2 independent voices")],
)
def test_voices_agree_with_their_number(least: int, most: int, said: str) -> None:
    assert words.count_in_words(least, most=most) == said


def test_a_moment_of_this_year_has_its_weekday_and_no_year() -> None:
    at = datetime(2024, 3, 12, 15, 0, tzinfo=UTC)
    assert words.moment(at, zone=KYIV, now=NOW) == "Tue 12 Mar, 17:00"


def test_a_moment_of_another_year_has_its_year() -> None:
    at = datetime(2022, 10, 18, 9, 12, tzinfo=UTC)
    assert words.moment(at, zone=KYIV, now=NOW) == "18 Oct 2022, 12:12"


def test_the_year_is_that_of_the_persons_zone() -> None:
    at = datetime(2023, 12, 31, 23, 0, tzinfo=UTC)
    assert words.moment(at, zone=KYIV, now=NOW) == "Mon 1 Jan, 01:00"


def test_a_day_is_the_same_for_every_reader() -> None:
    midnight = datetime(2022, 11, 2, tzinfo=UTC)
    assert words.day_in_words(midnight.astimezone(ZoneInfo("America/New_York"))) == "2 Nov 2022"
    assert words.day_in_words(date(2022, 11, 2)) == "2 Nov 2022"


@pytest.mark.parametrize(
    ("from_now", "said"),
    [
        (timedelta(hours=8), "Due today, 17:00"),
        (timedelta(hours=15), "Due tomorrow, 00:00"),
        (timedelta(days=4, hours=3), "Due Mon 18 Mar, 12:00"),
        (timedelta(seconds=0), "Due today, 09:00"),
        (-timedelta(seconds=20), "1 minute late"),
        (-timedelta(minutes=40), "40 minutes late"),
        (-timedelta(minutes=61), "1 hour late"),
        (-timedelta(hours=23, minutes=59), "23 hours late"),
        (-timedelta(hours=24), "1 day late"),
        (-timedelta(hours=40), "2 days late"),
    ],
)
def test_a_due_time_is_said_as_it_stands_to_now_in_the_persons_days(from_now: timedelta, said: str) -> None:
    assert words.due_in_words(NOW + from_now, zone=KYIV, now=NOW) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "Times are UTC"),
        ("Europe/Kyiv", "Times are Kyiv time (UTC+2)"),
        ("Asia/Kolkata", "Times are Kolkata time (UTC+5:30)"),
        ("America/Argentina/Buenos_Aires", "Times are Buenos Aires time (UTC−3)"),
    ],
)
def test_the_page_says_whose_clock_it_shows(zone: str, said: str) -> None:
    assert words.zone_label(ZoneInfo(zone), now=NOW) == said


# Marks


def test_every_mark_has_its_drawing_and_every_drawing_its_mark() -> None:
    drawn = re.findall(r'<symbol id="m-(\w+)"', MARKS_FILE.read_text())
    assert sorted(drawn) == sorted(second_source.MARKS)


def test_an_unknown_mark_is_an_error_and_no_empty_square() -> None:
    with pytest.raises(KeyError):
        render('{% mark "tick" %}')


def test_a_mark_is_hidden_from_screen_readers_and_its_word_stands_beside_it() -> None:
    drawn = render('{% state "denied" %}')
    assert re.sub(r"<svg.*</svg>", "[mark]", drawn, flags=re.DOTALL) == '<span class="state denied">[mark]Denied</span>'
    assert 'aria-hidden="true"' in drawn
    assert "#m-denied" in drawn


def names(html: str) -> list[str]:
    """The marks that were drawn, in order."""
    return re.findall(r"#m-(\w+)", html)


@pytest.mark.parametrize(
    ("state", "contested", "lost", "drawn"),
    [
        ("reported", False, False, ["reported"]),
        ("reported", True, False, ["reported", "contested"]),
        ("denied", True, False, ["denied"]),
        ("corroborated", True, True, ["corroborated", "contested", "lost"]),
    ],
)
def test_in_a_list_contested_stands_beside_every_state_but_denied(
    state: str, contested: bool, lost: bool, drawn: list[str]
) -> None:
    line = render("{% state_line state contested lost %}", state=state, contested=contested, lost=lost)
    assert names(line) == drawn


def test_on_the_claims_page_contested_is_shown_beside_denied_with_the_name() -> None:
    html = render_to_string(
        "parts/state_banner.html", {"state": "denied", "contested": True, "contested_by": "North <Korea>"}
    )
    assert "Contested by North &lt;Korea&gt;" in html
    assert "Nothing is established, either way." in html


@pytest.mark.parametrize(
    ("least", "most", "threshold", "drawn", "label"),
    [
        (0, 0, 2, ["missing", "missing"], "0 of 2 independent voices"),
        (1, 2, 2, ["counted", "maybe"], "1 of 2 independent voices, 1 more is possible"),
        (0, 6, 2, ["maybe", "maybe"], "0 of 2 independent voices, 2 more are possible"),
        (2, 2, 2, ["counted", "counted"], "2 of 2 independent voices"),
        (3, 3, 2, ["counted"] * 3, "3 of 2 independent voices"),
        (6, 6, 2, ["counted"] * 5, "5+ of 2 independent voices"),
        (0, 0, 1, ["missing"], "0 of 1 independent voice"),
    ],
)
def test_pips_show_what_counts_what_may_and_what_is_missing(
    least: int, most: int, threshold: int, drawn: list[str], label: str
) -> None:
    html = render("{% pips least most threshold %}", least=least, most=most, threshold=threshold)
    assert names(html) == drawn
    assert f'aria-label="{label}"' in html


# Times on the page


def test_a_moment_is_written_in_the_active_zone_for_people_and_machines() -> None:
    with timezone.override(KYIV):
        html = render("{{ at|when }}", at=datetime(2022, 10, 18, 9, 12, 4, tzinfo=UTC))
    assert html == '<time datetime="2022-10-18T12:12:04+03:00">18 Oct 2022, 12:12</time>'


def test_a_late_due_time_is_marked_late() -> None:
    html = render("{{ at|due }}", at=timezone.now() - timedelta(days=3))
    assert re.sub(r' datetime="[^"]*"', "", html) == '<time class="late">3 days late</time>'


def test_no_time_is_written_as_nothing() -> None:
    assert render("{{ none|when }}{{ none|day }}{{ none|due }}", none=None) == ""


def test_somebodys_words_are_isolated_and_escaped() -> None:
    assert render("{{ name|bdi }}", name="<b>כן") == "<bdi>&lt;b&gt;כן</bdi>"


# The nested list


def node(title: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "children": list(children), **more}


def shape(html: str) -> str:
    """Only the lists, and the titles in them."""
    bare = re.sub(r"<p class=\"meta\">.*?</p>|<time.*?</time>|,\s+publisher unknown", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", "", re.sub(r"</?(?:p|span|a|q)[^>]*>", "", re.sub(r"<(ul|li)[^>]*>", r"<\1>", bare)))


def test_a_tree_is_nested_as_its_nodes_are() -> None:
    nodes = [node("a", node("b", node("c")), node("d")), node("e")]
    assert shape(render_to_string("parts/tree.html", {"nodes": nodes})) == (
        "<ul><li>a<ul><li>b<ul><li>c</li></ul></li><li>d</li></ul></li><li>e</li></ul>"
    )


def test_a_chain_of_a_thousand_relays_can_be_shown() -> None:
    chain = node("last")
    for number in range(1000):
        chain = node(str(number), chain)
    html = render_to_string("parts/tree.html", {"nodes": [chain]})
    assert (html.count("<ul"), html.count("</ul>"), html.count("</li>")) == (1001, 1001, 1001)


def test_a_node_that_does_not_count_says_why_and_a_keystone_has_its_word() -> None:
    nodes = [node("a", single=True), node("b", kind="greyed", reason="the claimant"), node("c", kind="unknown")]
    html = render_to_string("parts/tree.html", {"nodes": nodes})
    assert "single point of failure" in html
    assert "Does not count: the claimant" in html
    assert "Origin unknown: counts in the upper figure only" in html


# Parts


def test_an_entry_offers_a_sent_form_for_what_changes_something_and_a_link_for_the_rest() -> None:
    acts = [WorkButton("Accept", "/accept/", post=True), WorkButton("Decline…", "/decline/")]
    entry = WorkItem("UKR-2", "/c/", "So it is.", "reported", contested=False, support_lost=False, facts=[], acts=acts)
    html = " ".join(render_to_string("parts/entry.html", {"entry": entry, "csrf_token": "t"}).split())
    assert '<form method="post" action="/accept/"><input type="hidden" name="csrfmiddlewaretoken" value="t">' in html
    assert '<a class="button small" href="/decline/">Decline…</a>' in html


def test_evidence_says_its_two_grades_apart_and_in_words() -> None:
    item = {"number": 1, "title": "Briefing", "publisher": "US government", "reliability": "C", "credibility": 3}
    html = render_to_string("parts/evidence.html", {"item": item})
    graded = "<span>Source <b>C</b> fairly reliable</span> <span>Information <b>3</b> possibly true</span>"
    assert graded in " ".join(html.split())


def test_evidence_without_grade_excerpt_or_lineage_asks_for_none() -> None:
    html = render_to_string("parts/evidence.html", {"item": {"number": 1, "title": "Briefing"}})
    assert re.findall(r"grade|blockquote|Got it from", html) == []


def test_a_change_names_who_found_and_who_decided() -> None:
    change = {
        "seq": 3, "from_state": "denied", "to_state": "corroborated", "name": "corroborate",
        "by": "reviewer", "decided_by": "editor", "at": NOW, "reason": "Seen.", "decision_reason": "Agreed.",
    }  # fmt: skip
    html = render_to_string("parts/change.html", {"change": change})
    assert names(html) == ["denied", "arrow", "corroborated"]
    assert "<span>assessed by reviewer</span> <span>decided by editor</span>" in " ".join(html.split())


def test_the_first_change_comes_from_nothing() -> None:
    change = {"seq": 1, "from_state": None, "to_state": "reported", "name": "report", "by": "reporter", "at": NOW}
    html = render_to_string("parts/change.html", {"change": change})
    assert names(html) == ["arrow", "reported"]
    assert '<span class="faint">new</span>' in html


def test_a_note_of_what_is_missing_takes_sentences_and_things_with_a_text() -> None:
    missing = ["Trace the magazine.", {"text": "Answer evidence 7."}]
    html = render_to_string("parts/note_stop.html", {"title": "Not yet", "missing": missing})
    assert re.findall(r"<li>(.*?)</li>", html) == ["Trace the magazine.", "Answer evidence 7."]


def test_a_list_with_one_page_has_no_paging() -> None:
    assert render_to_string("parts/paging.html", {}).strip() == ""


def test_the_first_page_says_that_it_is_the_beginning() -> None:
    html = render_to_string("parts/paging.html", {"next_url": "?after=1&q=a"})
    assert "First page" in html
    assert 'href="?after=1&amp;q=a" rel="next"' in html


def test_the_register_keeps_the_roles_of_a_table_when_it_is_stacked() -> None:
    row = ClaimRow(
        *("/c/", "UKR-1", "So.", "", "", "denied"), contested=False, support_lost=False, changed_since_verdict=True,
        said_by="", claimed_on=None, least=0, most=6, exact=True, assignees="", due_at=None, closed=False,
    )  # fmt: skip
    html = render_to_string("parts/register.html", {"caption": "Claims", "rows": [row]})
    assert [html.count(f'role="{role}"') for role in ("table", "rowgroup", "row", "columnheader", "cell")] == [
        1, 2, 2, 5, 5,
    ]  # fmt: skip
    assert ">0–5+</td>" in html


# What is the same for everybody


def test_options_mark_the_chosen_one_and_escape_what_people_wrote() -> None:
    html = " ".join(render("{% options choices 'b' %}", choices=[("a<", "A<"), ("b", "B")]).split())
    assert html == '<option value="a&lt;">A&lt;</option> <option value="b" selected>B</option>'
