// What the checks have in common: a check that fails throws what was expected and what was found.

export class Broken extends Error {
  constructor(part, expected, found) {
    super(`${part}: expected ${expected}, found ${found}`);
    this.finding = { part, expected, found };
  }
}

export function shown(value) {
  const text = typeof value === "string" ? value : String(JSON.stringify(value));
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}

export function expect(holds, part, expected, found) {
  if (!holds) throw new Broken(part, expected, shown(found));
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const isSame = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
