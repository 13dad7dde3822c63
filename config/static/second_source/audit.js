// Checks a claim's history in the reader's own browser: fetches the proof, recomputes every hash, and compares what the
// page shows with what was recorded. Without this file the page says that nothing was checked here.
import { checkClaimProof } from "./ledger.js";

const section = document.querySelector("[data-proof]");
const words = section.dataset;

async function bytesOf(address) {
  const answer = await fetch(address, { headers: { Accept: "*/*" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return new Uint8Array(await answer.arrayBuffer());
}

const textOf = (item, name) => item.querySelector(`[data-field="${name}"]`)?.textContent.trim() ?? "";
const squeezed = (text) => String(text ?? "").replace(/\s+/g, " ").trim();

// What the page shows of a status change, beside what its entry says: the first difference, or nothing.
function differenceOf(item, entry, disclosures) {
  const { body } = entry;
  const said = { from: body.from ?? "", to: body.to };
  for (const name of ["from", "to"]) {
    if (item.dataset[name] !== said[name]) return { part: name, expected: said[name], found: item.dataset[name] };
  }
  if (!body.brought_in && Date.parse(item.dataset.at) !== Date.parse(entry.at)) {
    return { part: "at", expected: entry.at, found: item.dataset.at };
  }
  const shown = { by: item.dataset.by, decided_by: item.dataset.decidedBy };
  for (const [name, found] of Object.entries(shown)) {
    const opened = disclosures[name];
    const expected = opened?.value?.name ?? "";
    if (opened && expected !== found) return { part: name, expected, found };
  }
  for (const name of ["reason", "decision_reason"]) {
    const opened = disclosures[name];
    const found = squeezed(textOf(item, name));
    if (opened && squeezed(opened.value) !== found) return { part: name, expected: squeezed(opened.value), found };
  }
  return null;
}

function show(item, result, note) {
  const aside = item.querySelector("[data-check]");
  const mark = aside.querySelector(`[data-result="${result}"]`);
  aside.hidden = false;
  for (const each of aside.querySelectorAll("[data-result]")) each.hidden = each !== mark;
  aside.querySelector("[data-note]").textContent = note;
}

function say(result, text) {
  const note = section.querySelector("[data-sum]");
  note.textContent = text;
  note.className = `check ${result}`;
}

const inWords = ({ part, expected, found }) =>
  words.mismatch.replace("%(part)s", part).replace("%(expected)s", expected).replace("%(found)s", found);

function judge(item, found, disclosures) {
  if (!found) return ["missing", words.missing];
  if (found.result === "broken") return ["broken", found.findings.map(inWords).join(" ")];
  const difference = differenceOf(item, found.entry, disclosures);
  if (difference) return ["broken", inWords(difference)];
  return [found.result, found.result === "redacted" ? words.redacted : words.verified];
}

async function check() {
  const items = [...section.querySelectorAll(".change")];
  const [proof, policy] = await Promise.all([bytesOf(words.proof), bytesOf(words.policy)]);
  const outcome = await checkClaimProof(proof, JSON.parse(new TextDecoder().decode(policy)));
  if (outcome.result === "unavailable") return say("unavailable", words.unavailable);
  if (!outcome.entries.length && outcome.result === "broken") return say("broken", outcome.findings.map(inWords).join(" "));
  const file = JSON.parse(new TextDecoder().decode(proof));
  const changes = new Map();
  for (const found of outcome.entries) {
    if (found.entry?.kind === "status_changed") changes.set(String(found.entry.body.number), found);
  }
  const counts = { verified: 0, redacted: 0, broken: 0, missing: 0 };
  for (const item of items) {
    const found = changes.get(item.dataset.number);
    const [result, note] = judge(item, found, found ? file.entries[found.number].disclosures : {});
    counts[result] += 1;
    show(item, result, note);
  }
  const others = outcome.entries.some((found) => found.result === "broken" && found.entry?.kind !== "status_changed");
  if (counts.broken || others) return say("broken", words.sumBroken.replace("%(count)s", counts.broken));
  if (counts.missing) return say("missing", words.sumMissing.replace("%(count)s", counts.missing));
  say("verified", words.sumVerified);
}

check().catch(() => say("unavailable", words.unreachable));
