/** Texts of IP addresses, as Go's netip reads and writes them. */
import { isIP } from 'node:net';

interface Address {
  readonly bytes: readonly number[];
  /** It names an interface, such as fe80::1%eth0. */
  readonly zone: boolean;
}

/** The address, or what is wrong with its text. */
export function parseAddress(text: string): Address | string {
  const failed = (what: string): string => `ParseAddr(${JSON.stringify(text)}): ${what}`;
  const [plain, ...zones] = text.split('%');
  const zone = zones.length > 0;
  const version = isIP(plain!);
  if (version === 4 && !zone) return { bytes: plain!.split('.').map(Number), zone };
  if (version === 6) return { bytes: bytesOfV6(plain!), zone };
  const separator = /[.:%]/.exec(text)?.[0];
  if (separator === undefined) return failed('unable to parse IP');
  if (separator === '%') return failed('missing IPv6 address');
  return failed(separator === '.' ? v4Problem(text) : v6Problem(text));
}

const withPlace = (what: string, at: string): string => `${what} (at ${JSON.stringify(at)})`;

function v4Problem(text: string): string {
  let [value, digits, dots] = [0, 0, 0];
  for (const [index, character] of [...text].entries()) {
    const rest = [...text].slice(index).join('');
    if (/\d/.test(character)) {
      if (digits === 1 && value === 0) return 'IPv4 field has octet with leading zero';
      value = value * 10 + Number(character);
      digits++;
      if (value > 255) return 'IPv4 field has value >255';
    } else if (character !== '.') return withPlace('unexpected character', rest);
    else {
      if (digits === 0 || rest === '.') return withPlace('IPv4 field must have at least one digit', rest);
      if (dots === 3) return 'IPv4 address too long';
      dots++;
      [value, digits] = [0, 0];
    }
  }
  return 'IPv4 address too short';
}

function v6Problem(text: string): string {
  let rest = text.replace(/%.*$/s, '');
  let hasGap = rest.startsWith('::');
  if (hasGap) rest = rest.slice(2);
  for (let groups = 0; groups < 8; ) {
    const digits = /^[0-9a-fA-F]*/.exec(rest)![0];
    if (digits.length > 4) return withPlace('each group must have 4 or less digits', rest);
    if (digits === '') return withPlace('each colon-separated field must have at least one digit', rest);
    if (rest[digits.length] === '.') return embeddedProblem(rest, groups, hasGap);
    groups++;
    rest = rest.slice(digits.length);
    if (rest === '') return 'address string too short';
    if (!rest.startsWith(':')) return withPlace('unexpected character, want colon', rest);
    if (rest === ':') return withPlace('colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (!rest.startsWith(':')) continue;
    if (hasGap) return withPlace('multiple :: in address', rest);
    hasGap = true;
    rest = rest.slice(1);
    if (rest === '') break;
  }
  return withPlace('trailing garbage after address', rest);
}

function embeddedProblem(rest: string, groups: number, hasGap: boolean): string {
  if (!hasGap && groups !== 6) {
    return withPlace('embedded IPv4 address must replace the final 2 fields of the address', rest);
  }
  if (groups > 6) return withPlace('too many hex fields to fit an embedded IPv4 at the end of the address', rest);
  return v4Problem(rest);
}

function bytesOfV6(text: string): number[] {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = embedded === null ? [] : embedded[2]!.split('.').map(Number);
  const groups = embedded === null ? text : embedded[1]!.replace(/([^:]):$/, '$1');
  const [head = '', rest] = groups.split('::') as [string?, string?];
  const read = (part: string): number[] =>
    part
      .split(':')
      .filter((group) => group !== '')
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  const [first, last] = [read(head), [...read(rest ?? ''), ...tail]];
  return [...first, ...Array<number>(Math.max(16 - first.length - last.length, 0)).fill(0), ...last];
}

/** The one text of an address: no zeros that can be left out, in lower case. */
export function canonicalAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  let [start, length] = [-1, 1];
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  const hex = (list: readonly number[]): string => list.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
