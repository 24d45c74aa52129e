/**
 * A real Kubernetes api to record answers from: etcd and kube-apiserver on free ports of this machine, without controllers, users or
 * a network. `PEERS` names the folder whose bin/ holds etcd, kube-apiserver and kubectl.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { warningsIn } from './http.ts';

/** An answer of the api, as JSON. */
export interface HttpAnswer {
  readonly code: number;
  readonly body: Record<string, unknown>;
  readonly warnings: readonly string[];
}

/** A command's end. */
export interface CommandResult {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const token = 'recorder';
/** Milliseconds that the api gets to become ready. */
const readyTimeoutMs = 60_000;

/** A running etcd and kube-apiserver; disposing ends both and removes their data. */
export class Oracle implements AsyncDisposable {
  readonly #port: number;
  readonly #bin: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(port: number, bin: string, owned: AsyncDisposableStack) {
    this.#port = port;
    this.#bin = bin;
    this.#owned = owned;
  }

  /**
   * @param authorization Modes of authorization, as kube-apiserver names them.
   * @param controllers Names of controllers that a kube-controller-manager runs beside it; none by default.
   * @param flags Further flags of the kube-controller-manager.
   */
  static async start(
    peers: string,
    authorization = 'AlwaysAllow',
    controllers: readonly string[] = [],
    flags: readonly string[] = [],
  ): Promise<Oracle> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'gantry-oracle-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const key = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const file = (name: string): string => join(folder, name);
    await writeFile(file('sa.key'), key.privateKey);
    await writeFile(file('sa.pub'), key.publicKey);
    await writeFile(file('tokens.csv'), `${token},admin,admin,"system:masters"\n`);
    const bin = join(peers, 'bin');
    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    stack.use(
      run(join(bin, 'etcd'), file('etcd.log'), [
        `--data-dir=${file('etcd')}`,
        '--unsafe-no-fsync',
        '--log-level=warn',
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
      ]),
    );
    stack.use(
      run(join(bin, 'kube-apiserver'), file('apiserver.log'), [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        '--advertise-address=192.0.2.1',
        `--cert-dir=${file('certificates')}`,
        `--token-auth-file=${file('tokens.csv')}`,
        `--authorization-mode=${authorization}`,
        '--allow-privileged=true',
        // It would write the status of flow schemas at some time of its own.
        '--enable-priority-and-fairness=false',
        // Nobody makes service accounts here.
        '--disable-admission-plugins=ServiceAccount',
        '--service-cluster-ip-range=10.96.0.0/16',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${file('sa.pub')}`,
        `--service-account-signing-key-file=${file('sa.key')}`,
      ]),
    );
    const oracle = new Oracle(port, bin, stack.move());
    try {
      await oracle.#ready();
      if (controllers.length > 0) await oracle.#runControllers(controllers, flags, file);
    } catch (error) {
      await oracle[Symbol.asyncDispose]();
      throw error;
    }
    return oracle;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }

  /** Address of the api. */
  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** The bearer token of its administrator. */
  get token(): string {
    return token;
  }

  /** Sends a request. @param path With its query. @param contentType Of the body. @param others Further headers. */
  send(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
    others: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = {
      ...others,
      authorization: `Bearer ${token}`,
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
    };
    // The certificate is made anew at each start, for this machine alone.
    const options = { host: '127.0.0.1', port: this.#port, path, method, headers, rejectUnauthorized: false };
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8');
        try {
          const warnings = warningsIn([response.headers.warning ?? []].flat().join(', '));
          resolve({ code: response.statusCode ?? 0, body: JSON.parse(answer) as Record<string, unknown>, warnings });
        } catch {
          reject(new Error(`${method} ${path}: ${response.statusCode}: ${answer.slice(0, 500)}`));
        }
      });
    });
    call.on('error', reject);
    call.end(text);
    return promise;
  }

  /** Runs kubectl with a text on its standard input. */
  kubectl(args: readonly string[], input: string): Promise<CommandResult> {
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    const connection = [`--server=https://127.0.0.1:${this.#port}`, '--insecure-skip-tls-verify', `--token=${token}`];
    const child = execFile(
      join(this.#bin, 'kubectl'),
      [...connection, ...args],
      { env: { HOME: tmpdir() } },
      (error, stdout, stderr) => resolve({ failed: error !== null, stdout, stderr }),
    );
    child.stdin!.end(input);
    return promise;
  }

  /** Runs kube-controller-manager with these controllers alone. */
  async #runControllers(
    names: readonly string[],
    flags: readonly string[],
    file: (name: string) => string,
  ): Promise<void> {
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'c', cluster: { server: `https://127.0.0.1:${this.#port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    };
    await writeFile(file('kubeconfig'), JSON.stringify(kubeconfig));
    this.#owned.use(
      run(join(this.#bin, 'kube-controller-manager'), file('controllers.log'), [
        `--kubeconfig=${file('kubeconfig')}`,
        `--controllers=${names.join(',')}`,
        '--leader-elect=false',
        '--secure-port=0',
        ...flags,
      ]),
    );
  }

  async #ready(): Promise<void> {
    const until = performance.now() + readyTimeoutMs;
    for (;;) {
      // Built-in priority classes are made some time after the api says that it is ready.
      const answers = await Promise.all(
        [
          '/api/v1/namespaces/default',
          '/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical',
          '/api/v1/namespaces/default/services/kubernetes',
        ].map((path) => this.send('GET', path).catch(() => undefined)),
      );
      if (answers.every((answer) => answer?.code === 200)) return;
      if (performance.now() > until) throw new Error('kube-apiserver did not become ready');
      await sleep(200);
    }
  }
}

function run(command: string, log: string, args: readonly string[]): AsyncDisposable {
  const output = openSync(log, 'w');
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', output, output] });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
