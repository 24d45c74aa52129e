import { join, resolve } from 'node:path';
import { defaultApiAddress } from '@gantry/client/client.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { surviveUncaughtErrors } from '@gantry/runtime/process.ts';
import type { Termination } from '@gantry/runtime/service.ts';
import { type Context, Exit, ExitCode, type Output } from '../context.ts';
import { checkNodeGroups, type NodeGroupSpec } from '../node-groups/spec.ts';
import { type Cluster, type ClusterDeps, startCluster } from '../up/cluster.ts';
import type { UpOptions } from '../up/options.ts';
import { applySample, askSample, sampleUrl, writeSampleImages } from '../up/sample.ts';
import { makeStateFolder } from '../up/state.ts';
import { rolloutStatus } from './rollout.ts';

export interface UpFlags {
  readonly nodes: number;
  readonly stateDir: string;
  readonly listen: string;
  readonly driver: 'auto' | 'cri' | 'process';
  /** Deploy the sample application. */
  readonly sample: boolean;
  readonly nodeGroup: readonly NodeGroupSpec[];
}

/** Milliseconds that the sample may take to run. */
const sampleTimeoutMs = 120_000;

/** Runs a whole cluster in this process until it is interrupted. */
export function up(flags: UpFlags, output: Output, termination: Termination): Promise<void> {
  return host('up', startCluster, flags, output, termination);
}

/** Runs a cluster until it is interrupted, or fails for good. */
export async function host(
  name: string,
  start: (options: UpOptions, deps: ClusterDeps) => Promise<Cluster>,
  flags: UpFlags,
  output: Output,
  termination: Termination,
): Promise<void> {
  const { signal } = termination;
  const stateDir = resolve(flags.stateDir);
  const log = createLogger(name, process.env.GANTRY_LOG_LEVEL ?? 'warn');
  surviveUncaughtErrors(log);
  const progress = (text: string): void => output.note(`gantry: ${text}\n`);
  termination.onFurther = insistence(progress);
  try {
    await run(
      start,
      { ...flags, nodeGroups: checkNodeGroups(flags.nodeGroup), stateDir },
      { log, progress, signal },
      output,
    );
  } catch (error) {
    if (signal.aborted && isCancellation(error)) return;
    throw new Exit(ExitCode.failed, `gantry: ${reasonOf(error, stateDir)}`);
  }
}

/** Whether an error says no more than that the user interrupted; Node's own functions reject with an AbortError then. */
export function isCancellation(error: unknown): boolean {
  return isError(error, 'Cancelled') || (error instanceof Error && error.name === 'AbortError');
}

/** Handles Ctrl-C while the cluster stops: the first one is answered with advice, the second ends the process at once. */
function insistence(progress: (text: string) => void): () => void {
  let told = false;
  return () => {
    if (told) process.exit(ExitCode.interrupted);
    told = true;
    progress('stopping already. Ctrl-C once more leaves everything as it is: the next start with this folder finds it');
  };
}

/** Errors of a disk; Node reports them without a path when a write fails. */
const diskProblems = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'];

/** The message of an error that ended the cluster; a disk error names the state folder. */
export function reasonOf(error: unknown, stateDir: string): string {
  if (!(error instanceof Error)) return String(error);
  const { code = '', path } = error as NodeJS.ErrnoException;
  return diskProblems.includes(code) && path === undefined ? `${error.message} in ${stateDir}` : error.message;
}

async function run(
  start: (options: UpOptions, deps: ClusterDeps) => Promise<Cluster>,
  flags: UpOptions & Pick<UpFlags, 'sample'>,
  deps: ClusterDeps,
  output: Output,
): Promise<void> {
  const { progress, signal } = deps;
  await makeStateFolder(flags.stateDir);
  // Nodes take images in when they start: what the sample needs must be there by then.
  if (flags.sample) await writeSampleImages(join(flags.stateDir, 'images'));
  await using cluster = await start(flags, deps);
  if (flags.sample) await runSample(cluster, output, progress, signal);
  const server = cluster.address === defaultApiAddress ? '' : ` --server ${cluster.address}`;
  progress(`ready. Try: ./gantry${server} get pods -o wide   (Ctrl-C ends the cluster)`);
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([stopped, cluster.done]);
  progress('stopping: containers end and the network set-up is undone; objects stay in the database');
}

async function runSample(
  { client, nodes, envoy }: Cluster,
  output: Output,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await applySample(client, nodes.host.driver, signal);
  progress(`the sample application is there (${manifest})`);
  const context: Context = { client, namespace: 'default', output, clock: systemClock, signal };
  await rolloutStatus(context, ['deployment/hello'], { watch: true, timeoutMs: sampleTimeoutMs });
  if (envoy === undefined || signal.aborted) return;
  const answer = await askSample(systemClock, signal);
  if (answer !== undefined) progress(`it answers through Envoy: curl ${sampleUrl} says "${answer}"`);
  else if (!signal.aborted)
    progress(
      `${sampleUrl} does not answer; \`./gantry describe service hello\` may say why, such as that its port is taken`,
    );
}
