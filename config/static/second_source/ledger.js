// Checks a claim's proof file in the reader's own browser, by WebCrypto alone: docs/ledger.md, whose sections are named.
// The second implementation beside ledger/verifier.py; both come to what docs/ledger-vectors/ says.
import { readPem } from "./certificates.js";
import { Broken, expect, hex, shown } from "./findings.js";
import { checkStamp, upToMillisecond } from "./stamps.js";

export { hex };

const DEEPEST = 32;
const LARGEST_LEAF = 65535;
const LARGEST_NOTE = 1000000;
const MOST_SIGNATURES = 100;
const [ED25519, COSIGNATURE] = [1, 4]; // signature types of a note's keys
const LATEST_COSIGNATURE = 2n ** 63n - 1n;
const LARGEST_WITNESS_POLICY = 100000;
const MOST_IN_WITNESS_POLICY = 64;
const FORMAT = "second-source/claim-proof/v1";
const FORMAT_2 = "second-source/claim-proof/v2"; // with at least one of the members that only some proofs have
const MORE_IN_PROOFS = ["dated", "redactions"];
const MOST_TOKENS = 64;
const WITHHELD = ["index", "leaf_hash", "proof"];
const TLOG_PROOF = "c2sp.org/tlog-proof@v1";
const FIELDS = ["at", "body", "c", "kind", "prev", "seq", "stream", "v"];
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;
const STREAM = /^[a-z][a-z0-9_]*(:[A-Za-z0-9._-]+)+$/;
const SEALED_STREAM = /^sealed:[0-9a-f]{32}$/;
const AT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$/;

const encoder = new TextEncoder();

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
const matches = (pattern, value) => typeof value === "string" && pattern.test(value);
const hasExactly = (value, names) =>
  isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));

// Section 1: canonical JSON

export function canonical(value, depth = 0) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error("a number that is no integer up to 2^53 - 1");
    return String(value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new Error("a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value !== "object") throw new Error(`${typeof value} is not allowed`);
  if (depth >= DEEPEST) throw new Error(`nested more than ${DEEPEST} deep`);
  if (Array.isArray(value)) return `[${value.map((member) => canonical(member, depth + 1)).join(",")}]`;
  // sort() goes by UTF-16 code units, as RFC 8785 does.
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${canonical(key)}:${canonical(value[key], depth + 1)}`).join(",")}}`;
}

export function readCanonical(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text);
  if (canonical(value) !== text) throw new Error("not the canonical bytes of its value");
  return value;
}

function readText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Broken("tlog-proof", "UTF-8", "other bytes");
  }
}

function readStrictly(bytes, part) {
  try {
    return readCanonical(bytes);
  } catch (error) {
    throw new Broken(part, "canonical JSON", error.message);
  }
}

// Bytes

export const readHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export function readBase64(text, part, length) {
  const spelled = typeof text === "string" && /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  expect(spelled, part, "base64", text);
  const binary = atob(text);
  expect(btoa(binary) === text, part, "base64 in its one spelling", text);
  expect(length === undefined || binary.length === length, part, `${length} bytes`, binary.length);
  return Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

// Section 2: entries

export async function commitment(salt, name, value) {
  if (salt.length !== 32) throw new Error(`a salt has 32 bytes, not ${salt.length}`);
  const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const message = encoder.encode(`second-source/v1/field\0${name}\0${canonical(value)}`);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, message)));
}

function isTime(at) {
  if (!matches(AT, at) || at.startsWith("0000")) return false;
  const moment = new Date(at);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === at;
}

export function readEntry(leaf) {
  expect(leaf.length <= LARGEST_LEAF, "leaf", `at most ${LARGEST_LEAF} bytes`, leaf.length);
  const entry = readStrictly(leaf, "leaf");
  expect(hasExactly(entry, FIELDS), "leaf", "exactly the fields of version 1", entry);
  const { v, stream, seq, prev, kind, at, body, c } = entry;
  expect(v === 1, "v", "1", v);
  expect(matches(STREAM, stream) && stream.length <= 255, "stream", "a name such as claim:1", stream);
  expect(Number.isSafeInteger(seq) && seq >= 1, "seq", "an integer from 1", seq);
  if (seq === 1) expect(prev === null, "prev", "null in a stream's first entry", prev);
  else expect(matches(HASH, prev), "prev", "64 hexadecimal digits", prev);
  expect(matches(NAME, kind), "kind", "a name of small letters, digits and _", kind);
  expect(isTime(at), "at", "UTC with milliseconds", at);
  expect(isObject(body), "body", "an object", body);
  expect(isObject(c) && Object.keys(c).length > 0, "c", "at least one commitment", c);
  for (const [name, committed] of Object.entries(c)) {
    expect(NAME.test(name), "c", "names of small letters, digits and _", name);
    expect(matches(HASH, committed), `c.${name}`, "64 hexadecimal digits", committed);
  }
  if (kind === "sealed" || stream.startsWith("sealed:")) checkSealed(entry);
  return entry;
}

