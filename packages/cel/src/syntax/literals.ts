/** Texts of string and bytes literals: quotes, raw prefixes and escapes. */

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '`': 96,
  '?': 63,
};

/** The string that a literal means. */
export function stringOf(literal: string): string {
  const { body, isRaw } = unquoted(literal);
  if (isRaw || !body.includes('\\')) return body;
  return unescaped(
    body,
    (codePoint) => String.fromCodePoint(codePoint),
    (text) => text,
  ).join('');
}

/** The bytes that a literal means, its b prefix removed: octal and \x escapes are bytes. */
export function bytesOf(literal: string): Uint8Array {
  const { body, isRaw } = unquoted(literal);
  const encoder = new TextEncoder();
  if (isRaw || !body.includes('\\')) return encoder.encode(body);
  return new Uint8Array(
    unescaped(
      body,
      (byte) => [byte],
      (text) => [...encoder.encode(text)],
    ).flat(),
  );
}

function unquoted(literal: string): { body: string; isRaw: boolean } {
  const isRaw = /^[rR]/.test(literal);
  const quoted = (isRaw ? literal.slice(1) : literal).replaceAll(/\r\n?/g, '\n');
  const isTriple = quoted.length >= 6 && (quoted.startsWith('"""') || quoted.startsWith("'''"));
  const quotes = isTriple ? 3 : 1;
  return { body: quoted.slice(quotes, -quotes), isRaw };
}

/** @throws Error where an escape is none that a literal of its type may have. */
function unescaped<T>(body: string, ofCode: (code: number) => T, ofText: (text: string) => T): T[] {
  const parts: T[] = [];
  const pattern =
    /\\(?:([abfnrtv\\'"`?])|([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|[^\\]+/g;
  for (const match of body.matchAll(pattern)) {
    const [text, simple, octal, hex, short, long] = match;
    if (simple !== undefined) parts.push(ofCode(simpleEscapes[simple]!));
    else if (octal !== undefined) parts.push(ofCode(Number.parseInt(octal, 8)));
    else if (hex !== undefined) parts.push(ofCode(Number.parseInt(hex, 16)));
    else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt((short ?? long)!, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Error('invalid unicode code point');
      parts.push(ofText(String.fromCodePoint(code)));
    } else parts.push(ofText(text));
  }
  return parts;
}
