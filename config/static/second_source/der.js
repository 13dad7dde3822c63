// Reads DER as docs/ledger.md has it (section 13): lengths definite and in their shortest spelling, tags of one byte.
import { Broken, expect, hex, isSame, shown } from "./findings.js";

export const [BOOLEAN, INTEGER, BIT_STRING, OCTETS, NULL, OID] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06];
export const [UTC_TIME, TIME, SEQUENCE, SET] = [0x17, 0x18, 0x30, 0x31];
const MADE_OF_PARTS = 0x20; // a bit of the tag
const MOST_DIGITS = 4; // of a length that is not in one byte

export const ofContext = (number) => 0xa0 | number; // the tag [number] of something made of parts
const named = (tag) => tag.toString(16).padStart(2, "0");

// The values that bytes are made of: [{tag, content, whole}].
export function readDer(bytes, part) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    expect(at + 2 <= bytes.length && (bytes[at] & 0x1f) !== 0x1f, part, "a tag of one byte, and a length", hex(bytes.slice(at, at + 2)));
    let [tag, length] = [bytes[at], bytes[at + 1]];
    at += 2;
    if (length & 0x80) {
      const digits = bytes.slice(at, at + (length & 0x7f));
      at += length & 0x7f;
      length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
      const isShortest = digits.length > 0 && digits.length <= MOST_DIGITS && digits[0] !== 0 && length > 0x7f;
      expect(isShortest, part, "a length in its one spelling", hex(digits.slice(0, 5)));
    }
    expect(length <= bytes.length - at, part, `${length} bytes`, Math.max(0, bytes.length - at));
    found.push({ tag, content: bytes.slice(at, at + length), whole: bytes.slice(start, at + length) });
    at += length;
  }
  return found;
}

// Throws unless bytes are DER throughout, also where nothing in them is looked at.
export function checkDer(bytes, part) {
  const waiting = [bytes];
  while (waiting.length) {
    for (const { tag, content } of readDer(waiting.pop(), part)) if (tag & MADE_OF_PARTS) waiting.push(content);
  }
}

// The one value that there is.
export function onlyValue(bytes, part) {
  const values = readDer(bytes, part);
  expect(values.length === 1, part, "one value", values.length);
  return values[0];
}

// The parts of a value, taken one after another; throws where another stands there.
export class Fields {
  constructor(value, part, tag = SEQUENCE) {
    expect(value.tag === tag, part, `the tag ${named(tag)}`, named(value.tag));
    this.left = readDer(value.content, part);
    this.part = part;
  }

  take(tag) {
    const is = this.left.length > 0 && this.left[0].tag === tag;
    expect(is, this.part, `the tag ${named(tag)}`, this.left.length ? named(this.left[0].tag) : "nothing more");
    return this.left.shift();
  }

  maybe(tag) {
    return this.left.length > 0 && this.left[0].tag === tag ? this.left.shift() : null;
  }

  any() {
    expect(this.left.length > 0, this.part, "one part more", "none");
    return this.left.shift();
  }

  end() {
    expect(this.left.length === 0, this.part, "nothing more", this.left.length);
  }
}

// An INTEGER as a BigInt.
export function integerOf({ content }, part) {
  const isRedundant = content.length > 1
    && ((content[0] === 0 && content[1] < 0x80) || (content[0] === 0xff && content[1] >= 0x80));
  expect(content.length > 0 && content.length <= 32 && !isRedundant, part, "an integer of 32 bytes at most", hex(content.slice(0, 33)));
  return BigInt.asIntN(content.length * 8, BigInt(`0x${hex(content)}`));
}

export function booleanOf({ content }, part) {
  expect(content.length === 1 && [0, 0xff].includes(content[0]), part, "true or false", hex(content));
  return content[0] === 0xff;
}

// An object identifier's bytes in hex, by which all of them are known here.
export function oid(dotted) {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  return [first * 40 + second, ...rest].map((number) => {
    const groups = [number & 0x7f];
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    return hex(groups);
  }).join("");
}

// The name of an algorithm that takes nothing: no parameters, or NULL.
export function algorithmOf(value, part) {
  const fields = new Fields(value, part);
  const [name, nothing] = [hex(fields.take(OID).content), fields.maybe(NULL)];
  expect(!nothing || nothing.content.length === 0, part, "no parameters", "some");
  fields.end();
  return name;
}

const GENERALIZED = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]*[1-9]))?Z$/;

// A moment in microseconds since 1970 (BigInt), never earlier than it says.
export function momentOf(bytes) {
  const text = String.fromCharCode(...bytes);
  const found = GENERALIZED.exec(text);
  if (!found || text.includes("\n")) throw new Broken("genTime", "UTC such as 20261122235901Z", shown(text));
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute, second);
  const spelled = moment.toISOString().replace(/[-T:]/g, "").slice(0, 14);
  expect(year > 0 && spelled === text.slice(0, 14), "genTime", "a moment that exists", text);
  const digits = found[7] ?? "";
  const micros = BigInt(digits.slice(0, 6).padEnd(6, "0")) + (digits.length > 6 ? 1n : 0n);
  return checkMoment(BigInt(moment.getTime()) * 1000n + micros, "genTime");
}

const LAST_MOMENT = 253402300799999999n; // the end of the year 9999

// The moment, unless it lies beyond the last one that can be written.
export function checkMoment(moment, part) {
  expect(moment <= LAST_MOMENT, part, "a moment that exists", String(moment));
  return moment;
}

export const isSameValue = (one, other) => isSame(one.whole, other.whole);
