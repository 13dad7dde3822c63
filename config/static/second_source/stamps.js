// Checks a time stamp of a checkpoint (RFC 3161, CMS) by WebCrypto alone: docs/ledger.md, section 13.
import { checkForStamps, leadsUp, namedSigner, readable } from "./certificates.js";
import {
  algorithmOf, BOOLEAN, checkDer, checkMoment, Fields, INTEGER, integerOf, momentOf, OCTETS, OID, oid, ofContext, onlyValue,
  readDer, SEQUENCE, SET, TIME,
} from "./der.js";
import { expect, hex, isSame } from "./findings.js";
import { nameInWords } from "./names.js";
import { digested, digestOf, isSignedBy } from "./signatures.js";

const LARGEST_TOKEN = 65536;
const MOST_CERTIFICATES = 16; // that come along with a time stamp
const [SIGNED_DATA, TST_INFO] = [oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")];
const [CONTENT_TYPE, MESSAGE_DIGEST] = [oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")];
const [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2] = [oid("1.2.840.113549.1.9.16.2.12"), oid("1.2.840.113549.1.9.16.2.47")];
const SHA256 = oid("2.16.840.1.101.3.4.2.1");
const DIRECTORY_NAME = ofContext(4);
const LONGEST_SECONDS = 10n ** 9n; // of an accuracy

// What a time stamp token says of bytes: {at, before, by}, the times in microseconds since 1970 (BigInt). `certificates`
// (bytes) are those that the reader trusts. Throws unless it holds.
export async function checkStamp(token, bytes, certificates) {
  expect(token.length <= LARGEST_TOKEN, "token", `at most ${LARGEST_TOKEN} bytes`, token.length);
  checkDer(token, "token");
  const signed = readSignedData(token);
  const trusted = readable(certificates);
  const pool = [...trusted, ...readable(signed.certificates)];
  const { at, before } = await readTstInfo(signed.content, bytes);
  const signer = await checkSigner(signed, pool);
  checkForStamps(signer);
  const by = nameInWords(signer.subject);
  const leads = await leadsUp(signer, pool, trusted, at);
  expect(leads, "certificate", "one that leads to a certificate of the policy, all valid at the time", by);
  return { at, before, by: by || "an authority without a name" };
}

// A CMS SignedData: its content, the digests that it names, its one SignerInfo, the certificates beside it.
function readSignedData(token) {
  const outer = new Fields(onlyValue(token, "token"), "token");
  expect(hex(outer.take(OID).content) === SIGNED_DATA, "token", "SignedData", "another type");
  const inner = new Fields(outer.take(ofContext(0)), "token", ofContext(0));
  const signed = new Fields(inner.take(SEQUENCE), "SignedData");
  outer.end();
  inner.end();
  const version = integerOf(signed.take(INTEGER), "SignedData version");
  expect(version === 3n, "SignedData version", "3", String(version));
  const digests = readDer(signed.take(SET).content, "SignedData");
  const encapsulated = new Fields(signed.take(SEQUENCE), "content");
  expect(hex(encapsulated.take(OID).content) === TST_INFO, "content", "TSTInfo", "another type");
  const octets = new Fields(encapsulated.take(ofContext(0)), "content", ofContext(0));
  const { content } = octets.take(OCTETS);
  octets.end();
  encapsulated.end();
  const given = signed.maybe(ofContext(0));
  signed.maybe(ofContext(1)); // lists of what is revoked: nothing is fetched, and none of these is believed
  const infos = readDer(signed.take(SET).content, "SignerInfo");
  signed.end();
  expect(infos.length === 1, "SignerInfo", "one", infos.length);
  const certificates = given ? readDer(given.content, "certificates").filter(({ tag }) => tag === SEQUENCE) : [];
  expect(certificates.length <= MOST_CERTIFICATES, "certificates", `at most ${MOST_CERTIFICATES}`, certificates.length);
  return { content, digests, info: infos[0], certificates: certificates.map(({ whole }) => whole) };
}

// What a TSTInfo says (RFC 3161 2.4.2), which has to be of the SHA-256 of `bytes`.
async function readTstInfo(content, bytes) {
  const info = new Fields(onlyValue(content, "TSTInfo"), "TSTInfo");
  const version = integerOf(info.take(INTEGER), "TSTInfo version");
  expect(version === 1n, "TSTInfo version", "1", String(version));
  info.take(OID); // by which rules of its own the authority works
  const imprint = new Fields(info.take(SEQUENCE), "imprint");
  const [algorithm, hashed] = [algorithmOf(imprint.take(SEQUENCE), "imprint"), imprint.take(OCTETS).content];
  imprint.end();
  const own = await digested("SHA-256", bytes);
  expect(algorithm === SHA256 && isSame(hashed, own), "imprint", `the SHA-256 ${hex(own)}`, hex(hashed));
  integerOf(info.take(INTEGER), "serial number");
  const at = momentOf(info.take(TIME).content);
  const accuracy = info.maybe(SEQUENCE);
  info.maybe(BOOLEAN);
  const nonce = info.maybe(INTEGER);
  info.maybe(ofContext(0)); // a hint at the authority's name: who signed is told by the certificate
  const extensions = info.maybe(ofContext(1));
  info.end();
  for (const one of extensions ? readDer(extensions.content, "TSTInfo extensions") : []) {
    const extension = new Fields(one, "TSTInfo extension");
    extension.take(OID);
    const critical = extension.maybe(BOOLEAN);
    expect(!critical || hex(critical.content) === "00", "TSTInfo extension", "none that is critical", "one");
    extension.take(OCTETS);
    extension.end();
  }
  const before = at + readAccuracy(accuracy);
  checkMoment(upToMillisecond(before), "accuracy");
  if (nonce) integerOf(nonce, "nonce");
  return { at, before };
}

// The next millisecond: what is shortened must not become earlier.
export const upToMillisecond = (moment) => moment + (((-moment % 1000n) + 1000n) % 1000n);

function readAccuracy(value) {
  if (!value) return 0n;
  const accuracy = new Fields(value, "accuracy");
  let sum = 0n;
  for (const [tag, most, unit] of [[INTEGER, LONGEST_SECONDS, 1000000n], [0x80, 999n, 1000n], [0x81, 999n, 1n]]) {
    const part = accuracy.maybe(tag);
    const number = part ? integerOf(part, "accuracy") : 0n;
    expect(number >= 0n && number <= most, "accuracy", `0 to ${most}`, String(number));
    sum += number * unit;
  }
  accuracy.end();
  return sum;
}

// The certificate whose key signed the content, by the one SignerInfo (RFC 5652 5.3, 5.4, 5.6).
async function checkSigner(whole, pool) {
  const info = new Fields(whole.info, "SignerInfo");
  const version = integerOf(info.take(INTEGER), "SignerInfo version");
  expect(version === 1n || version === 3n, "SignerInfo version", "1 or 3", String(version));
  const signer = namedSigner(info.take(version === 1n ? SEQUENCE : 0x80), pool);
  const named = info.take(SEQUENCE);
  const digest = digestOf(named, "digest");
  const all = whole.digests.map((one) => algorithmOf(one, "SignedData"));
  expect(all.includes(algorithmOf(named, "digest")), "SignedData", "the digest of its SignerInfo", "others");
  const attributes = info.take(ofContext(0));
  const [algorithm, signature] = [info.take(SEQUENCE), info.take(OCTETS).content];
  info.maybe(ofContext(1)); // attributes that nobody signed
  info.end();
  const values = readAttributes(attributes);
  const own = hex(await digested(digest, whole.content));
  for (const [name, words, tag, expected] of [[CONTENT_TYPE, "contentType", OID, TST_INFO], [MESSAGE_DIGEST, "messageDigest", OCTETS, own]]) {
    const found = values.get(name);
    expect(found?.tag === tag && hex(found.content) === expected, words, expected, hex(found?.content ?? []));
  }
  await checkNamed(values, signer);
  // What is signed is the set by itself (RFC 5652 5.4).
  const isSigned = await isSignedBy(signer.key, algorithm, digest, signature, Uint8Array.of(SET, ...attributes.whole.slice(1)));
  expect(isSigned, "signature", `one by ${nameInWords(signer.subject)}`, "one that does not verify");
  return signer;
}

// The signed attributes that have one value, by their type.
function readAttributes(value) {
  const [found, types] = [new Map(), new Set()];
  for (const one of readDer(value.content, "signed attributes")) {
    const attribute = new Fields(one, "signed attributes");
    const [name, values] = [hex(attribute.take(OID).content), readDer(attribute.take(SET).content, "signed attributes")];
    attribute.end();
    expect(!types.has(name), "signed attributes", "each type once", "one twice");
    types.add(name);
    if (values.length === 1) found.set(name, values[0]);
  }
  return found;
}

// The signed attributes name the signer's certificate by its hash (RFC 2634 5.4, RFC 5035 3 and 4).
async function checkNamed(values, signer) {
  const part = "signingCertificate";
  const both = [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2].filter((name) => values.has(name));
  expect(both.length > 0, part, "the certificate's hash", "none");
  for (const name of both) {
    const attribute = new Fields(values.get(name), part);
    const named = readDer(attribute.take(SEQUENCE).content, part);
    attribute.maybe(SEQUENCE);
    attribute.end();
    expect(named.length > 0, part, "the certificate's hash", "none");
    const identifier = new Fields(named[0], part);
    const algorithm = name === SIGNING_CERTIFICATE_V2 ? identifier.maybe(SEQUENCE) : null;
    // The first form knows SHA-1 alone. What the signature holds to is the key of a certificate that leads up.
    const digest = algorithm ? digestOf(algorithm, part) : name === SIGNING_CERTIFICATE ? "SHA-1" : "SHA-256";
    const expected = hex(await digested(digest, signer.whole));
    const found = hex(identifier.take(OCTETS).content);
    expect(found === expected, part, expected, found);
    checkIssuerSerial(identifier.maybe(SEQUENCE), signer, part);
    identifier.end();
  }
}

function checkIssuerSerial(value, signer, part) {
  if (!value) return;
  const fields = new Fields(value, part);
  const [names, serial] = [readDer(fields.take(SEQUENCE).content, part), fields.take(INTEGER).whole];
  fields.end();
  const isNamed = names.some(({ tag, content }) => tag === DIRECTORY_NAME && isSame(content, signer.issuer));
  expect(isNamed && isSame(serial, signer.serial), part, "the issuer and serial number of the certificate", "others");
}
