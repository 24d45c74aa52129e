import { createLogger, type Logger } from './log.ts';
import type { Running } from './service.ts';
import { terminationSignal } from './service.ts';

/** Errors of this process that nothing caught. Read by the metric gantry_uncaught_errors_total. */
let uncaught = 0;

/** Errors that nothing caught since the process began. */
export function uncaughtErrors(): number {
  return uncaught;
}

/**
 * The last line behind the containment of every loop: an exception or rejection that nothing caught is logged as an error
 * and counted, and the process goes on. In `gantry up` the process is the whole cluster, which one stray error must not end.
 */
export function surviveUncaughtErrors(log: Pick<Logger, 'error'>, on: Pick<NodeJS.Process, 'on'> = process): void {
  const report = (error: unknown): void => {
    uncaught++;
    log.error(
      { error },
      'an error was caught by nothing; the process goes on. This is a bug of Gantry: please report it',
    );
  };
  on.on('uncaughtException', report);
  on.on('unhandledRejection', report);
}

/**
 * Runs a service as a process of its own: until SIGTERM, SIGINT or SIGHUP stops it, or it fails for good, which sets exit
 * code 1.
 * @param name Name of the service in its log.
 * @param start Starts the service. It hands whatever else is to be disposed of, after the service, to the stack.
 */
export async function runProcess(
  name: string,
  start: (parts: {
    readonly log: Logger;
    readonly stack: AsyncDisposableStack;
    /** Fires when the process is to end. */
    readonly signal: AbortSignal;
  }) => Promise<Running>,
): Promise<void> {
  const log = createLogger(name);
  surviveUncaughtErrors(log);
  try {
    const signal = terminationSignal();
    await using stack = new AsyncDisposableStack();
    const service = stack.use(await start({ log, stack, signal }));
    // A signal may have come while the service started.
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([stopped, service.done]);
  } catch (error) {
    log.error({ error }, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
