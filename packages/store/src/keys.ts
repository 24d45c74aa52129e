/**
 * The least key after all keys that start with the prefix, in byte order of UTF-8 (which is the order of code points);
 * undefined where there is none, which means that every key from the prefix on starts with it.
 */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last < 0x10ffff) return String.fromCodePoint(...points, nextCodePoint(last));
  }
  return undefined;
}

/** Compares keys in byte order of UTF-8; plain `<` compares UTF-16 units, which differs beyond U+FFFF. */
export function compareKeys(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  for (let index = 0; index < end; index += 1) {
    if (left.charCodeAt(index) !== right.charCodeAt(index)) {
      return orderOfUnit(left.charCodeAt(index)) - orderOfUnit(right.charCodeAt(index));
    }
  }
  return left.length - right.length;
}

function nextCodePoint(point: number): number {
  return point === 0xd7ff ? 0xe000 : point + 1;
}

/** Moves surrogates above all other units, because the characters they stand for are above U+FFFF. */
function orderOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
