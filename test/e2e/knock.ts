/**
 * Knocks at doors as somebody who has no credentials, and prints what came of it as JSON. A program of its own, so that it can be run
 * as another user and in another network. Arguments: `host:port` or `unix:/path`, several.
 */
import { get } from 'node:https';
import { connect } from 'node:net';
import { credentials, Client as GrpcClient, status } from '@grpc/grpc-js';

/** Result of knocking at one door. */
export interface Knocked {
  readonly target: string;
  /** How connecting ended: `open`, or the error's code. */
  readonly connection: string;
  /** Status codes of gRPC by method. */
  readonly grpc: Readonly<Record<string, string>>;
  /** Status code of an HTTPS request for the list of Kubernetes' apis; 0 from a server that speaks no TLS. */
  readonly https: number;
  /** First words of the answer to lines as Redis, NATS and HTTP servers take them. */
  readonly lines: string;
}

/** One method of each service that there is; reflection tells what a server has. */
const methods = [
  '/gantry.api.v1.ResourceService/List',
  '/gantry.api.v1.PodService/Stats',
  '/gantry.api.v1.PodService/Exec',
  '/gantry.api.v1.PlacementService/ExplainPod',
  '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
];
const patienceMs = 2_000;

const knocked = await Promise.all(process.argv.slice(2).map(knock));
process.stdout.write(JSON.stringify(knocked));
// Connections that nobody answers are of no use any more.
process.exit(0);

async function knock(target: string): Promise<Knocked> {
  const connection = await connecting(target);
  if (connection !== 'open') return { target, connection, grpc: {}, https: 0, lines: '' };
  const client = new GrpcClient(target, credentials.createInsecure());
  const codes = await Promise.all(methods.map(async (method) => [method, await call(client, method)] as const));
  client.close();
  const [https, lines] = [await httpsStatus(target), await answerToLines(target)];
  return { target, connection, grpc: Object.fromEntries(codes), https, lines };
}

function open(target: string) {
  const at = target.lastIndexOf(':');
  return target.startsWith('unix:')
    ? connect(target.slice('unix:'.length))
    : connect(Number(target.slice(at + 1)), target.slice(0, at));
}

function connecting(target: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(target).setTimeout(patienceMs);
    const end = (outcome: string): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('connect', () => end('open'));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => end(code));
  });
}

/** Makes every method a stream of one empty message each way, which servers of any kind take. */
function call(client: GrpcClient, method: string): Promise<string> {
  return new Promise((resolve) => {
    const same = (bytes: Buffer): Buffer => bytes;
    const stream = client.makeBidiStreamRequest(method, same, same, { deadline: Date.now() + patienceMs });
    stream.on('data', () => resolve('answered'));
    stream.on('status', ({ code }) => resolve(status[code] ?? String(code)));
    stream.on('error', () => {});
    stream.write(Buffer.alloc(0));
    stream.end();
  });
}

function httpsStatus(target: string): Promise<number> {
  const [host, port] = target.split(':');
  if (host === 'unix') return Promise.resolve(0);
  return new Promise((resolve) => {
    // The door is tried, not the name on it.
    const request = get({ host, port, path: '/apis', rejectUnauthorized: false, agent: false, timeout: patienceMs });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

/** Reads until the other side closes or is silent; a server that refuses may cut the connection off. */
function answerToLines(target: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = open(target).setTimeout(patienceMs).setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer.slice(0, 2_000)));
    socket.write('PING\r\nCONNECT {}\r\nSUB > 1\r\nGET / HTTP/1.0\r\n\r\n');
  });
}
