import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCluster } from '@gantry/cli/up/cluster.ts';
import { writeSampleImages } from '@gantry/cli/up/sample.ts';
import type { Client } from '@gantry/client/client.ts';
import { createLogger } from '@gantry/runtime/log.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A cluster of two nodes with real containers, in one of the forms that Gantry runs in. */
export interface TestCluster extends AsyncDisposable {
  readonly client: Client;
  /** host:port of the api. */
  readonly address: string;
  /** Pulls a node's plug: agent and containerd are killed. */
  powerOff(node: string): Promise<void>;
  /** Starts it again. */
  powerOn(node: string): Promise<void>;
}

/** Nodes are heard each second and counted as silent after three: failures are over in seconds. */
export const shortTimes = { heartbeatMs: 500, healthMs: 1_000, reportMs: 300_000 };

/** Everything in this process, as `gantry up` runs it. */
export async function startUp(): Promise<TestCluster> {
  const stateDir = await mkdtemp(join(tmpdir(), 'gantry-e2e-'));
  await writeSampleImages(join(stateDir, 'images'));
  const cluster = await startCluster(
    { nodes: 2, stateDir, listen: '127.0.0.1:0', driver: 'cri', nodeTimes: shortTimes, silenceConfirmMs: 1_000 },
    { log: createLogger('e2e', process.env.GANTRY_LOG_LEVEL ?? 'error'), progress: () => {} },
  );
  return {
    client: cluster.client,
    address: cluster.address,
    powerOff: (node) => cluster.nodes.powerOff(node),
    powerOn: (node) => cluster.nodes.powerOn(node),
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** What a run of the gantry command left. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the gantry command as a user would. */
export function gantry(
  cluster: Pick<TestCluster, 'address'>,
  args: readonly string[],
  input = '',
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const command = [join(root, 'cli/src/main.ts'), '-s', cluster.address, ...args];
    const child = execFile(join(root, 'scripts/node'), command, { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 255, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
