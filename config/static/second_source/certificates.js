// Certificates as time stamps need them (docs/ledger.md, section 13): what they say, and whether one leads to another.
import {
  BIT_STRING, BOOLEAN, booleanOf, Fields, INTEGER, integerOf, isSameValue, momentOf, OCTETS, OID, oid, ofContext, onlyValue,
  readDer, SEQUENCE, TIME, UTC_TIME,
} from "./der.js";
import { Broken, expect, hex, isSame } from "./findings.js";
import { isSignedBy } from "./signatures.js";

const PART = "certificate";
const [KEY_IDENTIFIER, KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_KEY_USAGE] =
  [14, 15, 19, 32, 37].map((number) => oid(`2.5.29.${number}`));
const TIME_STAMPING = oid("1.3.6.1.5.5.7.3.8");
// The critical extensions that are looked at, and one that narrows nothing here.
const KNOWN_CRITICAL = [BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, POLICIES];
const [DIGITAL_SIGNATURE, NON_REPUDIATION, KEY_CERT_SIGN] = [0, 1, 5]; // bits of keyUsage, from the left

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
  const whole = onlyValue(bytes, PART);
  const outer = new Fields(whole, PART);
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
  return { whole: whole.whole, signed: signed.whole, algorithm, signature: signature.slice(1), serial, issuer, begin, end, subject, key, extensions };
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
