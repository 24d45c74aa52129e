import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type HostProcess, listProcesses, readProcess, signalProcess, withDescendants } from '../../host/processes.ts';
import { readJson, writeWhole } from '../../json-file.ts';
import type { ContainerState, ContainerStats } from '../runtime.ts';
import { findLaunched, launch } from './launch.ts';
import { LogPump } from './log-pump.ts';
import type { ContainerRecord, ExitRecord, StartedRecord } from './records.ts';
import { usageOf } from './usage.ts';

/** Polling interval of a process, in milliseconds: it may be the child of an earlier agent, so no signal tells of its end. */
const watchMs = 50;
const stopPollMs = 20;
const killTimeoutMs = 10_000;
/** Exit code of a process that was killed and left none. */
const killedCode = 137;

interface OutputEvents {
  output: [stream: 'stdout' | 'stderr', data: Buffer];
  exit: [];
}

/** One container of the process driver: its record, its process while it runs, and its state. */
export class ContainerProcess {
  readonly record: ContainerRecord;
  /** Output as it comes, and the end. */
  readonly events = new EventEmitter<OutputEvents>();
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #pump: LogPump;
  #started: StartedRecord | undefined;
  #state: ContainerState = { kind: 'created' };
  #watch: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  private constructor(record: ContainerRecord, directory: string, clock: Clock, changed: () => void) {
    this.record = record;
    this.#directory = directory;
    this.#clock = clock;
    this.#changed = changed;
    this.#pump = new LogPump({
      directory,
      logFile: record.logFile,
      onOutput: (stream, data) => this.events.emit('output', stream, data),
      whilePaused: (work) => this.#whilePaused(work),
    });
    this.events.setMaxListeners(0);
  }

  /** The container of a record, with the process that an earlier agent started for it. */
  static async open(
    record: ContainerRecord,
    directory: string,
    clock: Clock,
    changed: () => void,
  ): Promise<ContainerProcess> {
    const container = new ContainerProcess(record, directory, clock, changed);
    const started =
      (await readJson<StartedRecord>(join(directory, 'started'))) ?? (await findLaunched(directory, clock.now()));
    const exit = await readJson<ExitRecord>(join(directory, 'exit'));
    if (started) {
      await container.#run(started);
      // An agent that died while it held them still left them so.
      await container.#signalAll('SIGCONT');
    } else if (exit) container.#state = exitedState(exit, 0);
    return container;
  }

  get state(): ContainerState {
    return this.#state;
  }

  async start(): Promise<void> {
    if (this.#state.kind !== 'created') {
      throw new GantryError('FailedPrecondition', `container "${this.record.id}" is ${this.#state.kind}, not created`);
    }
    try {
      if (!this.record.argv[0]!.includes('/')) {
        throw new GantryError('Invalid', `exec: "${this.record.argv[0]}": executable file not found in $PATH`);
      }
      await this.#run(await launch(this.record, this.#directory, this.#clock.now()));
    } catch (error) {
      const exit = {
        exitCode: 128,
        finishedAtMs: this.#clock.now(),
        reason: 'StartError',
        message: (error as Error).message,
      };
      await writeWhole(join(this.#directory, 'exit'), exit);
      this.#state = exitedState(exit, 0);
      this.#changed();
      throw error;
    }
  }

  /** Asks it to end with SIGTERM, kills it after `graceMs`, and resolves once its end was seen. */
  async stop(graceMs: number): Promise<void> {
    if (this.#state.kind !== 'running') return;
    const deadline = this.#clock.monotonic() + graceMs;
    if (graceMs > 0) await this.#signalAll('SIGTERM');
    while (this.#running() && this.#clock.monotonic() < deadline) {
      await this.#clock.sleep(stopPollMs);
      await this.#look();
    }
    const killDeadline = this.#clock.monotonic() + killTimeoutMs;
    while (this.#running()) {
      await this.#signalAll('SIGKILL');
      await this.#clock.sleep(stopPollMs);
      await this.#look();
      if (this.#clock.monotonic() > killDeadline) {
        throw new GantryError('Timeout', `container "${this.record.id}" does not die`);
      }
    }
  }

  /** Usage of its processes; undefined while it does not run. */
  async stats(): Promise<ContainerStats | undefined> {
    if (!this.#running()) return undefined;
    const { cpuUsageNs, memoryBytes } = await usageOf(await this.#processes());
    const { id, sandboxId } = this.record;
    return {
      containerId: id,
      sandboxId,
      atMs: this.#clock.now(),
      cpuUsageNs,
      memoryWorkingSetBytes: memoryBytes,
      rootfsUsedBytes: 0,
    };
  }

  /** Stops looking after it; the process runs on. */
  async release(): Promise<void> {
    clearInterval(this.#watch);
    await this.#looking;
    if (this.#started) await this.#pump.pump(this.#state.kind === 'exited');
    this.#pump.stop();
  }

  #running(): boolean {
    return this.#state.kind === 'running';
  }

  async #run(started: StartedRecord): Promise<void> {
    this.#started = started;
    this.#state = { kind: 'running', startedAtMs: started.startedAtMs };
    await this.#pump.start();
    // A look that failed (a full disk, say) is repeated by the next one.
    this.#watch = setInterval(() => void this.#look().catch(() => {}), watchMs);
    this.#watch.unref();
    this.#changed();
    await this.#look();
  }

  /** Sees whether the process ended; looks that overlap are one. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const started = this.#started;
    if (started === undefined || !this.#running()) return;
    const alive = (await readProcess(started.pid))?.startTime === started.startTime;
    const exit = await readJson<ExitRecord>(join(this.#directory, 'exit'));
    if (alive && exit === undefined) return;
    const killed: ExitRecord = { exitCode: killedCode, finishedAtMs: this.#clock.now() };
    if (exit === undefined) await writeWhole(join(this.#directory, 'exit'), killed);
    await this.#pump.pump(true);
    clearInterval(this.#watch);
    this.#state = exitedState(exit ?? killed, started.startedAtMs);
    this.events.emit('exit');
    this.#changed();
  }

  async #processes(): Promise<HostProcess[]> {
    const root = this.#started && (await readProcess(this.#started.pid));
    if (!root || root.startTime !== this.#started?.startTime) return [];
    return withDescendants([root], await listProcesses());
  }

  async #signalAll(signal: NodeJS.Signals): Promise<void> {
    await Promise.all((await this.#processes()).map((each) => signalProcess(each, signal)));
  }

  async #whilePaused(work: () => Promise<void>): Promise<void> {
    const processes = await this.#processes();
    await Promise.all(processes.map((each) => signalProcess(each, 'SIGSTOP')));
    try {
      await work();
    } finally {
      await Promise.all(processes.map((each) => signalProcess(each, 'SIGCONT')));
    }
  }
}

function exitedState(exit: ExitRecord, startedAtMs: number): ContainerState {
  return {
    kind: 'exited',
    exitCode: exit.exitCode,
    reason: exit.reason ?? (exit.exitCode === 0 ? 'Completed' : 'Error'),
    message: exit.message ?? '',
    startedAtMs,
    // The wrapper only knows whole seconds.
    finishedAtMs: Math.max(exit.finishedAtMs, startedAtMs),
  };
}
