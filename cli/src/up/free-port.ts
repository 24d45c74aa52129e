import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { parseAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** A TCP port that nobody listens on now. Another process may take it before its user does; callers retry or fail. */
export async function freePort(): Promise<number> {
  return probe('127.0.0.1', 0);
}

/**
 * The address with a port that nobody listens on now: its own, or any free one where that is 0. FailedPrecondition where
 * its own is taken, BadRequest for what is no address.
 * @param address host:port
 */
export async function freeAddress(address: string): Promise<string> {
  const { host, port } = parseAddress(address);
  try {
    return `${host.includes(':') ? `[${host}]` : host}:${await probe(host, port)}`;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'is in use, perhaps by another gantry' : `cannot be had: ${message}`;
    throw new GantryError('FailedPrecondition', `address ${address} ${problem}; name another with --listen`, { cause });
  }
}

async function probe(host: string, wanted: number): Promise<number> {
  const server = createServer().listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
