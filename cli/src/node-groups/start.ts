/** Node groups of a cluster on this machine: the local provider, served over the protocol that every provider speaks. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atSocket, serveProvider } from '@gantry/cloud-provider/serve.ts';
import { readJson, writeWhole } from '@gantry/node-agent/json-file.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { UpOptions } from '../up/options.ts';
import { type HostDeps, hollowHost, realHost } from './hosts.ts';
import type { MachineRecord } from './machines.ts';
import { LocalProvider } from './provider.ts';
import { machineFacts } from './template.ts';

/** Contents of groups.json: the books of the local provider. */
interface BooksFile {
  readonly machines: readonly MachineRecord[];
}

/** The books that an earlier run left. */
export async function readBooks({ stateDir }: Pick<UpOptions, 'stateDir'>): Promise<readonly MachineRecord[]> {
  const path = booksPath(stateDir);
  try {
    return (await readJson<BooksFile>(path))?.machines ?? [];
  } catch (cause) {
    throw new GantryError('FailedPrecondition', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Nodes of the books that will be added again: those of groups that there are. */
export function keptNodes(
  { nodeGroups = [] }: Pick<UpOptions, 'nodeGroups'>,
  books: readonly MachineRecord[],
): string[] {
  const groups = nodeGroups.map(({ name }) => name);
  return books.filter(({ group }) => groups.includes(group)).map(({ name }) => name);
}

/** Writes the settings by which the autoscaler finds the local provider; undefined without groups. */
export async function writeCloudConfig(
  { nodeGroups = [] }: Pick<UpOptions, 'nodeGroups'>,
  runDir: string,
): Promise<string | undefined> {
  if (nodeGroups.length === 0) return undefined;
  const path = join(runDir, 'cloud.yaml');
  await writeFile(path, `address: ${JSON.stringify(`unix:${providerSocket(runDir)}`)}\n`, { mode: 0o600 });
  return path;
}

/** Path of the Unix socket on which the local provider is served. */
function providerSocket(runDir: string): string {
  return join(runDir, 'provider.sock');
}

/**
 * Starts the machines of the groups, and serves the provider. Machines of groups that are gone are ended. Disposing of it stops what is under
 * way; machines end with the cluster's nodes, and start again with it.
 */
export async function startNodeGroups(
  options: UpOptions,
  deps: Omit<HostDeps, 'facts'> & {
    readonly driver: 'cri' | 'process';
    /** Folder for sockets, which nobody else may enter. */
    readonly runDir: string;
    readonly books: readonly MachineRecord[];
  },
): Promise<AsyncDisposable> {
  const { nodeGroups = [], stateDir } = options;
  const { clock, log, books, runDir } = deps;
  await mkdir(join(stateDir, 'nodes'), { recursive: true });
  await using stack = new AsyncDisposableStack();
  const own = { ...deps, facts: await machineFacts(stateDir, deps.driver) };
  const real = realHost(own);
  const hollow = stack.use(hollowHost(options, own));
  const provider = stack.use(
    new LocalProvider(nodeGroups, books, {
      hostOf: ({ runtime }) => (runtime === 'hollow' ? hollow : real),
      save: (machines) => writeWhole(booksPath(stateDir), { machines } satisfies BooksFile),
      ...{ facts: own.facts, clock, log, random: Math.random },
    }),
  );
  await provider.start();
  if (nodeGroups.length > 0) stack.use(await serveProvider(provider, { at: atSocket(providerSocket(runDir)), log }));
  return stack.move();
}

function booksPath(stateDir: string): string {
  return join(stateDir, 'nodes', 'groups.json');
}
