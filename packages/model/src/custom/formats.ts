/** Formats of texts that schemas of definitions may ask for, as Kubernetes checks them. A format that is none of these asks for nothing. */
import { isIP, isIPv6 } from 'node:net';

type Test = (text: string) => boolean;

const matches =
  (pattern: RegExp): Test =>
  (text) =>
    pattern.test(text);

/** Names without their dashes: `date-time` and `datetime` are one. */
const tests: Readonly<Record<string, Test>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => isIP(withoutLeadingZeros(text)) === 4 || (isIPv6(text) && text.includes('.')),
  ipv6: (text) => isIPv6(text) && !text.includes('%'),
  cidr: isCidr,
  mac: isMac,
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: isBase64,
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text),
  k8slongname: (text) =>
    text.length <= 253 && text.split('.').every((part) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part)),
};

/** The test of a format of texts; undefined for a format that is not known, which asks for nothing. */
export function formatTest(format: string): Test | undefined {
  const name = format.replaceAll('-', '');
  return Object.hasOwn(tests, name) ? tests[name] : undefined;
}

/** A reference of a request's first line: a whole URL, or a path from the root. */
function isRequestUri(text: string): boolean {
  // Blanks and control characters are in none.
  if (text === '' || /[\s\p{Cc}]/u.test(text)) return false;
  if (text.startsWith('/')) return !/%(?![0-9a-fA-F]{2})/.test(text);
  return (
    /^[a-zA-Z][a-zA-Z0-9+.-]*:[^/]|^[a-zA-Z][a-zA-Z0-9+.-]*:\//.test(text) && (URL.canParse(text) || /:[^/]/.test(text))
  );
}

function isEmail(text: string): boolean {
  const address = /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text.trim();
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  const atom = /^[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+(\.[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+)*$/;
  return (
    at > 0 &&
    (atom.test(local) || /^"([^"\\\r\n]|\\.)*"$/.test(local)) &&
    (atom.test(domain) || /^\[.*\]$/.test(domain))
  );
}

const label = /^[\p{S}\p{L}a-zA-Z0-9]([\p{S}\p{L}a-zA-Z0-9-]{0,61}[\p{S}\p{L}a-zA-Z0-9])?$/u;

function isHostname(text: string): boolean {
  if (Buffer.byteLength(text) > 255) return false;
  const parts = text.split('.');
  if (!parts.every((part) => Buffer.byteLength(part) <= 63 && label.test(part))) return false;
  return parts.length === 1 || /^[a-zA-Z\p{L}]{2,63}$/u.test(parts.at(-1)!);
}

/** Old clients wrote numbers with zeros before them. */
function withoutLeadingZeros(text: string): string {
  return text.replace(/(?<=^|\.)0+(?=\d)/g, '');
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  const size = text.slice(slash + 1);
  if (slash < 0 || !/^\d{1,3}$/.test(size)) return false;
  const version = isIP(withoutLeadingZeros(text.slice(0, slash)));
  return (version === 4 && Number(size) <= 32) || (version === 6 && Number(size) <= 128);
}

function isMac(text: string): boolean {
  const pairs = /^[0-9a-f]{2}(([:-])[0-9a-f]{2}(\2[0-9a-f]{2})*)$/i.exec(text);
  const fours = /^[0-9a-f]{4}(\.[0-9a-f]{4})+$/i.test(text);
  const bytes = pairs ? (text.length + 1) / 3 : fours ? ((text.length + 1) / 5) * 2 : 0;
  return [6, 8, 20].includes(bytes);
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
  const sum = [...digits].reduce(
    (total, digit, index) => total + (index + 1) * (digit === 'X' ? 10 : Number(digit)),
    0,
  );
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  if (!/^[0-9]{13}$/.test(digits)) return false;
  return [...digits].reduce((total, digit, index) => total + (index % 2 === 0 ? 1 : 3) * Number(digit), 0) % 10 === 0;
}

const cardNumber =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  if (!cardNumber.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const parts = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text)?.slice(1) ?? [];
  return parts.length === 3 && parts.every((part) => Number(part) <= 255 && String(Number(part)) === part);
}

function isBase64(text: string): boolean {
  return text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t');
  const parts = time === undefined ? null : /^(\d{2}):(\d{2}):(\d{2})(.\d+)?(z|[+-]\d{2}:\d{2})$/.exec(time);
  return isDate(date) && parts !== null && parts[1]! <= '23' && parts[2]! <= '59' && parts[3]! <= '59';
}

/** Units of durations; the last word of each line may have an ending. */
const units = [
  ['ns', 'nano'],
  ['us', 'µs', 'micro'],
  ['ms', 'milli'],
  ['s', 'sec'],
  ['m', 'min'],
  ['h', 'hr', 'hour'],
  ['d', 'day'],
  ['w', 'wk', 'week'],
] as const;

/** Go's durations, or numbers with a unit's word, anywhere in the text. */
function isDuration(text: string): boolean {
  if (/^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return true;
  return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some(([, word]) => {
    const unit = word!.toLowerCase();
    return units.some((names) => names.some((name) => name === unit) || unit.startsWith(names.at(-1)!));
  });
}
