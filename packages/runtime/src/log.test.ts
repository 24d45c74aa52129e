import { expect, it } from 'vitest';
import { GantryError } from './errors.ts';
import { createLogger } from './log.ts';

it('writes a line an entry that tells of an error what it is, where it came from and why', () => {
  const lines: string[] = [];
  const log = createLogger('api', 'info', { write: (line) => void lines.push(line) });
  const error = new GantryError('Conflict', 'somebody was faster', { cause: new Error('revision 3, not 2') });
  log.child({ part: 'relay' }).warn({ error }, 'tried again');
  expect(lines).toHaveLength(1);
  const entry = JSON.parse(lines[0]!);
  expect(entry).toMatchObject({ service: 'api', part: 'relay', msg: 'tried again' });
  expect(entry.error).toMatchObject({
    message: 'somebody was faster',
    reason: 'Conflict',
    cause: { message: 'revision 3, not 2' },
  });
  expect(entry.error.stack).toContain('log.test.ts');
});
