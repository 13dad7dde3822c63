// Certificates as time stamps need them (docs/ledger.md, section 13): what they say, and whether one leads to another.
import {
  algorithmOf, BIT_STRING, booleanOf, Fields, INTEGER, integerOf, isSameValue, momentOf, NULL, OCTETS, OID, oid, ofContext,
  onlyValue, readDer, SEQUENCE, SET, TIME, UTC_TIME, BOOLEAN,
} from "./der.js";
import { Broken, expect, hex, isSame } from "./findings.js";

const PART = "certificate";
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
const [KEY_IDENTIFIER, KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_KEY_USAGE] =
  [14, 15, 19, 32, 37].map((number) => oid(`2.5.29.${number}`));
const TIME_STAMPING = oid("1.3.6.1.5.5.7.3.8");
// The critical extensions that are looked at, and one that narrows nothing here.
const KNOWN_CRITICAL = [BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, POLICIES];
const [DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_CERT_SIGN] = [0, 1, 5]; // bits of keyUsage, from the left
const [SMALLEST_MODULUS, LARGEST_MODULUS, LARGEST_EXPONENT] = [2048, 16384, 2n ** 31n - 1n];
const LONGEST_SALT = 512n;
const LONGEST_OID = 32;
const SHORT = new Map([
  ["2.5.4.3", "CN"], ["2.5.4.7", "L"], ["2.5.4.8", "ST"], ["2.5.4.10", "O"], ["2.5.4.11", "OU"], ["2.5.4.6", "C"],
  ["2.5.4.9", "STREET"], ["0.9.2342.19200300.100.1.25", "DC"], ["0.9.2342.19200300.100.1.1", "UID"],
]);
const TEXTS = new Map([[0x0c, "utf-8"], [0x13, "ascii"], [0x16, "ascii"], [0x14, "latin-1"], [0x1e, "utf-16be"]]); // by tag

// Which of SHA-256, SHA-384 and SHA-512 an algorithm is.
export function digestOf(value, part) {
  const name = algorithmOf(value, part);
  expect(DIGESTS.has(name), part, "SHA-256, SHA-384 or SHA-512", name);
  return DIGESTS.get(name);
}

export const digested = async (digest, bytes) => new Uint8Array(await crypto.subtle.digest(digest, bytes));

// The certificates of texts in PEM, as bytes.
export function readPem(texts) {
  const blocks = texts.flatMap((text) => text.match(/-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]*-----END CERTIFICATE-----/g) ?? []);
  return blocks.map((block) => {
    const encoded = block.replace(/-----[A-Z ]*-----|\s/g, "");
    return Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
  });
}

// Those that can be read. Any other is passed over: nothing needs it, or what does leads nowhere.
export function readable(certificates) {
  return certificates.flatMap((one) => {
    try {
      return [readCertificate(one)];
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return [];
    }
  });
}

function readCertificate(bytes) {
  const { whole, ...value } = onlyValue(bytes, PART);
  const outer = new Fields({ whole, ...value }, PART);
  const [signed, algorithm, signature] = [outer.take(SEQUENCE), outer.take(SEQUENCE), outer.take(BIT_STRING).content];
  outer.end();
  const tbs = new Fields(signed, PART);
  const version = new Fields(tbs.take(ofContext(0)), PART, ofContext(0));
  expect(hex(version.take(INTEGER).content) === "02", PART, "version 3", "another");
  version.end();
  const [serial, named, issuer] = [tbs.take(INTEGER).whole, tbs.take(SEQUENCE), tbs.take(SEQUENCE).whole];
  const isTwice = isSameValue(named, algorithm) && signature[0] === 0;
  expect(isTwice, PART, "its algorithm twice, and whole bytes", "others");
  const validity = new Fields(tbs.take(SEQUENCE), PART);
  const [begin, end] = [dateOf(validity), dateOf(validity)];
  validity.end();
  const [subject, key] = [tbs.take(SEQUENCE), tbs.take(SEQUENCE)];
  tbs.maybe(0x81);
  tbs.maybe(0x82);
  const extensions = extensionsOf(tbs.maybe(ofContext(3)));
  tbs.end();
  return { whole, signed: signed.whole, algorithm, signature: signature.slice(1), serial, issuer, begin, end, subject, key, extensions };
}

// A moment of a certificate's: of two digits of the year, 50 and above are of the last century.
function dateOf(validity) {
  const short = validity.maybe(UTC_TIME);
  const text = String.fromCharCode(...(short ?? validity.take(TIME)).content);
  const whole = short ? `${text.slice(0, 2) >= "50" ? "19" : "20"}${text}` : text;
  expect(/^[0-9]{14}Z$/.test(whole) && whole.length === 15, PART, "UTC in seconds", text);
  return momentOf(Uint8Array.from(whole, (sign) => sign.charCodeAt(0)));
}

