import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCredentials } from '@gantry/cli/known-clusters.ts';
import { freeAddress } from '@gantry/cli/up/free-port.ts';
import { writeSampleImages } from '@gantry/cli/up/sample.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import type { ClusterSettings, Reply, Request } from './cluster-process.ts';
import { eventually } from './wait.ts';

/** How the services run: all in one process, or each in one of its own. */
export type Form = 'up' | 'distributed';

/** Within seconds, for tests of failures, or as in operation, where a busy machine is no failure. */
export type Times = 'short' | 'usual';

/** A cluster of two nodes with real containers. Disposing of it ends it as Ctrl-C would. */
export interface TestCluster extends AsyncDisposable {
  readonly form: Form;
  readonly client: Client;
  /** host:port of the api. */
  readonly address: string;
  /** File with its token. */
  readonly tokenFile: string;
  /** Folder of everything that it keeps. */
  readonly stateDir: string;
  /** Process ids of the parts that run, by name; in one process those are `gantry` and `envoy`. */
  pids(): Promise<Readonly<Record<string, number>>>;
  /** Kills a part with SIGKILL and waits until it runs again: its supervisor starts it, or for `gantry` we do. */
  crash(part: string): Promise<void>;
  /** Pulls a node's plug: agent and containerd are killed. */
  powerOff(node: string): Promise<void>;
  /** Starts it again. */
  powerOn(node: string): Promise<void>;
}

export interface TestClusterOptions {
  /** Writes further images into the folder from which nodes take them in. */
  readonly images?: (folder: string) => Promise<void>;
  /** How soon a node that is not heard counts as silent. */
  readonly times?: Times;
  /** Nodes that are always there; 2 where absent. */
  readonly nodes?: number;
  /** Groups of nodes that come and go, as `--node-group` has them. */
  readonly nodeGroups?: readonly string[];
  /** Settings of the controllers by the variables that stand for them, without GANTRY_CONTROLLERS_. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a cluster. */
export async function startTestCluster(form: Form, options: TestClusterOptions = {}): Promise<TestCluster> {
  const { images, times = 'short', nodes = 2, nodeGroups = [], settings = {} } = options;
  const stateDir = await mkdtemp(join(tmpdir(), 'gantry-e2e-'));
  await writeSampleImages(join(stateDir, 'images'));
  await images?.(join(stateDir, 'images'));
  const address = await freeAddress('127.0.0.1:0');
  const start = (): Promise<ClusterProcess> =>
    ClusterProcess.start({ form, stateDir, address, times, nodes, nodeGroups }, settings);
  let running = await start();
  const tokenFile = join(stateDir, 'token');
  const client = connect(address, { credentials: findCredentials(address, tokenFile) });
  return {
    form,
    client,
    address,
    tokenFile,
    stateDir,
    pids: () => running.ask({ ask: 'pids' }),
    crash: async (part) => {
      const { [part]: pid } = await running.ask({ ask: 'pids' });
      if (pid === undefined) throw new Error(`${part} does not run`);
      if (part === 'gantry') {
        await running.end('SIGKILL');
        running = await start();
        return;
      }
      process.kill(pid, 'SIGKILL');
      await eventually(`${part} runs again`, async () => {
        const { [part]: now } = await running.ask({ ask: 'pids' });
        return now !== undefined && now !== pid;
      });
    },
    powerOff: async (node) => void (await running.ask({ ask: 'powerOff', node })),
    powerOn: async (node) => void (await running.ask({ ask: 'powerOn', node })),
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await running.end('SIGINT');
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

type Asked = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/** The process that holds a cluster. */
class ClusterProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (reply: Reply) => this.#waiting.get(reply.id)?.(reply));
    child.on('exit', () => {
      for (const [id, resolve] of this.#waiting) resolve({ id, pids: {}, error: 'the cluster ended' });
    });
  }

  /** Starts it; resolves when the cluster is ready. */
  static async start(
    settings: ClusterSettings,
    controllers: Readonly<Record<string, string>>,
  ): Promise<ClusterProcess> {
    const script = fileURLToPath(new URL('cluster-process.ts', import.meta.url));
    const variables = Object.entries(controllers).map(([name, value]) => [`GANTRY_CONTROLLERS_${name}`, value]);
    const env = { ...process.env, ...Object.fromEntries(variables) };
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const started = new ClusterProcess(fork(script, [JSON.stringify(settings)], { execArgv, env }));
    await started.#reply(0);
    return started;
  }

  async ask(request: Asked): Promise<Reply['pids']> {
    this.#lastId++;
    this.#child.send({ ...request, id: this.#lastId });
    return this.#reply(this.#lastId);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }

  async #reply(id: number): Promise<Reply['pids']> {
    const { error, pids } = await new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(error);
    return pids;
  }
}
