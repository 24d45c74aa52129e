/** Ranges of IP addresses in the strict form that Kubernetes takes in new objects, and the relation of two of them. */
import { isIP, isIPv6 } from 'node:net';
import { cidrProblems } from './names.ts';

/** A range of addresses as numbers. */
export interface AddressRange {
  /** Length of an address in bits. */
  readonly length: 32 | 128;
  readonly address: bigint;
  /** Length of the part that all addresses of the range share. */
  readonly prefix: number;
}

/** A range in its strict form: no leading zeros, no IPv4 in IPv6, and no bits beyond the prefix. */
export function strictCidrProblems(value: string): string[] {
  const sloppy = value.replace(/(^|\.|\/)0+(?=\d)/g, '$1');
  const problems = cidrProblems(sloppy);
  if (problems.length > 0) return problems;
  if (sloppy !== value) return ['must not have leading 0s in IP or prefix length'];
  const range = rangeOf(value)!;
  if (isMapped(range)) return ['must not have an IPv4-mapped IPv6 address'];
  const rest = (1n << BigInt(range.length - range.prefix)) - 1n;
  return (range.address & rest) === 0n ? [] : ['must not have bits set beyond the prefix length'];
}

/** A range in the one form that it has in new fields: 2001:db8::/64, not 2001:DB8:0::/64. */
export function canonicalCidrProblems(value: string): string[] {
  const problems = strictCidrProblems(value);
  if (problems.length > 0) return problems;
  const [address = '', prefix] = value.split('/');
  const canonical = `${canonicalAddress(address)}/${prefix}`;
  return canonical === value ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** The range that a text stands for, also in a sloppy form; undefined where it is none. */
export function rangeOf(text: string): AddressRange | undefined {
  const sloppy = text.replace(/(^|\.|\/)0+(?=\d)/g, '$1');
  if (cidrProblems(sloppy).length > 0) return undefined;
  const [address = '', prefix = ''] = sloppy.split('/');
  return { length: isIPv6(address) ? 128 : 32, address: numberOf(address), prefix: Number(prefix) };
}

/** True where a range lies within another one and is smaller. */
export function isWithin(inner: AddressRange, outer: AddressRange): boolean {
  if (inner.length !== outer.length || outer.prefix >= inner.prefix) return false;
  const shift = BigInt(outer.length - outer.prefix);
  return inner.address >> shift === outer.address >> shift;
}

function isMapped({ length, address }: AddressRange): boolean {
  return length === 128 && address >> 32n === 0xffffn;
}

function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function numberOf(address: string): bigint {
  if (!isIPv6(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail = ''] = canonicalAddress(address).split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
