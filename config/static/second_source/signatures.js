// Keys and the ways that they sign, as time stamps have them (docs/ledger.md, section 13), by WebCrypto alone.
import { algorithmOf, BIT_STRING, Fields, INTEGER, integerOf, NULL, OID, oid, ofContext, onlyValue, SEQUENCE } from "./der.js";
import { Broken, expect, hex } from "./findings.js";

const DIGESTS = new Map([
  [oid("2.16.840.1.101.3.4.2.1"), "SHA-256"], [oid("2.16.840.1.101.3.4.2.2"), "SHA-384"], [oid("2.16.840.1.101.3.4.2.3"), "SHA-512"],
]);
const numbered = (prefix, first) => [...DIGESTS.values()].map((digest, at) => [oid(`${prefix}.${first + at}`), digest]);
const RSA_WITH = new Map(numbered("1.2.840.113549.1.1", 11));
const ECDSA_WITH = new Map(numbered("1.2.840.10045.4.3", 2));
const [RSA, MGF1, PSS] = ["1", "8", "10"].map((number) => oid(`1.2.840.113549.1.1.${number}`));
const EC = oid("1.2.840.10045.2.1");
// With how many bytes each of the two numbers of a signature has.
const CURVES = new Map([
  [oid("1.2.840.10045.3.1.7"), ["P-256", 32]], [oid("1.3.132.0.34"), ["P-384", 48]], [oid("1.3.132.0.35"), ["P-521", 66]],
]);
const [SMALLEST_MODULUS, LARGEST_MODULUS, LARGEST_EXPONENT] = [2048, 16384, 2n ** 31n - 1n];
const LONGEST_SALT = 512n;

// Which of SHA-256, SHA-384 and SHA-512 an algorithm is.
export function digestOf(value, part) {
  const name = algorithmOf(value, part);
  expect(DIGESTS.has(name), part, "SHA-256, SHA-384 or SHA-512", name);
  return DIGESTS.get(name);
}

export const digested = async (digest, bytes) => new Uint8Array(await crypto.subtle.digest(digest, bytes));

// Whether a key made a signature; throws where this way of signing is none of those that are taken. `digest`: of what RSA
// signs where the algorithm names none; null where it has to.
export async function isSignedBy(key, algorithm, digest, signature, bytes) {
  const name = hex(new Fields(algorithm, "signature algorithm").take(OID).content);
  const { curve } = readKey(key);
  if (!curve && name === PSS) {
    const { hash, saltLength } = readPss(algorithm);
    return verifies(key, { name: "RSA-PSS", hash }, { name: "RSA-PSS", saltLength }, signature, bytes);
  }
  algorithmOf(algorithm, "signature algorithm");
  if (!curve) {
    const hash = name === RSA ? digest : RSA_WITH.get(name);
    expect(hash, "signature algorithm", "RSA with SHA-2", name);
    return verifies(key, { name: "RSASSA-PKCS1-v1_5", hash }, { name: "RSASSA-PKCS1-v1_5" }, signature, bytes);
  }
  expect(ECDSA_WITH.has(name), "signature algorithm", "ECDSA with SHA-2", name);
  const [namedCurve, length] = curve;
  const both = bothNumbers(signature, length);
  const way = { name: "ECDSA", hash: ECDSA_WITH.get(name) };
  return both !== null && verifies(key, { name: "ECDSA", namedCurve }, way, both, bytes);
}

// What a key is: {curve: [name, length], or null for RSA}.
function readKey(value) {
  const fields = new Fields(value, "signature");
  const algorithm = new Fields(fields.take(SEQUENCE), "signature");
  const [name, taken, bits] = [hex(algorithm.take(OID).content), algorithm.any(), fields.take(BIT_STRING).content];
  algorithm.end();
  fields.end();
  const curve = name === EC && taken.tag === OID && bits[0] === 0 && bits[1] === 4 ? CURVES.get(hex(taken.content)) : undefined;
  const isRsa = name === RSA && taken.tag === NULL && taken.content.length === 0 && bits[0] === 0;
  expect(curve || isRsa, "signature", "an RSA or ECDSA key", "another");
  if (isRsa) checkRsa(bits.slice(1));
  return { curve: curve ?? null };
}

function checkRsa(bytes) {
  const numbers = new Fields(onlyValue(bytes, "signature"), "signature");
  const [modulus, exponent] = [numbers.take(INTEGER).content, integerOf(numbers.take(INTEGER), "signature")];
  numbers.end();
  const size = modulus[0] === 0 ? 8 * (modulus.length - 1) : 8 * modulus.length - Math.clz32(modulus[0]) + 24;
  const isPositive = modulus.length > 1 && modulus[0] < 0x80 && (modulus[0] > 0 || modulus[1] >= 0x80);
  const isOne = isPositive && modulus.at(-1) % 2 === 1 && exponent % 2n === 1n && exponent >= 3n && exponent <= LARGEST_EXPONENT;
  expect(isOne, "signature", "an RSA key", String(exponent));
  const fits = size >= SMALLEST_MODULUS && size <= LARGEST_MODULUS;
  expect(fits, "signature", `a key of ${SMALLEST_MODULUS} to ${LARGEST_MODULUS} bits`, size);
}

// The two numbers of an ECDSA signature as WebCrypto takes them; null where they cannot be ones.
function bothNumbers(signature, length) {
  try {
    const fields = new Fields(onlyValue(signature, "signature"), "signature");
    const both = [fields.take(INTEGER), fields.take(INTEGER)].map(({ content }) => padded(content, length));
    fields.end();
    return new Uint8Array(both.flat());
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return null;
  }
}

function padded(content, length) {
  const isShortest = content.length > 0 && content[0] < 0x80 && (content[0] > 0 || content.length === 1 || content[1] >= 0x80);
  const digits = [...content].slice(content[0] === 0 ? 1 : 0);
  expect(isShortest && digits.length <= length, "signature", "a number", hex(content));
  return [...new Array(length - digits.length).fill(0), ...digits];
}

async function verifies(key, sort, way, signature, bytes) {
  try {
    const imported = await crypto.subtle.importKey("spki", key.whole, sort, false, ["verify"]);
    return await crypto.subtle.verify(way, imported, signature, bytes);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return false; // a key that is none, or a salt that is longer than what is signed
  }
}

// Digest and salt of RSASSA-PSS (RFC 4055 3.1); what is left out would be SHA-1, which is not taken.
function readPss(algorithm) {
  const part = "signature algorithm";
  const outer = new Fields(algorithm, part);
  outer.take(OID);
  const parameters = new Fields(outer.take(SEQUENCE), part);
  outer.end();
  const explicit = (number, tag) => {
    const inner = new Fields(parameters.take(ofContext(number)), part, ofContext(number));
    const value = inner.take(tag);
    inner.end();
    return value;
  };
  const hash = digestOf(explicit(0, SEQUENCE), part);
  const mask = new Fields(explicit(1, SEQUENCE), part);
  expect(hex(mask.take(OID).content) === MGF1, part, "MGF1", "another");
  const ofMask = digestOf(mask.take(SEQUENCE), part);
  expect(ofMask === hash, part, "one digest for both", ofMask);
  mask.end();
  const salt = integerOf(explicit(2, INTEGER), part);
  expect(salt >= 1n && salt <= LONGEST_SALT, part, `a salt of 1 to ${LONGEST_SALT} bytes`, String(salt));
  const trailer = parameters.maybe(ofContext(3));
  expect(!trailer || hex(trailer.content) === "020101", part, "the trailer 1", "another");
  parameters.end();
  return { hash, saltLength: Number(salt) };
}
