/** gRPC servers and proxyless clients for tests, with messages that are plain text. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';

const path = '/gantry.test.Echo/Name';
const identity = (data: Buffer): Buffer => data;
const callTimeoutMs = 10_000;

/** A server that answers every call with its name, or fails each with a status. */
export interface GrpcEcho extends AsyncDisposable {
  readonly port: number;
}

export async function startGrpcEcho(name: string, status?: number): Promise<GrpcEcho> {
  const server = new Server();
  const method = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  } as const;
  server.addService(
    { name: method },
    {
      name: (_call: unknown, callback: (error: { readonly code: number } | null, answer?: Buffer) => void) => {
        if (status === undefined) callback(null, Buffer.from(name));
        else callback({ code: status });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const stop = (): Promise<void> => new Promise((resolve) => server.tryShutdown(() => resolve()));
  return { port, [Symbol.asyncDispose]: stop };
}

/** Bootstrap of a proxyless gRPC client: its xDS server. */
export function xdsBootstrap(xdsAddress: string, nodeId: string, credentials: object = { type: 'insecure' }): object {
  return {
    xds_servers: [{ server_uri: xdsAddress, channel_creds: [credentials], server_features: ['xds_v3'] }],
    node: { id: nodeId, locality: { zone: 'a' } },
  };
}

/** A proxyless client: each call is one RPC; the answer, or `error <status>`. */
export interface EchoClient extends AsyncDisposable {
  call(): Promise<string>;
}

/** @grpc/grpc-js with its xDS plug-in, which must be registered and have its bootstrap by now. */
export function grpcJsClient(target: string): EchoClient {
  const client = new Client(target, credentials.createInsecure());
  return {
    call: () =>
      new Promise((resolve) => {
        const options = { deadline: Date.now() + callTimeoutMs, waitForReady: true };
        client.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), options, (error, answer) =>
          resolve(error ? `error ${error.code}` : `ok ${answer}`),
        );
      }),
    [Symbol.asyncDispose]: async () => client.close(),
  };
}

/** Python's grpcio, that is gRPC's C core, in a process of its own. */
export async function pythonClient(python: string, target: string, bootstrap: object): Promise<EchoClient> {
  const folder = await mkdtemp(join(tmpdir(), 'xds-client-'));
  const file = join(folder, 'bootstrap.json');
  await writeFile(file, JSON.stringify(bootstrap));
  const script = new URL('./xds_client.py', import.meta.url).pathname;
  const child = spawn(python, [script, target], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, GRPC_XDS_BOOTSTRAP: file },
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    call: async () => {
      child.stdin.write('\n');
      const { value, done } = await answers.next();
      return done ? 'error the client ended' : value;
    },
    [Symbol.asyncDispose]: async () => {
      await end(child);
      await rm(folder, { recursive: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await exited;
}
