import { GantryError } from '@gantry/runtime/errors.ts';
import { expect, test } from 'vitest';
import { isCancellation, reasonOf } from './up.ts';

test('a full disk is told with the folder, since the error names no path', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(reasonOf(full, '/var/gantry')).toBe('ENOSPC: no space left on device, write in /var/gantry');
  const named = Object.assign(new Error("ENOSPC: no space left on device, open '/x'"), { code: 'ENOSPC', path: '/x' });
  expect(reasonOf(named, '/var/gantry')).toBe("ENOSPC: no space left on device, open '/x'");
  expect(reasonOf(new Error('other'), '/var/gantry')).toBe('other');
});

test('an interrupted start is no failure, whoever noticed it', () => {
  expect(isCancellation(new GantryError('Cancelled', 'stopped while node-1 was starting'))).toBe(true);
  expect(isCancellation(new DOMException('The operation was aborted', 'AbortError'))).toBe(true);
  expect(isCancellation(new GantryError('FailedPrecondition', 'the address is taken'))).toBe(false);
  expect(isCancellation('x')).toBe(false);
});
