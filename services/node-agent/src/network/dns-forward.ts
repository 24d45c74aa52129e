import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const dnsPort = 53;
/** How long one name server is waited for, in milliseconds. */
const upstreamMs = 2_000;
/** Name servers that are asked in turn. */
const maxUpstreams = 3;
/** Bytes of an answer over UDP that every client takes (RFC 1035). A query that may be answered with more came by TCP, and goes on by TCP. */
export const maxUdpBytes = 512;

/** The reply of the first name server that answers; undefined if none does. */
export async function forwardQuery(
  query: Buffer,
  upstreams: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  for (const upstream of upstreams.slice(0, maxUpstreams)) {
    if (signal.aborted) return undefined;
    const stop = AbortSignal.any([signal, AbortSignal.timeout(upstreamMs)]);
    const ask = maxBytes > maxUdpBytes ? askByTcp : askByUdp;
    const reply = await ask(query, upstream, stop).catch(() => undefined);
    if (reply !== undefined && reply.length >= 12 && reply.readUInt16BE(0) === query.readUInt16BE(0)) return reply;
  }
  return undefined;
}

function askByUdp(query: Buffer, upstream: string, signal: AbortSignal): Promise<Buffer> {
  const socket = createSocket(upstream.includes(':') ? 'udp6' : 'udp4');
  return new Promise<Buffer>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    socket.on('error', reject);
    socket.once('message', resolve);
    // Connected, so that only the name server itself is heard. Without a way there the callback gets an error.
    const send = (error?: Error): void => {
      if (error) reject(error);
      else if (!signal.aborted) socket.send(query, (failed) => failed && reject(failed));
    };
    socket.connect(dnsPort, upstream, send as () => void);
  }).finally(() => socket.close());
}

function askByTcp(query: Buffer, upstream: string, signal: AbortSignal): Promise<Buffer> {
  const socket = connect({ host: upstream, port: dnsPort, signal });
  return new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0))
        resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  }).finally(() => socket.destroy());
}
