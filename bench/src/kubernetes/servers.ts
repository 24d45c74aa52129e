import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freeAddress } from '@gantry/cli/up/free-port.ts';
import { connect } from '@gantry/client/client.ts';
import { tokenCredentials } from '@gantry/client/credentials.ts';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { serviceSubject } from '@gantry/pki/subject.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { GrpcLoad } from './grpc-load.ts';
import { HttpLoad, type Load } from './load.ts';

/** An api that runs in processes of its own. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  /** Clients of it, one after the other under the same load; the first one fills it. */
  readonly loads: readonly [HttpLoad, ...Load[]];
  /** Resident memory of its processes, its store's among them, in MB. */
  memoryMb(): Promise<number>;
}

/** A real kube-apiserver. */
export interface KubernetesServer extends Server {
  readonly loads: readonly [HttpLoad];
  readonly url: string;
  /** Of an administrator. */
  readonly token: string;
  /** Private key with which the controllers sign tokens of accounts. */
  readonly signingKey: string;
  readonly pids: { readonly etcd: number; readonly api: number };
}

const token = 'a-token-of-the-benchmark';
const root = join(import.meta.dirname, '../../..');
const readyMs = 60_000;

/** A program that a benchmark started. Disposing of it ends it. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
}

/** Starts a program whose output nobody reads. */
export function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  return {
    pid: child.pid!,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Resident memory of processes, in MB. */
export async function memoryOf(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    }),
  );
  return sizes.reduce((sum, mb) => sum + mb, 0);
}

async function untilReady(load: Load): Promise<void> {
  const until = performance.now() + readyMs;
  while (performance.now() < until) {
    if (await load.isReady()) return;
    await delay(200);
  }
  throw new Error(`${load.name} did not become ready`);
}

/**
 * A real kube-apiserver with its etcd, as a distribution starts them: etcd syncs its log to the disk.
 * @param bin Folder with both binaries.
 */
export async function startKubernetes(bin: string, folder: string): Promise<KubernetesServer> {
  await using stack = new AsyncDisposableStack();
  await mkdir(folder, { recursive: true });
  const [client, peer, secure] = await Promise.all([0, 0, 0].map(() => freeAddress('127.0.0.1:0')));
  const file = (name: string): string => join(folder, name);
  const { privateKey, publicKey } = await import('node:crypto').then(({ generateKeyPairSync }) =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }),
  );
  await writeFile(file('sa.key'), privateKey);
  await writeFile(file('sa.pub'), publicKey);
  await writeFile(file('tokens.csv'), `${token},admin,admin,"system:masters"\n`);
  const etcd = stack.use(
    start(join(bin, 'etcd'), [
      `--data-dir=${file('etcd')}`,
      '--log-level=error',
      `--listen-client-urls=http://${client}`,
      `--advertise-client-urls=http://${client}`,
      `--listen-peer-urls=http://${peer}`,
      `--initial-advertise-peer-urls=http://${peer}`,
      `--initial-cluster=default=http://${peer}`,
    ]),
  );
  const api = stack.use(
    start(join(bin, 'kube-apiserver'), [
      `--etcd-servers=http://${client}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${secure!.split(':')[1]}`,
      '--advertise-address=192.0.2.1',
      `--cert-dir=${file('certificates')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('sa.pub')}`,
      `--service-account-signing-key-file=${file('sa.key')}`,
    ]),
  );
  const rest = stack.use(new HttpLoad('kube-apiserver, etcd, REST', `https://${secure}`, token));
  await untilReady(rest);
  const owned = stack.move();
  return {
    name: 'kube-apiserver and etcd',
    loads: [rest],
    url: `https://${secure}`,
    token,
    signingKey: file('sa.key'),
    pids: { etcd: etcd.pid, api: api.pid },
    memoryMb: () => memoryOf([etcd.pid, api.pid]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Gantry's api with its store, and controllers, which may be left out. */
export interface GantryServer extends Server {
  /** Names of the programs by their process ids. */
  readonly programs: ReadonlyMap<number, string>;
}

export interface GantryOptions {
  /** Starts the controllers, too, which hear of changes over NATS where the store is Redis, and else from the api. */
  readonly controllers?: boolean;
}

/** Gantry's api with its store, in the form in which a cluster has them. */
export async function startGantry(
  store: 'sqlite' | 'redis',
  folder: string,
  { controllers = false }: GantryOptions = {},
): Promise<GantryServer> {
  await using stack = new AsyncDisposableStack();
  await mkdir(folder, { recursive: true });
  const [grpcAddress, restAddress] = await Promise.all([0, 0].map(() => freeAddress('127.0.0.1:0')));
  const [certs, controllersCerts] = [join(folder, 'api'), join(folder, 'controllers')];
  const authority = await loadAuthority(folder, systemClock.now());
  const subjects = { [certs]: serviceSubject('api'), [controllersCerts]: serviceSubject('controllers') };
  await issueInto(subjects, authority, systemClock.now());
  const programs = new Map<number, string>();
  const run = (name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void => {
    programs.set(stack.use(start(command, args, env)).pid, name);
  };
  let url = `sqlite:${join(folder, 'state.db')}`;
  if (store === 'redis') {
    const socket = join(folder, 'redis.sock');
    const flags = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--appendonly', 'yes', '--save', ''];
    run('redis-server', 'redis-server', flags);
    url = `redis+unix:${socket}`;
  }
  let bus = 'memory:';
  if (store === 'redis' && controllers) {
    const [host, port] = (await freeAddress('127.0.0.1:0')).split(':');
    run('nats-server', 'nats-server', ['-a', host!, '-p', port!]);
    bus = `nats://${host}:${port}`;
  }
  const flags = ['--store', url, '--bus', bus, '--listen', grpcAddress!, '--rest', restAddress!];
  const main = (service: string): string => join(root, `services/${service}/src/main.ts`);
  const node = join(root, 'scripts/node');
  run('api', node, [main('api'), ...flags], { GANTRY_CERTS: certs, GANTRY_TOKEN: token });
  const rest = stack.use(new HttpLoad(`Gantry, ${store}, REST`, `https://${restAddress}`, token));
  await untilReady(rest);
  if (controllers) {
    const events = bus === 'memory:' ? {} : { GANTRY_EVENTS: bus };
    const env = { GANTRY_SERVER: grpcAddress!, GANTRY_CERTS: controllersCerts, GANTRY_LOG_LEVEL: 'error', ...events };
    run('controllers', node, [main('controllers')], env);
  }
  const credentials = tokenCredentials(
    () => token,
    () => authority.cert,
  );
  const grpc = stack.use(new GrpcLoad(`Gantry, ${store}, gRPC`, () => connect(grpcAddress!, { credentials })));
  const owned = stack.move();
  return {
    name: `Gantry with ${store}`,
    loads: [rest, grpc],
    programs,
    memoryMb: () => memoryOf([...programs.keys()]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
