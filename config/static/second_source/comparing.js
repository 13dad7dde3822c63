// What the pages that check themselves have in common: fetching, comparing a shown value with a recorded one, what this
// browser has seen of the log before, and saying what came out.
import { canonical, hex, readCheckpoint } from "./ledger.js";

const MEMORY = "second-source log";
const MOST_REMEMBERED = 500; // claims
const LONGEST_UNWITNESSED = 3600; // seconds; an hour, as witnesses themselves may lag behind (C2SP tlog-witness)

export async function answerOf(address) {
  const answer = await fetch(address, { headers: { Accept: "*/*" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

export const bytesOf = async (address) => new Uint8Array(await (await answerOf(address)).arrayBuffer());

// The words that stand in a part of the page, with the breaks between its lines.
export function textOf(part, name) {
  const copy = part.querySelector(`[data-field="${name}"]`)?.cloneNode(true);
  for (const end of copy?.querySelectorAll("br") ?? []) end.replaceWith("\n");
  return copy?.textContent ?? "";
}

export const squeezed = (text) => String(text ?? "").replace(/\s+/g, " ").trim();
const isSame = (one, other) => canonical(one ?? null) === canonical(other ?? null);
const plain = (value) => (typeof value === "string" ? value : canonical(value ?? null));
export const whenOf = (moment) => new Date(moment).toLocaleString(document.documentElement.lang || undefined);

// A finding in words, by the page's own sentence for it.
export const wordsBy = (sentence) => ({ part, expected, found }) => sentence
  .replace("%(part)s", () => part).replace("%(expected)s", () => expected).replace("%(found)s", () => found);

// One field's value as an entry has it and as the page has it: the difference, or nothing.
export const difference = (part, recorded, shown) =>
  isSame(recorded, shown) ? [] : [{ part, expected: plain(recorded), found: plain(shown) }];

// What this browser has seen of the log before, as far as it keeps it: {size, root, claims: {stream: {seq, hash}}}.
export function remembered(origin) {
  try {
    return JSON.parse(localStorage.getItem(`${MEMORY} ${origin}`)) ?? { size: 0, root: "", claims: {} };
  } catch {
    return { size: 0, root: "", claims: {} };
  }
}

export function remember(origin, before, newest, stream, last) {
  const claims = Object.entries({ ...before.claims, [stream]: last }).slice(-MOST_REMEMBERED);
  const now = { size: newest.size, root: hex(newest.root), claims: Object.fromEntries(claims) };
  try {
    localStorage.setItem(`${MEMORY} ${origin}`, JSON.stringify(now));
  } catch {
    // Private windows keep nothing: then nothing is compared with it either.
  }
}

// Where the log (its newest checkpoint), or this history, is not what this browser has seen before.
export function compareMemory(before, newest, outcome, stream, words) {
  const findings = [];
  const { size, root } = { size: newest.size, root: hex(newest.root) };
  if (size < before.size) findings.push({ part: words.partLog, expected: String(before.size), found: String(size) });
  if (size === before.size && root !== before.root) findings.push({ part: words.partLog, expected: before.root, found: root });
  const seen = before.claims[stream];
  const there = seen && outcome.entries[seen.seq - 1]?.hash;
  if (seen && there !== seen.hash) findings.push({ part: words.partSeen, expected: seen.hash, found: plain(there) });
  return findings;
}

// Says the outcome, and the findings, in a part of the page.
export function sayIn(section, result, text, findings = []) {
  const note = section.querySelector("[data-sum]");
  note.textContent = text;
  note.className = `check ${result}`;
  const list = section.querySelector("[data-findings]");
  list.replaceChildren(...findings.map((finding) => {
    const line = document.createElement("li");
    line.textContent = finding;
    return line;
  }));
  list.hidden = findings.length === 0;
}

// The larger one of the checkpoint that the proof is against, which may be an older one that is witnessed, and the newest
// that the page knows (a signed note); throws where that one does not count.
export async function newestOf(outcome, newest, policy) {
  const known = newest ? await readCheckpoint(newest, policy) : outcome.checkpoint;
  return known.size > outcome.checkpoint.size ? known : outcome.checkpoint;
}

// Who confirms the log as far as this history goes: {text, isLate}.
export function judgeWitnesses(outcome, words) {
  const { witnesses } = outcome.checkpoint;
  if (!witnesses?.isDemanded) return { text: words.witnessedNone, isLate: false };
  if (witnesses.isMet) {
    const by = witnesses.by.map(({ name, at }) => words.witnessAt
      .replace("%(witness)s", () => name).replace("%(moment)s", () => whenOf(at * 1000)));
    return { text: words.witnessedBy.replace("%(witnesses)s", () => by.join("; ")), isLate: false };
  }
  const last = outcome.entries.findLast(({ entry }) => entry)?.entry.at;
  const isLate = last !== undefined && Date.now() - Date.parse(last) > LONGEST_UNWITNESSED * 1000;
  return { text: isLate ? words.witnessedLate.replace("%(since)s", () => whenOf(last)) : words.witnessedNotYet, isLate };
}

// By when how many of the entries at these indexes of the log were there, by the time stamps in the proof: as those say that
// were checked here; else that there are some which were not, or none.
export function judgeDating(outcome, indexes, words) {
  const told = outcome.dated.flatMap(({ size, stamps }) => (stamps ?? []).map((stamp) => ({ ...stamp, size })));
  const best = new Map();
  for (const { before, by, size } of told) {
    const [count, known] = [indexes.filter((index) => index < size).length, best.get(by)];
    if (count && (!known || count > known.count || (count === known.count && before < known.before))) {
      best.set(by, { before, by, count });
    }
  }
  const lines = [...best.values()].map(({ before, by, count }) => words.datedAt
    .replace("%(count)s", count).replace("%(all)s", indexes.length)
    .replace("%(moment)s", () => whenOf(before)).replace("%(authority)s", () => by));
  return lines.join(" ") || (outcome.dated.length ? words.datedUnchecked : words.datedNone);
}

// Says a line besides the outcome, which `part` of the page stands ready for.
export function sayBeside(section, part, text, result) {
  const note = section.querySelector(part);
  note.textContent = text;
  note.className = `check ${result}`;
  note.hidden = false;
}
