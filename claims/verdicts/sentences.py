"""Plain sentences about a claim's support: whom it rests on, and why a piece does not count.

Pure, over `EvidenceGraph`: nothing restricted enters it, so that everybody reads the same sentences.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from claims.verdicts.evidence_graph import EvidenceGraph, EvidenceView, admits, of_claim, on_element
from claims.verdicts.policy import lineage_unknown
from sources.independence import LIMIT, Independence


@dataclass(frozen=True, slots=True)
class Sentence:
    """`head` counts ("3 sources, one origin."), `rest` names the voice that the support rests on.

    Either may be empty. `unchecked`: id and name of each voice that would surely count if it were known whom it speaks
    for.
    """

    head: str
    rest: str
    unchecked: tuple[tuple[str, str], ...] = ()


def told_interval(least: int, most: int, exact: bool) -> dict[str, int | bool]:
    """The number of independent voices for the ledger, bundles and the API; `exact` appears only where it is False."""
    # Left out where it is True, so that entries from before there were bounds read the same.
    return {"min": least, "max": most} if exact else {"min": least, "max": most, "exact": False}


def interval_in_words(least: int, *, most: int) -> str:
    """The number of independent voices: "2", "1–3"; "5+" for everything above five."""
    ends = [str(number) if number < LIMIT else f"{LIMIT - 1}+" for number in (least, most)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"


def voices_in_words(least: int, *, most: int, exact: bool = True) -> str:
    """The same with its noun: "1–3 independent voices", and whether these are bounds."""
    text = ngettext("%(count)s independent voice", "%(count)s independent voices", 1 if least == most == 1 else 2)
    text = text % {"count": interval_in_words(least, most=most)}
    return text if exact else _("%(voices)s (not counted exactly)") % {"voices": text}


def sentence_of(graph: EvidenceGraph, stance: str = "supports") -> Sentence:
    """A sentence on what one stance's evidence adds up to, and on whose word."""
    # Live evidence only, and also what does not count: the sentence says why it adds nothing.
    bearing = [item for item in graph.evidence if item.stance == stance and item.live]
    if not bearing:
        nothing = {"refutes": _("No attached evidence refutes it.")}
        return Sentence("", nothing.get(stance, _("No attached evidence supports it.")))
    sources = graph.upstream_of(*(item.source for item in bearing))
    result = of_claim(graph, stance)
    if result.max == 0:
        return _nothing_independent(graph, stance, bearing, sources)
    head = _("%(sources)s, %(voices)s.") % {
        "sources": sources_in_words(len(sources)),
        "voices": voices_in_words(result.min, most=result.max),
    }
    parts = [_whom_it_hangs_on(graph, result), _what_is_unknown(graph, sources, result)]
    if not result.exact:
        parts.append(_("Too many linked sources for an exact count: the lower figure is certain."))
    rest = " ".join(part for part in (*parts, _weakest_element(graph, stance, result)) if part)
    return Sentence(head, rest, _unchecked(graph, sources))


def sources_in_words(count: int) -> str:
    return ngettext("%(count)d source", "%(count)d sources", count) % {"count": count}


def _nothing_independent(
    graph: EvidenceGraph, stance: str, bearing: list[EvidenceView], sources: frozenset[str]
) -> Sentence:
    """A sentence for support without any independent voice: because of its speakers, or because an element has none."""
    origins = _origins(graph, sources)
    voices = {graph.voice(source) for source in origins}
    head = ngettext("%(sources)s, one origin.", "%(sources)s, %(count)d origins.", len(voices)) % {
        "sources": sources_in_words(len(sources)),
        "count": len(voices),
    }
    silent = [element for element in graph.essential if not any(item.bears_on(element) for item in bearing)]
    if silent:
        text = _("No attached evidence bears on “%(element)s”.") % {"element": silent[0].text}
    elif not any(item.counts for item in bearing):
        text = _("None of it counts: each piece is retracted, or graded unreliable or improbable.")
    elif all(not graph.countable(source) for source in origins):
        text = _rests_on_the_interested(graph, origins)
    else:
        text = _("No independent origin leads to the claim.")
    return Sentence(head, text)


def _origins(graph: EvidenceGraph, sources: Iterable[str]) -> list[str]:
    """The origins of chains: firsthand sources, and those without a recorded upstream."""
    return [source for source in sorted(sources) if graph.begins(source)]


def _rests_on_the_interested(graph: EvidenceGraph, origins: list[str]) -> str:
    claimants = _names(graph, (source for source in origins if graph.is_claimants(source)))
    parties = _names(graph, (source for source in origins if not graph.is_claimants(source)))
    if claimants and parties:
        text = _("All of it goes back to %(claimants)s, the claimant, and %(parties)s, a party.")
        return text % {"claimants": names_in_words(claimants), "parties": names_in_words(parties)}
    if parties:
        text = _("All of it goes back to %(names)s, a party to the claim. A party’s word does not count.")
        return text % {"names": names_in_words(parties)}
    text = _("All of it goes back to %(names)s, the claimant. A claimant cannot corroborate its own word.")
    return text % {"names": names_in_words(claimants)}


