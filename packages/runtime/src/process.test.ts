import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { surviveUncaughtErrors, uncaughtErrors } from './process.ts';

it('tells of errors that nothing caught, counts them, and lets the process go on', async () => {
  const lines: string[] = [];
  const emitter = new EventEmitter();
  const before = uncaughtErrors();
  surviveUncaughtErrors(
    createLogger('api', 'info', { write: (line) => void lines.push(line) }),
    emitter as NodeJS.Process,
  );
  emitter.emit('uncaughtException', new Error('thrown in a timer'));
  emitter.emit('unhandledRejection', new Error('rejected'));
  expect(lines.map((line) => JSON.parse(line).error.message)).toEqual(['thrown in a timer', 'rejected']);
  expect(uncaughtErrors()).toBe(before + 2);
  expect(await createMetrics('api').metrics()).toContain(`gantry_uncaught_errors_total{service="api"} ${before + 2}`);
});
