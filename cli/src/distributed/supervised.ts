import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';

/** A program that is to run. */
export interface ProgramSpec {
  /** Short name, also of its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Settings with secrets, written for its owner alone before each start. */
  readonly file?: { readonly path: string; readonly text: string };
}

/** A program that is started again whenever it ends. Disposing of it ends it for good. */
export interface Supervised extends AsyncDisposable {
  readonly name: string;
  /** Process id of the one that runs now; undefined between two. */
  readonly pid: number | undefined;
  /** Fires when it is ended for good. */
  readonly stopped: AbortSignal;
  /** Ends it for good, with SIGKILL where it did not end within `timeoutMs` milliseconds of being asked to. */
  stop(timeoutMs: number): Promise<void>;
  /** Ends it for good with SIGKILL, as a crash of its machine would. */
  kill(): Promise<void>;
}

/** Dependencies of a supervised program. */
export interface SupervisorDeps {
  /** Folder of the log files, one a program. */
  readonly logDir: string;
  readonly clock: Clock;
  /** Told of each unexpected end. */
  readonly progress: (text: string) => void;
}

const restartBackoff: BackoffPolicy = { initialMs: 200, maxMs: 10_000, factor: 2, jitter: 0.2 };
/** A program that ran this long was healthy: its backoff begins anew. */
const healthyAfterMs = 30_000;
/** How long a program may take to stop before it is killed. */
export const stopTimeoutMs = 15_000;
/** Size beyond which a log is truncated. */
const maxLogBytes = 16 * 1024 * 1024;
const logLookMs = 10_000;
/** Ends a program when the process that started it dies, however it dies; part of util-linux. */
const setpriv = '/usr/bin/setpriv';

/** Starts a program, and starts it again whenever it ends, after a growing wait. */
export function supervise(spec: ProgramSpec, { logDir, clock, progress }: SupervisorDeps): Supervised {
  const stop = new AbortController();
  let current: ChildProcess | undefined;
  const started = async (): Promise<string> => {
    current = start(spec, logDir);
    return exitOf(current);
  };
  const run = async (): Promise<void> => {
    for (let failures = 1; !stop.signal.aborted; failures++) {
      const startedMs = clock.monotonic();
      // A log or a settings file that cannot be written keeps the program from starting, and is no reason to give it up.
      const ended = await started().catch((error: Error) => error.message);
      current = undefined;
      boundLog(logPath(logDir, spec.name));
      if (stop.signal.aborted) return;
      if (clock.monotonic() - startedMs > healthyAfterMs) failures = 1;
      progress(`${spec.name} ended (${ended}) and is started again; its log is ${logPath(logDir, spec.name)}`);
      await clock.sleep(backoffMs(restartBackoff, failures), stop.signal).catch(() => {});
    }
  };
  const done = run();
  const logTimer = setInterval(() => boundLog(logPath(logDir, spec.name)), logLookMs);
  void done.finally(() => clearInterval(logTimer));
  const end = async (timeoutMs: number): Promise<void> => {
    stop.abort();
    current?.kill('SIGTERM');
    const deadline = setTimeout(() => current?.kill('SIGKILL'), timeoutMs);
    await done;
    clearTimeout(deadline);
  };
  return {
    name: spec.name,
    get pid() {
      return current?.pid;
    },
    stopped: stop.signal,
    kill: async () => {
      stop.abort();
      current?.kill('SIGKILL');
      await done;
    },
    stop: end,
    [Symbol.asyncDispose]: () => end(stopTimeoutMs),
  };
}

function start({ name, command, args, env, file: settings }: ProgramSpec, logDir: string): ChildProcess {
  if (settings !== undefined) writeFileSync(settings.path, settings.text, { mode: 0o600 });
  const log = openSync(logPath(logDir, name), 'a');
  const [file = command, ...rest] = [
    ...(existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : []),
    command,
    ...args,
  ];
  try {
    // In a session of its own: Ctrl-C in a terminal is for the supervisor, which ends its programs in order.
    return spawn(file, rest, { env: { ...process.env, ...env }, stdio: ['ignore', log, log], detached: true });
  } finally {
    closeSync(log);
  }
}

/** Truncates a log that is too large. Programs append to their logs, so they go on at its beginning. */
function boundLog(path: string): void {
  try {
    if (statSync(path).size > maxLogBytes) truncateSync(path, 0);
  } catch {
    // The file or the disk is gone; the next look tries again.
  }
}

/** The log file of a program. */
export function logPath(logDir: string, name: string): string {
  return join(logDir, `${name}.log`);
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
}
