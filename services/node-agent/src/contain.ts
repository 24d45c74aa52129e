import type { Logger } from '@gantry/runtime/log.ts';

/** Runs work and logs an exception or a rejection of it: for callbacks and background work whose failure must cost nobody else. */
export function contain(log: Logger, what: string, work: () => unknown): void {
  const report = (error: unknown): void => log.error({ error }, `${what} failed in an unforeseen way`);
  try {
    const result = work();
    if (result instanceof Promise) result.catch(report);
  } catch (error) {
    report(error);
  }
}