function checkSealed({ stream, kind, body, c }) {
  expect(kind === "sealed", "kind", "sealed in a sealed stream", kind);
  expect(SEALED_STREAM.test(stream), "stream", "sealed: and 32 hexadecimal digits", stream);
  expect(Object.keys(body).length === 0, "body", "nothing in a sealed entry", body);
  expect(hasExactly(c, ["kind", "content"]), "c", "kind and content in a sealed entry", Object.keys(c));
}

function sealedCommitments(disclosure) {
  if (!isObject(disclosure)) return {};
  const part = "disclosures.content";
  const content = own(disclosure, "value");
  expect(hasExactly(content, ["body", "c"]), part, "body and c", content);
  expect(isObject(content.body) && isObject(content.c), part, "body and c as objects", content);
  expect(Object.keys(content.c).length > 0, `${part}.c`, "at least one commitment", content.c);
  for (const [name, committed] of Object.entries(content.c)) {
    expect(NAME.test(name) && matches(HASH, committed), part, "names and hashes", name);
  }
  return content.c;
}

// How many committed fields stay undisclosed; throws where a value is not what was committed.
export async function checkDisclosures(entry, disclosures) {
  expect(isObject(disclosures), "disclosures", "an object", disclosures);
  const inner = entry.kind === "sealed" ? sealedCommitments(own(disclosures, "content")) : {};
  const known = new Map(Object.entries(entry.c));
  for (const [name, committed] of Object.entries(inner)) known.set(`content/${name}`, committed);
  for (const name of Object.keys(disclosures)) {
    expect(known.has(name), `disclosures.${name}`, "a committed field", name);
  }
  let undisclosed = 0;
  for (const [name, committed] of known) {
    const disclosure = own(disclosures, name) ?? null;
    if (disclosure === null) undisclosed += 1;
    else await checkDisclosure(name, committed, disclosure);
  }
  const content = entry.kind === "sealed" ? own(disclosures, "content") ?? null : null;
  if (content !== null) checkMoment(content.value.body, entry.at);
  const kind = entry.kind === "sealed" ? own(disclosures, "kind") ?? null : null;
  if (kind !== null) expect(typeof kind.value === "string", "disclosures.kind", "a text", kind.value);
  return undisclosed;
}

// What a body says of when its act happened: within a minute of `at`, unless it says that it is older.
function checkMoment(body, at) {
  const isOlder = Object.hasOwn(body, "brought_in");
  if (!isOlder && !Object.hasOwn(body, "happened_at")) return;
  if (isOlder) expect(body.brought_in === true, "body.brought_in", "true", body.brought_in);
  const happened = own(body, "happened_at");
  expect(isTime(happened), "body.happened_at", "UTC with milliseconds", happened);
  const late = new Date(at) - new Date(happened);
  expect(late >= 0, "body.happened_at", `not after ${at}`, happened);
  expect(isOlder || late <= 60000, "body.happened_at", `${at}, or brought_in beside it`, happened);
}

