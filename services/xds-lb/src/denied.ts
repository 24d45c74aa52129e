/** Endpoints that requests are not sent to, whoever lists them. */
import { BlockList, isIP } from 'node:net';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { parseCidr } from './cidr.ts';

/** A test of whether an address lies in one of the ranges; an IPv4 address is also found in its IPv6 form. */
export function inRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { addressPrefix, prefixLen } of ranges.map(parseCidr).filter((range) => range !== undefined)) {
    list.addSubnet(addressPrefix, prefixLen, isIP(addressPrefix) === 4 ? 'ipv4' : 'ipv6');
  }
  return (address) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** The addresses of slices that are denied, each once, with the slice that has it first. */
export function deniedAddresses(
  slices: readonly EndpointSlice[],
  isDenied: (address: string) => boolean,
): ReadonlyMap<string, EndpointSlice> {
  const found = new Map<string, EndpointSlice>();
  for (const slice of slices) {
    for (const address of (slice.endpoints ?? []).flatMap(({ addresses }) => addresses)) {
      if (isIP(address) !== 0 && isDenied(address) && !found.has(address)) found.set(address, slice);
    }
  }
  return found;
}
