// What a time stamp's authority is called (docs/ledger.md, section 13).
import { Fields, OID, readDer, SET } from "./der.js";
import { Broken, expect, hex } from "./findings.js";

const LONGEST_OID = 32;
const SHORT = new Map([
  ["2.5.4.3", "CN"], ["2.5.4.7", "L"], ["2.5.4.8", "ST"], ["2.5.4.10", "O"], ["2.5.4.11", "OU"], ["2.5.4.6", "C"],
  ["2.5.4.9", "STREET"], ["0.9.2342.19200300.100.1.25", "DC"], ["0.9.2342.19200300.100.1.1", "UID"],
]);
const TEXTS = new Map([[0x0c, "utf-8"], [0x13, "ascii"], [0x16, "ascii"], [0x14, "latin-1"], [0x1e, "utf-16be"]]); // by tag

// A distinguished name as RFC 4514 writes it, the last part first.
export function nameInWords({ content }) {
  const parts = readDer(content, "name").map((several) => {
    expect(several.tag === SET && several.content.length > 0, "name", "a set", hex(several.whole));
    return readDer(several.content, "name").map((one) => {
      const fields = new Fields(one, "name");
      const [kind, value] = [dotted(fields.take(OID).content), fields.any()];
      fields.end();
      return `${SHORT.get(kind) ?? kind}=${valueInWords(value)}`;
    }).join("+");
  });
  return parts.reverse().join(",");
}

function dotted(bytes) {
  const isOne = bytes.length > 0 && bytes.length <= LONGEST_OID && bytes.at(-1) < 0x80;
  expect(isOne, "name", "an object identifier", hex(bytes.slice(0, LONGEST_OID + 1)));
  const numbers = [];
  let number = 0n;
  for (const byte of bytes) {
    number = number * 128n + BigInt(byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0n;
    }
  }
  const first = numbers[0] < 80n ? numbers[0] / 40n : 2n;
  return [first, numbers[0] - 40n * first, ...numbers.slice(1)].join(".");
}

function valueInWords({ tag, content, whole }) {
  if (!TEXTS.has(tag)) return `#${hex(whole)}`;
  const text = textOf(TEXTS.get(tag), content)
    .replace(/[\\",+;<>]/g, "\\$&").replaceAll("\0", "\\00").replace(/ $/, "\\ ");
  return ["#", " "].includes(text[0]) ? `\\${text}` : text;
}

function textOf(encoding, bytes) {
  try {
    if (encoding.startsWith("utf")) return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Broken("name", "a text", hex(bytes));
  }
  expect(encoding !== "ascii" || bytes.every((byte) => byte < 0x80), "name", "a text", hex(bytes));
  return String.fromCharCode(...bytes);
}