def _names(graph: EvidenceGraph, sources: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name_of(graph, graph.voice(source)) for source in sources))


def name_of(graph: EvidenceGraph, voice: str | None) -> str:
    """A voice's name, or words for an unknown one."""
    return graph.names.get(voice, "") if voice is not None else _("an unknown voice")


def names_in_words(names: Iterable[str]) -> str:
    """Names as read aloud: "A, B and C"."""
    *first, last = list(names) or [""]
    return _("%(first)s and %(last)s") % {"first": ", ".join(first), "last": last} if first else last


def _whom_it_hangs_on(graph: EvidenceGraph, result: Independence) -> str:
    voices = [name_of(graph, voice) for voice in result.single_points_of_failure]
    if result.min >= 2:
        return _("No single point of failure.")
    if result.min == 0 or not voices:
        return _("No source is confirmed as independent yet.")
    if len(voices) == 1:
        return _("Rests on %(name)s alone.") % {"name": voices[0]}
    return _("Would fall with any one of %(names)s.") % {"names": names_in_words(voices)}


def _what_is_unknown(graph: EvidenceGraph, sources: frozenset[str], result: Independence) -> str:
    if result.min == result.max:
        return ""
    count = sum(lineage_unknown(graph, source) for source in sources)
    text = ngettext(
        "The origin of %(count)d source is unknown.",
        "The origin of %(count)d source is unknown.",
        count,
    )
    return text % {"count": count} if count else ""


def _unchecked(graph: EvidenceGraph, sources: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Id and name of the voices of these sources that are not checked, by name."""
    found = ((voice, name_of(graph, voice)) for voice in graph.unchecked_voices(sources))
    return tuple(sorted(found, key=itemgetter(1)))


def _weakest_element(graph: EvidenceGraph, stance: str, result: Independence) -> str:
    """A sentence on which element the figure is of, where the elements differ."""
    found = [(element, on_element(graph, stance, element)) for element in graph.essential]
    if len({(each.min, each.max) for _element, each in found}) < 2:
        return ""
    weakest = next(element for element, each in found if each.min == result.min)
    return _("This is the count for its weakest element, “%(element)s”.") % {"element": weakest.text}


def why_not_counted(graph: EvidenceGraph, item: EvidenceView) -> str:
    """Why a live piece of evidence adds nothing, or not surely; empty where it counts.

    Retraction and grades are told by pages that show the source: they are facts of the rows, not of the graph.
    """
    if not item.counts or item.stance == "context":
        return ""
    if item.stance == "denies":
        return _of_a_denial(graph, item)
    admitted = admits(graph, item)
    # Asked before claimants and parties: an admission counts although it is a party's word.
    if item.source in graph.carried(admitted):
        return _("admission against interest: counts") if item.against_interest else ""
    if item.source in graph.carried(admitted, possibly=True):
        return _counts_possibly(graph, item.source)
    if graph.is_claimants(item.source):
        return _("the claimant’s own voice: does not count")
    if graph.is_partys(item.source):
        return _("a party’s word: does not count")
    return why_source_does_not_count(graph, item.source)


def _counts_possibly(graph: EvidenceGraph, source: str) -> str:
    """Why a source that may count does not surely: its own voice first, then what is upstream of it."""
    if graph.unchecked_voices([source]):
        return _("not checked whom it speaks for: counts in the upper figure only")
    above = graph.upstream_of(source)
    names = sorted(name_of(graph, voice) for voice in graph.unchecked_voices(above))
    if names and not any(lineage_unknown(graph, each) for each in above):
        text = _("not checked whom %(names)s speaks for: counts in the upper figure only")
        return text % {"names": names_in_words(names)}
    return _("origin unknown: counts in the upper figure only")


def _of_a_denial(graph: EvidenceGraph, item: EvidenceView) -> str:
    if graph.is_claimants(item.source):
        return _("withdrawn by the claimant")
    above = graph.upstream_of(item.source)
    if not any(graph.is_partys(source) and not graph.is_claimants(source) for source in above):
        return _("not by a party: decides nothing")
    if graph.sources[item.source].day < graph.day:
        return _("older than the claim: not a denial of it")
    return _("a party’s word: a denial, not a refutation")


def why_source_does_not_count(graph: EvidenceGraph, source: str) -> str:
    """Why a source cannot be on a support path; empty where it can."""
    if not graph.sources[source].counts:
        return _("retracted, or graded unreliable")
    if graph.is_claimants(source):
        return _("the claimant’s voice")
    if graph.is_partys(source):
        return _("a party’s voice")
    if source in graph.carried(possibly=True):
        return _counts_possibly(graph, source) if graph.unchecked_voices([source]) else ""
    above = graph.upstream_of(source) - {source}
    origins = _origins(graph, above)
    if any(_usable(graph, origin) for origin in origins):
        between = sorted(each for each in above if not _usable(graph, each))
        return _("only through %(names)s") % {"names": names_in_words(_names(graph, between))}
    return _("goes back only to %(names)s") % {"names": names_in_words(_names(graph, origins))}


def _usable(graph: EvidenceGraph, source: str) -> bool:
    """Whether a support path may pass through this source."""
    return graph.sources[source].counts and graph.countable(source)
