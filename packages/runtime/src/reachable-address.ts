import { networkInterfaces } from 'node:os';

/** Addresses that mean all of a machine's. */
const wildcards = new Set(['0.0.0.0', '::']);

/**
 * Address under which others reach what listens on a host and port: the host itself, or where it means all of the machine's
 * addresses the first that other machines can use.
 */
export function reachableAddress(host: string, port: number, interfaces = networkInterfaces()): string {
  const external = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  const reachable = wildcards.has(host) ? (external?.address ?? '127.0.0.1') : host;
  return reachable.includes(':') ? `[${reachable}]:${port}` : `${reachable}:${port}`;
}
