import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCredentials } from '@gantry/cli/known-clusters.ts';
import { freePort } from '@gantry/cli/up/free-port.ts';
import { type Client, connect } from '@gantry/client/client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Milliseconds in which a cluster must stand, and in which it must be gone. */
const startTimeoutMs = 60_000;
const stopTimeoutMs = 60_000;

/** `gantry up` in a process of its own, as `npm start` runs it. Disposing of it ends the cluster and deletes its state. */
export interface UpProcess extends AsyncDisposable {
  readonly pid: number;
  readonly client: Client;
  readonly stateDir: string;
}

export interface UpProcessOptions {
  readonly nodes?: number;
  readonly sample?: boolean;
  readonly driver?: 'auto' | 'cri' | 'process';
  /** Further flags of `gantry up`. */
  readonly flags?: readonly string[];
  /** Flags for Node; those of `npm start` where absent. */
  readonly nodeFlags?: readonly string[];
  /** Makes the state folder ready before the start, such as with images. */
  readonly prepare?: (stateDir: string) => Promise<void>;
}

/** Starts a cluster and resolves once it says that it is ready. */
export async function startUpProcess(options: UpProcessOptions = {}): Promise<UpProcess> {
  const { nodes = 2, sample = false, driver = 'auto', nodeFlags = await startFlags(), prepare } = options;
  await using stack = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));
  await prepare?.(stateDir);
  const address = `127.0.0.1:${await freePort()}`;
  const usual = ['up', '--nodes', String(nodes), '--state-dir', stateDir, '--listen', address, '--driver', driver];
  const flags = [...usual, ...(options.flags ?? [])];
  const command = [...nodeFlags, join(root, 'cli/src/main.ts'), ...flags, ...(sample ? ['--sample'] : [])];
  const child = spawn(join(root, 'scripts/node'), command, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  stack.defer(() => end(child));
  await saysReady(child);
  const client = stack.use(connect(address, { credentials: findCredentials(address, join(stateDir, 'token')) }));
  const owned = stack.move();
  return { pid: child.pid!, client, stateDir, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Flags that `npm start` gives Node: what stands between scripts/node and the program. */
async function startFlags(): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } };
  return /scripts\/node(.*?) cli\/src\/main\.ts/.exec(scripts.start)?.[1]?.split(' ').filter(Boolean) ?? [];
}

function saysReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string): void => reject(new Error(`gantry up ${why}; it said:\n${said}`));
    const timer = setTimeout(() => fail(`was not ready within ${startTimeoutMs / 1000} s`), startTimeoutMs);
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      // Later output is dropped, but must be read all the same.
      if (said.length < 100_000) said += text;
      if (!said.includes('gantry: ready.')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
