import { GantryError } from './errors.ts';

/** Host and port of `host:port`, `:port` (all addresses) or `[v6]:port`. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new GantryError('BadRequest', `address ${JSON.stringify(address)}: must be host:port`);
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

/** `host:port`, or `[v6]:port`. */
export function formatAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
