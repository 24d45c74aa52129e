import { GantryError } from '@gantry/runtime/errors.ts';

/** A range of IPv4 addresses from which services get theirs. */
export interface IpRange {
  /** As written, such as 10.96.0.0/16. */
  readonly cidr: string;
  /** The network's own address, as a number. */
  readonly base: number;
  /** Addresses that may be given: all but the first (the network's) and the last (broadcast). */
  readonly size: number;
}

/** Reads a CIDR such as 10.96.0.0/16, of 8 to 30 bits of network. */
export function parseIpRange(cidr: string): IpRange {
  const [address = '', bitsText = ''] = cidr.split('/');
  const base = ipToNumber(address);
  const bits = /^\d{1,2}$/.test(bitsText) ? Number(bitsText) : Number.NaN;
  if (base === undefined || !(bits >= 8 && bits <= 30)) {
    throw new GantryError('BadRequest', `service CIDR: Invalid value: "${cidr}": must be an IPv4 CIDR of /8 to /30`);
  }
  const total = 2 ** (32 - bits);
  return { cidr, base: base - (base % total), size: total - 2 };
}

/** The i-th address that may be given, from 0. */
export function addressAt(range: IpRange, index: number): string {
  return numberToIp(range.base + 1 + index);
}

/** True for an address of the range that may be given. */
export function contains(range: IpRange, address: string): boolean {
  const value = ipToNumber(address);
  return value !== undefined && value > range.base && value <= range.base + range.size;
}

function ipToNumber(address: string): number | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

function numberToIp(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