async function checkDisclosure(name, committed, disclosure) {
  const part = `disclosures.${name}`;
  expect(hasExactly(disclosure, ["salt", "value"]), part, "salt and value", disclosure);
  const salt = readBase64(disclosure.salt, `${part}.salt`, 32);
  const computed = await commitment(salt, name.replace(/^content\//, ""), disclosure.value);
  expect(computed === committed, part, `the commitment ${committed}`, computed);
}

// Section 3: the tree

export const leafHash = (leaf) => sha256(Uint8Array.of(0), leaf);
export const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// Sizes reach 2^53 - 1: halved by division, because bit operations end at 2^32.
const half = (number) => Math.floor(number / 2);
const isOdd = (number) => number % 2 === 1;

export async function rootFromInclusion(leaf, index, size, proof) {
  expect(index >= 0 && index < size, "index", `below the size ${size}`, index);
  let [node, last, result] = [index, size - 1, leaf];
  for (const part of proof) {
    expect(last > 0, "proof", "fewer hashes", proof.length);
    if (isOdd(node) || node === last) {
      result = await nodeHash(part, result);
      while (!isOdd(node) && node > 0) [node, last] = [half(node), half(last)];
    } else {
      result = await nodeHash(result, part);
    }
    [node, last] = [half(node), half(last)];
  }
  expect(last === 0, "proof", "more hashes", proof.length);
  return result;
}

// Throws unless the tree of the new checkpoint begins with that of the old one.
export async function checkConsistency(old, now, proof) {
  expect(old.size <= now.size, "size", `at least ${old.size}`, now.size);
  const [oldRoot, newRoot] = [hex(old.root), hex(now.root)];
  if (old.size === 0 || old.size === now.size) {
    expect(proof.length === 0, "proof", "no hashes", proof.length);
    const before = old.size === 0 ? hex(await sha256()) : newRoot;
    expect(oldRoot === before, "old root", before, oldRoot);
    return;
  }
  let [node, last] = [old.size - 1, now.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // Where the old tree is complete, its root stands for itself.
  const [begin, ...hashes] = node === 0 ? [old.root, ...proof] : proof;
  expect(begin !== undefined, "proof", "more hashes", 0);
  let [first, second] = [begin, begin];
  for (const part of hashes) {
    expect(last > 0, "proof", "fewer hashes", proof.length);
    if (isOdd(node) || node === last) {
      [first, second] = [await nodeHash(part, first), await nodeHash(part, second)];
      while (!isOdd(node) && node > 0) [node, last] = [half(node), half(last)];
    } else {
      second = await nodeHash(second, part);
    }
    [node, last] = [half(node), half(last)];
  }
  expect(last === 0, "proof", "more hashes", proof.length);
  expect(hex(first) === oldRoot, "old root", oldRoot, hex(first));
  expect(hex(second) === newRoot, "new root", newRoot, hex(second));
}

// Section 4: the tree's hashes from its public tiles

const TILE_WIDTH = 256;
const TILE_HEIGHT = 8; // 2^8 hashes

// "0/x001/067.p/5": the path of a tile below `tile/`.
function tilePath(level, number, width) {
  const groups = String(number).padStart(Math.ceil(String(number).length / 3) * 3, "0").match(/.../g);
  const named = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `${level}/${named}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

// Reads the hashes of complete subtrees (level, index) of a log of `size` entries. `readTile(path)` gives the bytes of a
// tile, or null where there is none.
function nodeReader(readTile, size) {
  const tiles = new Map();
  const tileAt = async (level, number) => {
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - number * TILE_WIDTH);
    const path = tilePath(level, number, width);
    if (!tiles.has(path)) tiles.set(path, readTile(path));
    const bytes = await tiles.get(path);
    expect(bytes?.length === width * 32, `tile/${path}`, `${width} hashes`, bytes ? `${bytes.length} bytes` : "no tile");
    return bytes;
  };
  const root = async (bytes) => {
    if (bytes.length === 32) return bytes;
    const middle = bytes.length / 2;
    return nodeHash(await root(bytes.slice(0, middle)), await root(bytes.slice(middle)));
  };
  return async (level, index) => {
    const [width, first] = [2 ** (level % TILE_HEIGHT), index * 2 ** (level % TILE_HEIGHT)];
    const bytes = await tileAt(Math.floor(level / TILE_HEIGHT), Math.floor(first / TILE_WIDTH));
    const place = (first % TILE_WIDTH) * 32;
    return root(bytes.slice(place, place + width * 32));
  };
}

// The largest power of two up to a number: [its exponent, itself].
function powerWithin(number) {
  let [level, power] = [0, 1];
  while (power * 2 <= number) [level, power] = [level + 1, power * 2];
  return [level, power];
}

// The root over the leaves from `start`, which all of their complete subtrees divide, to `end`.
async function rootOf(read, start, end) {
  const [level, power] = powerWithin(end - start);
  const left = await read(level, start / power);
  return start + power === end ? left : nodeHash(left, await rootOf(read, start + power, end));
}

// The hashes that show the tree of size `now` to begin with that of size `old` (RFC 9162 2.1.4.1).
async function consistencyProof(read, old, now) {
  if (old === 0 || old === now) return [];
  const parts = [];
  let [start, end] = [0, now];
  while (end !== old) {
    const middle = start + powerWithin(end - start - 1)[1];
    parts.push(old <= middle ? rootOf(read, middle, end) : rootOf(read, start, middle));
    if (old <= middle) end = middle;
    else start = middle;
  }
  if (start) parts.push(rootOf(read, start, end));
  return (await Promise.all(parts)).reverse();
}

// What is wrong where the log of a checkpoint does not begin with that of an older one, by the tiles that `readTile` gives:
// {part, expected, found}; null where it does. Both: {size, root}.
export async function extensionFinding(old, now, readTile) {
  const [finding] = await findingsOf(async () => {
    expect(old.size <= now.size, "size", `at least ${old.size}`, now.size);
    await checkConsistency(old, now, await consistencyProof(nodeReader(readTile, now.size), old.size, now.size));
  });
  return finding ?? null;
}

// Section 5: notes

const isKeyName = (name) => /^[^+\p{White_Space}\0-\x1f]+$/u.test(name);

async function readVerifierKey(text, signs = ED25519) {
  const [, name, id, encoded] = /^([^+]+)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  expect(name !== undefined && isKeyName(name), "key", "name+hash+base64", text);
  const data = readBase64(encoded, "key", 33);
  expect(data[0] === signs, "key", `an Ed25519 key (0${signs})`, data[0]);
  const digest = await sha256(encoder.encode(`${name}\n`), data);
  expect(hex(digest.slice(0, 4)) === id, "key", `the key id ${hex(digest.slice(0, 4))}`, id);
  const raw = data.slice(1);
  return { name, id, raw: hex(raw), key: await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]) };
}

const verifies = (key, signature, message) => crypto.subtle.verify({ name: "Ed25519" }, key.key, signature, message);

function splitNote(note) {
  expect(!/\p{Surrogate}/u.test(note), "note", "UTF-8", "a lone surrogate");
  expect(encoder.encode(note).length <= LARGEST_NOTE, "note", `at most ${LARGEST_NOTE} bytes`, note.length);
  expect(!/[\0-\x09\x0b-\x1f]/.test(note), "note", "no control characters", "one");
  const blank = note.lastIndexOf("\n\n");
  expect(blank >= 0 && note.endsWith("\n"), "note", "a text, an empty line, signatures", note.slice(-60));
  const signatures = note.slice(blank + 2, -1).split("\n").map(readSignature);
  expect(signatures.length <= MOST_SIGNATURES, "note", `at most ${MOST_SIGNATURES} signatures`, signatures.length);
  return { text: note.slice(0, blank + 1), signatures };
}

function readSignature(line) {
  const parts = line.split(" ");
  expect(parts.length === 3 && parts[0] === "—" && isKeyName(parts[1]), "note", "a signature line", line);
  const data = readBase64(parts[2], "signature");
  expect(data.length > 4, "signature", "a key id and a signature", line);
  return { name: parts[1], id: hex(data.slice(0, 4)), signature: data.slice(4) };
}

// The text of a note that one of the verifier keys (name+hash+base64) signed; throws where none did.
export async function openNote(note, verifierKeys) {
  const { text, signatures } = splitNote(note);
  const keys = await Promise.all(verifierKeys.map((key) => readVerifierKey(key)));
  let verified = false;
  for (const { name, id, signature } of signatures) {
    const known = keys.find((key) => key.name === name && key.id === id);
    if (!known) continue;
    expect(await verifies(known, signature, encoder.encode(text)), "signature", `one by ${name}+${id} that verifies`, "one that does not");
    verified = true;
  }
  const names = signatures.map(({ name, id }) => `${name}+${id}`);
  expect(verified, "signature", "one by a known key", `only by ${names.join(", ")}`);
  return text;
}

function readDecimal(text, part) {
  expect(/^(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text)), part, "a decimal number", text);
  return Number(text);
}

// The checkpoint of a signed note: {size, root, witnesses: as `witnessesOf` has them, or null}; throws where it does not
// count by the policy.
export async function readCheckpoint(note, policy) {
  const lines = (await openNote(note, policy.log_keys)).split("\n");
  expect(lines.length >= 4 && lines.pop() === "" && lines.every(Boolean), "checkpoint", "three lines, none empty", note);
  const [origin, size, root] = lines;
  const checkpoint = { size: readDecimal(size, "size"), root: readBase64(root, "root", 32) };
  expect(origin === policy.origin, "origin", policy.origin, origin);
  return { ...checkpoint, witnesses: await witnessesOf(note, policy) };
}

// Cosignatures (C2SP tlog-cosignature), and the quorum of witnesses (section 6; C2SP tlog-policy)

const POLICY_LINES = {
  log: /^log (?<key>[^ ]+)( (?<url>[^ ]+))?$/,
  witness: /^witness (?<name>[^ ]+) (?<key>[^ ]+)( (?<url>[^ ]+))?$/,
  group: /^group (?<name>[^ ]+) (?<least>all|any|[1-9][0-9]{0,3}) (?<members>[^ ]+( [^ ]+)*)$/,
  quorum: /^quorum (?<name>[^ ]+)$/,
};

// {logs: [verifier key], witnesses: Map of keys by name, groups: Map of {least, members} by name, quorum: a name or null}.
export async function readWitnessPolicy(text) {
  expect(typeof text === "string" && !/\p{Surrogate}/u.test(text), "witness policy", "a text", text);
  const length = encoder.encode(text).length;
  expect(length <= LARGEST_WITNESS_POLICY, "witness policy", `at most ${LARGEST_WITNESS_POLICY} bytes`, length);
  expect(text.endsWith("\n"), "witness policy", "a line end", text.slice(-1));
  expect(!/[\0-\x08\x0b-\x1f\x7f]/.test(text), "witness policy", "no control characters", "one");
  const policy = { logs: [], logKeys: [], witnesses: new Map(), groups: new Map(), members: new Set(), quorum: undefined };
  for (const line of text.slice(0, -1).split("\n")) {
    const words = line.replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
    if (words && !words.startsWith("#")) await takePolicyLine(policy, words);
  }
  expect(policy.quorum !== undefined, "quorum", "one line", "none");
  return policy;
}

async function takePolicyLine(policy, words) {
  const kind = words.split(" ", 1)[0];
  const line = own(POLICY_LINES, kind)?.exec(words)?.groups;
  expect(line, "line", "log, witness, group or quorum, and its items", words);
  const isDefined = (name) => policy.witnesses.has(name) || policy.groups.has(name);
  const expectNew = (name) => expect(name !== "none" && !isDefined(name), "name", "one that is not taken", name);
  if (kind === "log") {
    const { raw } = await readVerifierKey(line.key);
    expect(!policy.logKeys.includes(raw), "log", "a key that no line before has", line.key);
    policy.logKeys.push(raw);
    policy.logs.push(line.key);
  } else if (kind === "witness") {
    const key = await readVerifierKey(line.key, COSIGNATURE);
    const isKnown = [...policy.witnesses.values()].some(({ raw }) => raw === key.raw);
    expect(!isKnown, "witness", "a key that no line before has", line.key);
    expectNew(line.name);
    policy.witnesses.set(line.name, key);
  } else if (kind === "group") {
    const members = line.members.split(" ");
    for (const member of members) {
      expect(isDefined(member), "group", "members that lines before define", member);
      expect(!policy.members.has(member), "group", "members of no group before, each once", member);
      policy.members.add(member);
    }
    const least = { any: 1, all: members.length }[line.least] ?? Number(line.least);
    expect(least <= members.length, "group", `at most its ${members.length} members`, least);
    expectNew(line.name);
    policy.groups.set(line.name, { least, members });
  } else {
    expect(line.name === "none" || isDefined(line.name), "quorum", "a name that a line before defines", line.name);
    expect(policy.quorum === undefined, "quorum", "one line", line.name);
    policy.quorum = line.name === "none" ? null : line.name;
  }
  const most = Math.max(policy.logs.length, policy.witnesses.size, policy.groups.size);
  expect(most <= MOST_IN_WITNESS_POLICY, kind, `at most ${MOST_IN_WITNESS_POLICY} of them`, most);
}

// The time of a cosignature that a key made (POSIX seconds); throws where it did not make it.
async function cosignedAt(key, signature, text) {
  const at = signature.length === 72 ? new DataView(signature.buffer, signature.byteOffset).getBigUint64(0) : 0n;
  const isTime = at > 0n && at <= LATEST_COSIGNATURE;
  const message = encoder.encode(`cosignature/v1\ntime ${at}\n${text}`);
  const good = isTime && (await verifies(key, signature.slice(8), message));
  expect(good, "cosignature", `one by ${key.name}+${key.id} that verifies`, "one that does not");
  return Number(at);
}

// Who cosigned a checkpoint's note, of the witnesses that the policy names, in their order there: {by: [{name, at}],
// isDemanded: whether the policy demands a quorum, isMet}. `null` where it names none; throws where one did not make it.
export async function witnessesOf(note, policy) {
  if (policy.witness_policy === undefined || policy.witness_policy === null) return null;
  const { logs, witnesses, groups, quorum } = await readWitnessPolicy(policy.witness_policy);
  if (logs.length) await openNote(note, logs);
  const { text, signatures } = splitNote(note);
  const times = new Map();
  for (const { name, id, signature } of signatures) {
    const [called, key] = [...witnesses].find(([, one]) => one.name === name && one.id === id) ?? [];
    if (key) times.set(called, Math.max(times.get(called) ?? 0, await cosignedAt(key, signature, text)));
  }
  const hasWitnessed = (name) => {
    const group = groups.get(name);
    return group ? group.members.filter(hasWitnessed).length >= group.least : times.has(name);
  };
  const by = [...witnesses].filter(([name]) => times.has(name)).map(([name, key]) => ({ name: key.name, at: times.get(name) }));
  return { by, isDemanded: quorum !== null, isMet: quorum === null || hasWitnessed(quorum) };
}

// Section 7: proof files

async function readFrame(bytes, policy) {
  const file = readStrictly(bytes, "form");
  const more = MORE_IN_PROOFS.filter((name) => isObject(file) && Object.hasOwn(file, name));
  const names = ["checkpoint", "entries", "format", "origin", "stream", ...more];
  expect(hasExactly(file, names), "form", names.join(", "), file);
  const format = more.length ? FORMAT_2 : FORMAT;
  expect(file.format === format, "format", format, file.format);
  expect(file.origin === policy.origin, "origin", policy.origin, file.origin);
  expect(typeof file.checkpoint === "string", "checkpoint", "a signed note", file.checkpoint);
  for (const name of ["entries", ...more]) {
    expect(Array.isArray(file[name]) && file[name].length > 0, name, "at least one", file[name]);
  }
  return { file, checkpoint: await readCheckpoint(file.checkpoint, policy) };
}

function readItem(item) {
  const names = ["disclosures", "index", "leaf", "proof"];
  expect(hasExactly(item, names), "form", names.join(", "), item);
  expect(Number.isSafeInteger(item.index) && item.index >= 0, "index", "an integer from 0", item.index);
  expect(Array.isArray(item.proof), "proof", "a list of hashes", item.proof);
  const leaf = readBase64(item.leaf, "leaf");
  return { leaf, entry: readEntry(leaf) };
}

async function checkItem(item, hash, before, checkpoint) {
  expect(item.index > before.index, "index", `above ${before.index}`, item.index);
  const proof = item.proof.map((part) => readBase64(part, "proof", 32));
  const root = hex(await rootFromInclusion(hash, item.index, checkpoint.size, proof));
  expect(root === hex(checkpoint.root), "proof", `the root ${hex(checkpoint.root)}`, root);
}

// An entry of which the hash alone is given: what it says is not for this reader. The next entry names the hash.
async function checkWithheld(item, before, checkpoint) {
  expect(Number.isSafeInteger(item.index) && item.index >= 0, "index", "an integer from 0", item.index);
  expect(Array.isArray(item.proof), "proof", "a list of hashes", item.proof);
  expect(matches(HASH, item.leaf_hash), "leaf_hash", "64 hexadecimal digits", item.leaf_hash);
  await checkItem(item, Uint8Array.from(item.leaf_hash.match(/../g), (pair) => parseInt(pair, 16)), before, checkpoint);
}

async function checkItemDisclosures(entry, disclosures) {
  const missing = isObject(disclosures) ? Object.keys(entry.c).filter((name) => !Object.hasOwn(disclosures, name)) : [];
  expect(missing.length === 0, "disclosures", "a value or null for every committed field", missing);
  return checkDisclosures(entry, disclosures);
}

function checkOrder(entry, before) {
  const findings = [];
  const note = (holds, part, expected, found) => {
    if (!holds) findings.push({ part, expected: shown(expected), found: shown(found) });
  };
  note(entry.seq === before.seq + 1, "seq", before.seq + 1, entry.seq);
  if (entry.seq === before.seq + 1) note(entry.prev === before.hash, "prev", before.hash, entry.prev);
  note(entry.at >= before.at, "at", `not before ${before.at}`, entry.at);
  return findings;
}

const resultOf = (findings, undisclosed) => (findings.length ? "broken" : undisclosed ? "redacted" : "verified");

// The finding of a check that throws, in a list; none where it does not.
async function findingsOf(check) {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return [error.finding];
  }
}

async function checkEntries(file, checkpoint) {
  const entries = [];
  let before = { index: -1, seq: 0, hash: null, at: "" };
  for (const [number, item] of file.entries.entries()) {
    if (hasExactly(item, WITHHELD)) {
      const findings = await findingsOf(() => checkWithheld(item, before, checkpoint));
      entries.push({ number, entry: null, hash: item.leaf_hash, result: resultOf(findings, true), findings });
      if (!findings.length) before = { index: item.index, seq: before.seq + 1, hash: item.leaf_hash, at: before.at };
      continue;
    }
    let read, undisclosed;
    const unreadable = await findingsOf(() => (read = readItem(item)));
    if (!read) {
      entries.push({ number, entry: null, hash: null, result: "broken", findings: unreadable });
      continue;
    }
    const { leaf, entry } = read;
    const hash = await leafHash(leaf);
    const findings = await findingsOf(async () => {
      expect(entry.stream === file.stream, "stream", file.stream, entry.stream);
      await checkItem(item, hash, before, checkpoint);
      undisclosed = await checkItemDisclosures(entry, item.disclosures);
    });
    findings.push(...checkOrder(entry, before));
    entries.push({ number, entry, hash: hex(hash), result: resultOf(findings, undisclosed), findings });
    before = { index: item.index, seq: entry.seq, hash: hex(hash), at: entry.at };
  }
  return entries;
}

// The stamped checkpoints of a file, which the log of its own checkpoint begins with, and what their time stamps say:
// {dated: [{size, tokens: how many, stamps: [{before: milliseconds, by}], findings}], findings}. Where the policy names no
// certificates the tokens are not looked at, and nothing is called dated.
async function checkDated(file, policy, checkpoint) {
  const outcome = { dated: [], findings: [] };
  const trusted = readPem(policy.timestamp_certificates ?? []);
  let before = 0;
  for (const item of file.dated ?? []) {
    outcome.findings.push(...(await findingsOf(async () => {
      const old = await readDated(item, before, policy);
      before = old.size;
      await checkConsistency(old, checkpoint, item.consistency.map((part) => readBase64(part, "dated", 32)));
      const tokens = item.tokens.map((token) => readBase64(token, "dated"));
      const found = { size: old.size, tokens: tokens.length, stamps: [] };
      outcome.dated.push(found);
      for (const token of trusted.length ? tokens : []) {
        outcome.findings.push(...(await findingsOf(async () => {
          const { before: latest, by } = await checkStamp(token, encoder.encode(item.checkpoint), trusted);
          found.stamps.push({ before: Number(upToMillisecond(latest) / 1000n), by });
        })));
      }
    })));
  }
  return outcome;
}

// The checkpoint that was stamped, which is larger than the one before.
async function readDated(item, before, policy) {
  const names = ["checkpoint", "consistency", "tokens"];
  expect(hasExactly(item, names), "dated", names.join(", "), item);
  expect(typeof item.checkpoint === "string", "dated", "a signed note", item.checkpoint);
  expect(Array.isArray(item.consistency), "dated", "a list of hashes", item.consistency);
  const hasTokens = Array.isArray(item.tokens) && item.tokens.length > 0 && item.tokens.length <= MOST_TOKENS;
  expect(hasTokens, "dated", `1 to ${MOST_TOKENS} time stamps`, item.tokens);
  const old = await readCheckpoint(item.checkpoint, policy);
  expect(old.size > before, "dated", `a size above ${before}`, old.size);
  return old;
}

// Which fields redactions in the log name, by leaf hash (a Map of Sets), whether one is withheld, and what is wrong.
async function checkRedactions(file, checkpoint, hashes) {
  const outcome = { erased: new Map(), isWithheld: false, findings: [] };
  let before = { index: -1 };
  for (const item of file.redactions ?? []) {
    outcome.findings.push(...(await findingsOf(async () => {
      if (hasExactly(item, WITHHELD)) {
        await checkWithheld(item, before, checkpoint);
        outcome.isWithheld = true;
      } else {
        const fields = await checkRedaction(item, before, checkpoint);
        expect(Object.keys(fields).some((hash) => hashes.has(hash)), "fields", "an entry of this file", fields);
        for (const [hash, names] of Object.entries(fields)) {
          outcome.erased.set(hash, new Set([...(outcome.erased.get(hash) ?? []), ...names]));
        }
      }
      before = item;
    })));
  }
  return outcome;
}

// The fields that a redaction names; what was sealed is named in its disclosed content.
async function checkRedaction(item, before, checkpoint) {
  const { leaf, entry } = readItem(item);
  await checkItem(item, await leafHash(leaf), before, checkpoint);
  await checkItemDisclosures(entry, item.disclosures);
  const isSealed = entry.kind === "sealed";
  const kind = isSealed ? item.disclosures.kind?.value : entry.kind;
  const body = isSealed ? item.disclosures.content?.value.body ?? {} : entry.body;
  expect(kind === "redacted", "kind", "redacted", kind);
  const fields = own(body, "fields");
  expect(isObject(fields), "body.fields", "names by leaf hash", fields);
  for (const [hash, names] of Object.entries(fields)) {
    expect(HASH.test(hash), "body.fields", "leaf hashes", hash);
    const isGood = Array.isArray(names) && names.every((name) => typeof name === "string");
    expect(isGood, "body.fields", "a list of names", names);
  }
  return fields;
}

// Whether this browser can compute it all: no WebCrypto outside https and localhost, no Ed25519 in older ones.
export async function isAvailable() {
  try {
    const key = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0));
    await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

// What a claim's proof file proves. `bytes`: the file; `policy`: {origin, log_keys: [name+hash+base64], and more}.
// Gives {result: "verified" | "redacted" | "broken" | "unavailable", findings: [{part, expected, found}],
// entries: [{number, entry, hash, result, findings}], checkpoint: {size, root, witnesses} or null, redactions: {erased: Map
// of leaf hash to Set of names, isWithheld, findings} or null, dated: [{size, tokens: how many, stamps: [{before:
// milliseconds, by}]}], undated: what is wrong with these, [{part, expected, found}]}, the entries in the file's order.
// Whether the quorum of witnesses is there is no part of the result: it may come later. Where the policy names no
// `timestamp_certificates`, there are tokens in `dated` and no stamps: nothing was checked.
export async function checkClaimProof(bytes, policy) {
  const nothing = { entries: [], checkpoint: null, redactions: null, dated: [], undated: [] };
  if (!(await isAvailable())) return { result: "unavailable", findings: [], ...nothing };
  try {
    const { file, checkpoint } = await readFrame(bytes, policy);
    const entries = await checkEntries(file, checkpoint);
    const redactions = await checkRedactions(file, checkpoint, new Set(entries.map(({ hash }) => hash)));
    const { dated, findings: undated } = await checkDated(file, policy, checkpoint);
    const results = new Set(entries.map((entry) => entry.result));
    if (redactions.findings.length || undated.length) results.add("broken");
    const result = ["broken", "redacted"].find((one) => results.has(one)) ?? "verified";
    const findings = [...redactions.findings, ...entries.flatMap((entry) => entry.findings), ...undated];
    return { result, findings, entries, checkpoint, redactions, dated, undated };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { result: "broken", findings: [error.finding], ...nothing };
  }
}

// Section 7: one leaf's proof (C2SP tlog-proof), which carries its leaf as extra data

function readTlogProof(text) {
  const end = text.indexOf("\n\n");
  const lines = end < 0 ? [] : text.slice(0, end).split("\n");
  expect(lines.shift() === TLOG_PROOF, "tlog-proof", TLOG_PROOF, text.slice(0, 60));
  expect(lines[0]?.startsWith("extra "), "extra", "the leaf's bytes", lines[0] ?? null);
  const leaf = readBase64(lines.shift().slice("extra ".length), "extra");
  expect(lines[0]?.startsWith("index "), "tlog-proof", "a line with the index", lines[0] ?? null);
  const index = readDecimal(lines.shift().slice("index ".length), "index");
  return { leaf, index, proof: lines.map((line) => readBase64(line, "proof", 32)), note: text.slice(end + 2) };
}

// What a tlog-proof with its leaf proves: {result: "verified" | "broken" | "unavailable", findings, entry, checkpoint}.
export async function checkTlogProof(bytes, policy) {
  const nothing = { findings: [], entry: null, checkpoint: null };
  if (!(await isAvailable())) return { result: "unavailable", ...nothing };
  try {
    const { leaf, index, proof, note } = readTlogProof(readText(bytes));
    const checkpoint = await readCheckpoint(note, policy);
    const entry = readEntry(leaf);
    const root = hex(await rootFromInclusion(await leafHash(leaf), index, checkpoint.size, proof));
    expect(root === hex(checkpoint.root), "proof", `the root ${hex(checkpoint.root)}`, root);
    return { result: "verified", findings: [], entry, checkpoint };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { result: "broken", ...nothing, findings: [error.finding] };
  }
}

// Section 5: receipts, and where the leaf that one promises stands

const RECEIPT = "second-source/receipt/v1";
const LARGEST_SKEW = 300; // seconds that the reader's own clock may be behind
const LAST_MOMENT = 8.64e15; // milliseconds: no Date lies beyond it

// The notes of a file of receipts, which stand one after the other.
export const splitReceipts = (text) => text.split(new RegExp(`(?<=\\n)(?=${RECEIPT}\\n)`));

// What a receipt promises: {leafHash (hex), at, due}, both times as Date; throws where no receipt key signed it.
export async function readReceipt(note, policy) {
  const lines = (await openNote(note, policy.receipt_keys)).split("\n");
  expect(lines.length === 6 && lines[0] === RECEIPT && lines[5] === "", "receipt", `${RECEIPT} and 4 lines`, lines[0]);
  const [, origin, hash, at, delay] = lines;
  expect(origin === policy.origin, "origin", policy.origin, origin);
  expect(isTime(at), "at", "UTC with milliseconds", at);
  const due = new Date(Math.min(new Date(at).getTime() + readDecimal(delay, "longest delay") * 1000, LAST_MOMENT));
  return { leafHash: hex(readBase64(hash, "leaf hash", 32)), at: new Date(at), due };
}

// At which index a leaf stands, by {index, proof, checkpoint: a signed note}; throws where that does not follow.
export async function checkPlace(placed, leafHash, policy) {
  expect(isObject(placed) && Array.isArray(placed.proof), "place", "an index with its proof", placed);
  expect(Number.isSafeInteger(placed.index), "index", "an integer from 0", placed.index);
  const checkpoint = await readCheckpoint(String(placed.checkpoint), policy);
  const hash = Uint8Array.from(leafHash.match(/../g), (pair) => parseInt(pair, 16));
  await checkItem(placed, hash, { index: -1 }, checkpoint);
  return { index: placed.index, size: checkpoint.size };
}

// What has become of a receipt. `find(leafHash)` gives what the log's server says of its place, or null where it says
// that there is none. {fate: "in the log" | "not due yet" | "missing" | "broken" | "unavailable", receipt, index, finding}
export async function checkReceipt(note, policy, find, now) {
  const nothing = { receipt: null, index: null, finding: null };
  if (!(await isAvailable())) return { ...nothing, fate: "unavailable" };
  try {
    const receipt = await readReceipt(note, policy);
    const isAhead = receipt.at.getTime() > now.getTime() + LARGEST_SKEW * 1000;
    expect(!isAhead, "at", `at most ${LARGEST_SKEW} seconds after now, ${now.toISOString()}`, receipt.at.toISOString());
    const placed = await find(receipt.leafHash);
    if (placed === null) return { ...nothing, fate: now > receipt.due ? "missing" : "not due yet", receipt };
    const { index } = await checkPlace(placed, receipt.leafHash, policy);
    return { ...nothing, fate: "in the log", receipt, index };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { ...nothing, fate: "broken", finding: error.finding };
  }
}
