/** Runs one Envoy process. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type BootstrapOptions, bootstrap } from './bootstrap.ts';

export interface EnvoyProcessOptions extends BootstrapOptions {
  /** Path of the Envoy binary; see `findEnvoy`. */
  readonly binary: string;
  /** Worker threads; one for each CPU by default. */
  readonly concurrency?: number;
  /** Seconds for which connections of a removed listener may go on; 30 by default (Envoy's own default is 600). */
  readonly drainTimeSeconds?: number;
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical' | 'off';
  /** Takes each line that Envoy logs. */
  readonly onLog?: (line: string) => void;
}

/** End of a process. */
export interface EnvoyExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set where the process could not be started at all. */
  readonly error?: Error;
}

/** A running Envoy. Disposing of it ends it and waits for that. */
export interface EnvoyProcess extends AsyncDisposable {
  readonly pid: number | undefined;
  readonly adminSocket: string;
  /** Resolves when the process ended. */
  readonly exited: Promise<EnvoyExit>;
  /** Resolves when Envoy has its configuration and serves; rejects when it ends before, or with the signal. */
  ready(signal: AbortSignal): Promise<void>;
}

/** Milliseconds that Envoy has to stop before it is killed. */
const stopTimeoutMs = 5_000;
/** Milliseconds between two readiness checks of a starting Envoy. */
const readyPollMs = 50;
/** Longest incomplete log line that is buffered, in characters. */
const maxLogLineLength = 64 * 1024;
/** Kills Envoy when the process that started it dies, even by SIGKILL; part of util-linux. */
const setpriv = '/usr/bin/setpriv';

/**
 * Starts Envoy. A process that cannot be started has ended at once.
 * @throws Error where an address of the options is wrong.
 */
export function spawnEnvoy(options: EnvoyProcessOptions): EnvoyProcess {
  const config = JSON.stringify(bootstrap(options));
  const { promise: exited, resolve } = Promise.withResolvers<EnvoyExit>();
  let child: ChildProcess | undefined;
  try {
    child = start(options, config);
    child.on('error', (error) => resolve({ code: null, signal: null, error }));
    child.on('exit', (code, signal) => resolve({ code, signal }));
    if (options.onLog && child.stderr) forEachLine(child.stderr, options.onLog);
  } catch (error) {
    resolve({ code: null, signal: null, error: error as Error });
  }
  return {
    pid: child?.pid,
    adminSocket: options.adminSocket,
    exited,
    ready: (signal) => untilReady(options.adminSocket, exited, signal),
    [Symbol.asyncDispose]: async () => {
      if (child !== undefined) await stop(child, exited);
    },
  };
}

function start(options: EnvoyProcessOptions, config: string): ChildProcess {
  const args = [
    options.binary,
    '--config-yaml',
    config,
    // Several Envoys on one machine would otherwise share hot restart's memory.
    '--disable-hot-restart',
    '--drain-time-s',
    String(options.drainTimeSeconds ?? 30),
    '--log-level',
    options.logLevel ?? 'warning',
    ...(options.concurrency === undefined ? [] : ['--concurrency', String(options.concurrency)]),
  ];
  const command = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--', ...args] : args;
  // A process group of its own: Ctrl-C in a terminal is for whoever started it, who ends it in turn.
  const stdio: StdioOptions = ['ignore', 'ignore', options.onLog ? 'pipe' : 'ignore'];
  return spawn(command[0]!, command.slice(1), { detached: true, stdio });
}

async function untilReady(adminSocket: string, exited: Promise<EnvoyExit>, signal: AbortSignal): Promise<void> {
  let exit: EnvoyExit | undefined;
  void exited.then((outcome) => {
    exit = outcome;
  });
  while (!(await isReady(adminSocket, signal))) {
    if (exit !== undefined) throw new Error(`Envoy ended while starting: ${describeExit(exit)}`);
    await delay(readyPollMs, undefined, { signal });
  }
}

async function isReady(adminSocket: string, signal: AbortSignal): Promise<boolean> {
  try {
    const request = get({ socketPath: adminSocket, path: '/ready', signal });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** An exit in words. */
export function describeExit({ code, signal, error }: EnvoyExit): string {
  if (error) return error.message;
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}

async function stop(child: ChildProcess, exited: Promise<EnvoyExit>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}

function forEachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, maxLogLineLength);
    for (const line of lines) if (line !== '') onLine(line);
  });
}