// By their type: {isCritical, content}.
function extensionsOf(value) {
  const found = new Map();
  if (!value) return found;
  for (const one of readDer(onlyValue(value.content, PART).content, PART)) {
    const extension = new Fields(one, PART);
    const [name, critical] = [hex(extension.take(OID).content), extension.maybe(BOOLEAN)];
    expect(!found.has(name), PART, "each extension once", "one twice");
    const isCritical = critical !== null && booleanOf(critical, PART);
    found.set(name, { isCritical, content: extension.take(OCTETS).content });
    extension.end();
  }
  return found;
}

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

// The certificate that a SignerInfo names, by issuer and serial number or by the identifier of its key.
export function namedSigner({ tag, content }, pool) {
  const isNamed = (one) => {
    if (tag === SEQUENCE) return isSame([...one.issuer, ...one.serial], content);
    const own = one.extensions.get(KEY_IDENTIFIER)?.content ?? [];
    return content.length < 0x80 && isSame(own, [OCTETS, content.length, ...content]);
  };
  const found = pool.find(isNamed);
  expect(found, PART, "the signer's, in the token or in the policy", "none");
  return found;
}

// A certificate that signs time stamps does nothing else, and says so critically (RFC 3161 2.3).
export function checkForStamps(signer) {
  const extended = signer.extensions.get(EXTENDED_KEY_USAGE);
  const uses = extended?.isCritical ? partsOf(extended.content) : [];
  const isForStamps = uses.length === 1 && uses[0].tag === OID && hex(uses[0].content) === TIME_STAMPING;
  expect(isForStamps, PART, "for time stamps alone, critically", "another use");
  expect(may(signer, DIGITAL_SIGNATURE) || may(signer, NON_REPUDIATION), PART, "one for signatures", "another use");
}

function partsOf(bytes) {
  const whole = onlyValue(bytes, PART);
  expect(whole.tag === SEQUENCE, PART, "a sequence", whole.tag);
  return readDer(whole.content, PART);
}

// Whether its keyUsage, where it has one, has a bit (the first is 0).
function may(certificate, bit) {
  if (!certificate.extensions.has(KEY_USAGE)) return true;
  const usage = onlyValue(certificate.extensions.get(KEY_USAGE).content, PART);
  const [unused = 0xff, ...octets] = usage.content;
  expect(usage.tag === BIT_STRING && unused < 8 && (octets.length > 0 || unused === 0), PART, "bits", hex(usage.content));
  return bit < 8 * octets.length - unused && Boolean((octets[bit >> 3] >> (7 - (bit & 7))) & 1);
}

// Whether the certificate is trusted, or was issued by one that is, or by one that leads up to such a one. By the
// shortest way first: what a certificate allows below it is less on any other.
export async function leadsUp(signer, pool, trusted, at) {
  const seen = new Set();
  const isNew = (one) => !seen.has(hex(one.whole)) && isValid(one, at);
  for (let [waiting, below] = [[signer].filter(isNew), 0]; waiting.length > 0; below += 1) {
    if (waiting.some((one) => trusted.some((own) => isSame(one.whole, own.whole)))) return true;
    for (const one of waiting) seen.add(hex(one.whole));
    const above = [];
    for (const one of pool.filter(isNew)) {
      if (await hasIssuedOne(one, waiting, below)) above.push(one);
    }
    waiting = above;
  }
  return false;
}

// Whether it counts at a time, and asks for nothing critical that is not looked at here.
function isValid({ begin, end, extensions }, at) {
  const isKnown = [...extensions].every(([name, { isCritical }]) => !isCritical || KNOWN_CRITICAL.includes(name));
  return begin <= at && at <= end && isKnown;
}

async function hasIssuedOne(issuer, certificates, below) {
  for (const one of certificates) {
    if (isSame(issuer.subject.whole, one.issuer) && issuer.extensions.has(BASIC_CONSTRAINTS) && await hasIssued(issuer, one, below)) return true;
  }
  return false;
}

async function hasIssued(issuer, certificate, below) {
  try {
    return isAbove(issuer, below) && may(issuer, KEY_CERT_SIGN)
      && await isSignedBy(issuer.key, certificate.algorithm, null, certificate.signature, certificate.signed);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return false;
  }
}

// Whether its basicConstraints let it issue certificates, with so many issuers under it.
function isAbove(issuer, below) {
  const basic = new Fields(onlyValue(issuer.extensions.get(BASIC_CONSTRAINTS).content, PART), PART);
  const [authority, length] = [basic.maybe(BOOLEAN), basic.maybe(INTEGER)];
  basic.end();
  return authority !== null && booleanOf(authority, PART) && (length === null || integerOf(length, PART) >= BigInt(below));
}

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
