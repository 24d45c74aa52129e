import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { Logger } from '@gantry/runtime/log.ts';
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { maxUdpBytes } from './dns-forward.ts';
import { type DnsServerDeps, type Question, rcodes, resolveQuestion } from './dns-resolve.ts';

const maxTcpBytes = 65_535;
/** Connections kept open at once, and how long a silent one stays, in milliseconds. */
const maxConnections = 256;
const idleMs = 10_000;
/** Questions in work at one time. More are dropped; clients ask again. */
const maxInFlight = 512;

/** A listening DNS server, by UDP and TCP on one port. */
export interface DnsServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts a DNS server on any free port of a host's address. */
export async function startDnsServer(host: string, deps: DnsServerDeps): Promise<DnsServer> {
  const stop = new AbortController();
  const tcp = createServer({ noDelay: true });
  await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(0, host, resolve));
  const { port } = tcp.address() as { port: number };
  const udp = createSocket('udp4');
  await new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, host, resolve));
  let inFlight = 0;
  const respond = async (query: Buffer, maxBytes: number, send: (reply: Buffer) => void): Promise<void> => {
    if (inFlight >= maxInFlight) return;
    inFlight++;
    try {
      const reply = await replyTo(query, maxBytes, deps, stop.signal);
      if (reply !== undefined && !stop.signal.aborted) send(reply);
    } catch (error) {
      // One question that goes wrong must not end the server, nor the agent with it.
      if (!stop.signal.aborted) deps.log.warn({ error }, 'a DNS question could not be answered');
    } finally {
      inFlight--;
    }
  };
  serveUdp(udp, respond, deps.log);
  serveTcp(tcp, respond, deps.log);
  return {
    port,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await new Promise<void>((resolve) => udp.close(resolve));
      await new Promise<void>((resolve) => {
        tcp.close(() => resolve());
        tcp.emit('gantry-close');
      });
    },
  };
}

type Respond = (query: Buffer, maxBytes: number, send: (reply: Buffer) => void) => Promise<void>;

function serveUdp(socket: Socket, respond: Respond, log: Logger): void {
  socket.on('error', (error) => log.warn({ error }, 'DNS over UDP failed'));
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    void respond(query, maxUdpBytes, (reply) => socket.send(reply, from.port, from.address, () => {}));
  });
}

function serveTcp(server: Server, respond: Respond, log: Logger): void {
  server.on('error', (error) => log.warn({ error }, 'DNS over TCP failed'));
  server.maxConnections = maxConnections;
  server.on('connection', (socket: TcpSocket) => {
    const close = (): void => void socket.destroy();
    server.once('gantry-close', close);
    socket.on('close', () => server.off('gantry-close', close));
    socket.setTimeout(idleMs, close);
    socket.on('error', close);
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      // Each message has its length before it.
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const query = pending.subarray(2, end);
        pending = pending.subarray(end);
        void respond(query, maxTcpBytes, (reply) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([length, reply]));
        });
      }
    });
  });
}

/** The reply to a query; undefined if the bytes are no query. */
export async function replyTo(
  query: Buffer,
  maxBytes: number,
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  let packet: Packet;
  try {
    packet = decode(query);
  } catch {
    return query.length < 12 ? undefined : failure(query, rcodes.formatError);
  }
  if (packet.type !== 'query') return undefined;
  const [question, ...others] = packet.questions ?? [];
  if (question === undefined || others.length > 0) return failure(query, rcodes.formatError);
  const answer = await answerTo(packet, question, deps, signal);
  if (answer === 'forward') {
    const reply = await deps.forward(query, maxBytes, signal);
    return reply ?? failure(query, rcodes.serverFailure);
  }
  if (answer === 'failure') return failure(query, rcodes.serverFailure);
  const limit = Math.max(maxBytes, maxBytes === maxUdpBytes ? udpSizeOf(packet) : 0);
  return answer.whole.length <= limit ? answer.whole : answer.cut();
}

/** The encoded answer, and a truncated form of it. An answer that cannot be encoded is a failure. */
async function answerTo(
  packet: Packet,
  question: Question & NonNullable<Packet['questions']>[number],
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<'forward' | 'failure' | { readonly whole: Buffer; readonly cut: () => Buffer }> {
  try {
    const resolution = await resolveQuestion(question, deps, signal);
    if (resolution.kind === 'forward') return 'forward';
    const { rcode, answers, authorities } = resolution;
    const flags = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | ((packet.flags ?? 0) & RECURSION_DESIRED) | rcode;
    const reply = { type: 'response' as const, id: packet.id, flags, questions: [question] };
    return {
      whole: encode({ ...reply, answers: [...answers], authorities: [...authorities] }),
      cut: () => encode({ ...reply, flags: flags | TRUNCATED_RESPONSE }),
    };
  } catch (error) {
    deps.log.warn({ error, name: question.name }, 'a DNS answer could not be made');
    return 'failure';
  }
}

/** How much a client takes over UDP, by its EDNS record. */
function udpSizeOf(packet: Packet): number {
  const option = packet.additionals?.find((record) => record.type === 'OPT') as
    | { readonly udpPayloadSize?: number }
    | undefined;
  return Math.min(option?.udpPayloadSize ?? maxUdpBytes, 4_096);
}

/** The query's header as a reply with a code; the rest of it is not trusted. */
function failure(query: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8000 | (query.readUInt16BE(2) & RECURSION_DESIRED) | RECURSION_AVAILABLE | rcode, 2);
  return header;
}
