// What the pages that check themselves have in common: fetching, comparing a shown value with a recorded one, what this
// browser has seen of the log before, and saying what came out.
import { canonical, extensionFinding, hex, readCheckpoint, readHex } from "./ledger.js";
import { whenOf } from "./moments.js";

const MEMORY = "second-source log";
const MOST_REMEMBERED = 500; // claims
const LONGEST_UNWITNESSED = 3600; // seconds; an hour, as witnesses themselves may lag behind (C2SP tlog-witness)

// Throws an Error that has the answer's `problem` (RFC 9457) where it says one.
export async function answerOf(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json, */*;q=0.5" } });
  if (answer.ok) return answer;
  const isProblem = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  throw Object.assign(new Error(String(answer.status)), { problem: isProblem ? await answer.json() : null });
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

// A finding in words, by the page's own sentence for it.
export const wordsBy = (sentence) => ({ part, expected, found }) => sentence
  .replace("%(part)s", () => part).replace("%(expected)s", () => expected).replace("%(found)s", () => found);

// One field's value as an entry has it and as the page has it: the difference, or nothing.
export const difference = (part, recorded, shown) =>
  isSame(recorded, shown) ? [] : [{ part, expected: plain(recorded), found: plain(shown) }];

const isBlank = (value) => value === null || value === undefined || value.length === 0;

// What is wrong with what is shown (`found`) for a committed field that nothing opens. Where a redaction in the log names
// it (`isErased`), or may do so (`isExcused`), no words may stand there but those that say so; where it is not for this
// reader (`isClosed`), none at all; else something has to open it. `since`: when it was recorded.
export function closedFindings(part, found, { isErased, isExcused, isClosed, since }, words) {
  if (isErased || isExcused) return isBlank(found) || found === words.erased ? [] : difference(part, words.erased, found);
  if (isClosed) return isBlank(found) ? [] : difference(part, "", found);
  return [{ part, expected: words.openable, found: words.closed.replace("%(since)s", () => whenOf(since)) }];
}

// What this browser has seen of the log before, as far as it keeps it: {size, root, at: when, claims: {stream: {seq, hash}}}.
export function remembered(origin) {
  try {
    return JSON.parse(localStorage.getItem(`${MEMORY} ${origin}`)) ?? { size: 0, root: "", claims: {} };
  } catch {
    return { size: 0, root: "", claims: {} };
  }
}

export function remember(origin, before, newest, stream, last) {
  const claims = Object.entries({ ...before.claims, [stream]: last }).slice(-MOST_REMEMBERED);
  const now = { size: newest.size, root: hex(newest.root), at: new Date().toISOString(), claims: Object.fromEntries(claims) };
  try {
    localStorage.setItem(`${MEMORY} ${origin}`, JSON.stringify(now));
  } catch {
    // Private windows keep nothing: then nothing is compared with it either.
  }
}

// Reads tiles of the log from below an address; null for one that the server does not give.
const tilesAt = (address) => async (path) => {
  const answer = await fetch(`${address}${path}`);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
};

// Where the log of a checkpoint does not go on from that of another, by the tiles at an address: in a list, told as of `part`.
export async function compareLogs(one, other, tiles, part) {
  const [old, now] = one.size <= other.size ? [one, other] : [other, one];
  const finding = await extensionFinding(old, now, tilesAt(tiles));
  if (!finding) return [];
  return [{ ...finding, part: `${part}: ${finding.part}` }];
}

// Where the log (its newest checkpoint), or this history, is not what this browser has seen before.
export async function compareMemory(before, newest, outcome, stream, words) {
  const findings = [];
  const part = before.at ? words.partLogOn.replace("%(moment)s", () => whenOf(before.at)) : words.partLog;
  if (newest.size < before.size) findings.push({ part, expected: String(before.size), found: String(newest.size) });
  else if (before.size) {
    findings.push(...await compareLogs({ size: before.size, root: readHex(before.root) }, newest, words.tiles, part));
  }
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

// By when how many of the entries at these indexes of the log were there, as authorities outside the house say whose time
// stamps were checked here: of each the one that dates most, the earliest of these. "" where none dates any.
export function judgeDating(outcome, indexes, words) {
  const best = new Map();
  for (const { size, stamps } of outcome.dated) {
    const count = indexes.filter((index) => index < size).length;
    for (const { before, by } of stamps) {
      const known = best.get(by);
      if (count > 0 && (!known || count > known.count || (count === known.count && before < known.before))) {
        best.set(by, { before, by, count });
      }
    }
  }
  return [...best.values()].map(({ before, by, count }) => words.datedAt
    .replace("%(count)s", count).replace("%(all)s", indexes.length)
    .replace("%(moment)s", () => whenOf(before)).replace("%(authority)s", () => by)).join(" ");
}

// Says a line besides the outcome, which `part` of the page stands ready for.
export function sayBeside(section, part, text, result) {
  const note = section.querySelector(part);
  note.textContent = text;
  note.className = `check ${result}`.trim();
  note.hidden = false;
}
