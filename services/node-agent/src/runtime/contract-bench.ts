/** Fixture of the contract suite: a driver under test, and short ways to make sandboxes and containers with it. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerConfig, ObservedContainer, Runtime, SandboxConfig } from './runtime.ts';

/** A driver under test. */
export interface RuntimeFixture extends AsyncDisposable {
  readonly runtime: Runtime;
  /** An image that is on the node, with `sh` and the usual tools. */
  readonly image: string;
  /** The driver as a restarted agent opens it. Absent if nothing outlives the agent. */
  readonly reopen?: () => Promise<Runtime>;
  /** False if containers run no commands. */
  readonly runsCommands: boolean;
}

/** A driver with a directory for logs. */
export class Bench implements AsyncDisposable {
  fixture!: RuntimeFixture;
  directory!: string;
  readonly #open: () => Promise<RuntimeFixture>;
  #count = 0;

  constructor(open: () => Promise<RuntimeFixture>) {
    this.#open = open;
  }

  async open(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'gantry-runtime-'));
    this.fixture = await this.#open();
  }

  get runtime(): Runtime {
    return this.fixture.runtime;
  }

  /** A sandbox config with a name and a log directory of its own. */
  async sandbox(extra: Partial<SandboxConfig> = {}): Promise<SandboxConfig> {
    const name = `pod-${++this.#count}`;
    const logDirectory = join(this.directory, name);
    await mkdir(join(logDirectory, 'main'), { recursive: true });
    return { podUid: `uid-${name}`, namespace: 'default', name, attempt: 0, hostname: name, logDirectory, ...extra };
  }

  container(extra: Partial<ContainerConfig> = {}): ContainerConfig {
    return {
      name: 'main',
      attempt: 0,
      image: this.fixture.image,
      command: ['sleep', '1000'],
      logPath: 'main/0.log',
      ...extra,
    };
  }

  /** A started container in a sandbox of its own. */
  async start(extra: Partial<ContainerConfig> = {}): Promise<{ sandboxId: string; id: string }> {
    const sandboxId = await this.runtime.sandboxes.run(await this.sandbox());
    const id = await this.runtime.containers.create(sandboxId, this.container(extra));
    await this.runtime.containers.start(id);
    return { sandboxId, id };
  }

  /** A started shell script. */
  script(text: string, extra: Partial<ContainerConfig> = {}): Promise<{ sandboxId: string; id: string }> {
    return this.start({ command: ['sh', '-c', text], ...extra });
  }

  async observed(id: string, runtime = this.runtime): Promise<ObservedContainer | undefined> {
    const sandboxes = await runtime.observer.observe();
    return sandboxes.flatMap((sandbox) => sandbox.containers).find((container) => container.id === id);
  }

  /** The state of a container once it has exited. */
  async exited(id: string) {
    for (;;) {
      const state = (await this.observed(id))?.state;
      if (state?.kind === 'exited') return state;
      await delay(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sandbox of await this.runtime.observer.observe()) await this.runtime.sandboxes.remove(sandbox.id);
    await this.fixture[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Text of a container's log. */
export async function logOf(bench: Bench, id: string): Promise<string> {
  return readFile((await bench.observed(id))!.logPath, 'utf8');
}

/** Resolves once a container logged `ready`. */
export async function loggedReady(bench: Bench, id: string): Promise<void> {
  while (!(await logOf(bench, id).catch(() => '')).includes('ready')) await delay(10);
}

/** All that a stream gives. */
export async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
