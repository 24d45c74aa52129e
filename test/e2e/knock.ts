/**
 * Knocks at doors as somebody who has no token, and prints what came of it as JSON. A program of its own, so that it can be run
 * as another user and in another network. Arguments: `host:port` or `unix:/path`, several; `--certs=FOLDER` knocks with the certificate
 * in a folder, whoever issued it.
 */
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Certificates, pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { type ChannelCredentials, credentials, Client as GrpcClient, status } from '@grpc/grpc-js';

/** Result of knocking at one door. */
export interface Knocked {
  readonly target: string;
  /** How connecting ended: `open`, or the error's code. */
  readonly connection: string;
  /** Whether the server speaks TLS: what is asked for by gRPC is asked over it then. */
  readonly tls: boolean;
  /** Status codes of gRPC by method. */
  readonly grpc: Readonly<Record<string, string>>;
  /** Status code of an HTTPS request for the list of Kubernetes' apis; 0 from a server that speaks no TLS. */
  readonly https: number;
  /** First words of the answer to lines as Redis, NATS and HTTP servers take them; in clear text, and over TLS once the server asks for it. */
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

const flag = '--certs=';
const args = process.argv.slice(2);
const folder = args.find((arg) => arg.startsWith(flag))?.slice(flag.length);
const own: Partial<Certificates> = folder === undefined ? {} : readCertificates(pathsIn(folder));

const knocked = await Promise.all(args.filter((arg) => !arg.startsWith('--')).map(knock));
process.stdout.write(JSON.stringify(knocked));
// Connections that nobody answers are of no use any more.
process.exit(0);

async function knock(target: string): Promise<Knocked> {
  const connection = await connecting(target);
  if (connection !== 'open') return { target, connection, tls: false, grpc: {}, https: 0, lines: '' };
  const tls = await speaksTls(target);
  const client = new GrpcClient(target, tls ? anyServer() : credentials.createInsecure());
  const codes = await Promise.all(methods.map(async (method) => [method, await call(client, method)] as const));
  client.close();
  const [https, lines] = [await httpsStatus(target), await answerToLines(target)];
  return { target, connection, tls, grpc: Object.fromEntries(codes), https, lines };
}

/** Transport that shows the certificate to whatever server there is: the door is tried, not the name on it. */
function anyServer(): ChannelCredentials {
  const [key, cert] = [own.key, own.cert].map((pem) => (pem === undefined ? null : Buffer.from(pem)));
  return credentials.createSsl(null, key, cert, { rejectUnauthorized: false });
}

function speaksTls(target: string): Promise<boolean> {
  if (target.startsWith('unix:')) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connectTls({ socket: open(target), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const end = (outcome: boolean): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(patienceMs, () => end(false));
    socket.once('secureConnect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function open(target: string): Socket {
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
    const { cert, key } = own;
    const asked = { host, port, path: '/apis', rejectUnauthorized: false, agent: false, timeout: patienceMs };
    const request = get({ ...asked, ...(cert === undefined ? {} : { cert, key }) });
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
    const plain = open(target);
    const listen = (socket: Socket, onText: (text: string) => void): void => {
      socket.setTimeout(patienceMs, () => socket.destroy());
      socket.on('data', (bytes: Buffer) => onText(bytes.toString()));
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer.slice(0, 2_000)));
    };
    const lines = 'PING\r\nCONNECT {}\r\nSUB > 1\r\nGET / HTTP/1.0\r\n\r\n';
    listen(plain, (text) => {
      answer += text;
      if (!text.startsWith('INFO ') || !text.includes('"tls_required":true') || own.cert === undefined) return;
      // NATS: everything goes over TLS from here on.
      plain.removeAllListeners('data');
      const { cert, key } = own;
      const secure = connectTls({ socket: plain, rejectUnauthorized: false, cert, ...(key && { key }) });
      listen(secure, (more) => {
        answer += more;
      });
      secure.write(lines);
    });
    // A NATS server speaks first, and takes nothing but TLS after its word.
    if (own.cert === undefined) plain.write(lines);
    else setTimeout(() => answer === '' && plain.write(lines), 200);
  });
}
