import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '@gantry/client/client.ts';
import { freePort } from '@gantry/events/testing/nats-server.ts';

// Services as processes of their own, and what they cost.

/** A process that a benchmark started. Disposing of it ends it. */
export interface ServiceProcess extends AsyncDisposable {
  readonly pid: number;
}

/** Addresses and settings of the processes of a cluster. */
export interface ServiceOptions {
  readonly storeUrl: string;
  readonly busUrl: string;
  /** Flags for Node, such as --cpu-prof. */
  readonly nodeFlags?: readonly string[];
}

/** An api in a process of its own, once it answers. */
export async function startApiProcess(options: ServiceOptions): Promise<ServiceProcess & { readonly address: string }> {
  const address = `127.0.0.1:${await freePort()}`;
  const main = fileURLToPath(import.meta.resolve('@gantry/api/main.ts'));
  const flags = ['--store', options.storeUrl, '--bus', options.busUrl, '--listen', address];
  const api = start([...(options.nodeFlags ?? []), main, ...flags], {});
  using client = connect(address);
  await client.listHeartbeats();
  return { ...api, address };
}

/** A scheduler in a process of its own. */
export function startSchedulerProcess(
  address: string,
  { busUrl, nodeFlags = [] }: Omit<ServiceOptions, 'storeUrl'>,
): ServiceProcess {
  const main = fileURLToPath(import.meta.resolve('@gantry/scheduler/main.ts'));
  return start([...nodeFlags, main], { GANTRY_SERVER: address, GANTRY_EVENTS: busUrl });
}

/** The controllers in a process of their own. */
export function startControllersProcess(
  address: string,
  { busUrl, nodeFlags = [] }: Omit<ServiceOptions, 'storeUrl'>,
): ServiceProcess {
  const main = fileURLToPath(import.meta.resolve('@gantry/controllers/main.ts'));
  return start([...nodeFlags, main], { GANTRY_SERVER: address, GANTRY_EVENTS: busUrl });
}

function start(args: readonly string[], env: Readonly<Record<string, string>>): ServiceProcess {
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, GANTRY_LOG_LEVEL: 'error', GANTRY_API_TRUST_NETWORK: 'true', ...env },
  });
  return {
    pid: child.pid!,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Hundredths of a second, in which the kernel counts processor time. */
const msPerTick = 10;

/** Milliseconds of processor time so far: of this process, and of each of its children by name or given label. */
export async function processorTimes(labels: ReadonlyMap<number, string>): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name may hold anything; what follows its closing bracket is separated by blanks.
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (pid !== process.pid && Number(fields[1]) !== process.pid) continue;
    times.set(labels.get(pid) ?? name, (Number(fields[11]) + Number(fields[12])) * msPerTick);
  }
  return times;
}
