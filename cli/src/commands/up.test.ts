import { expect, test } from 'vitest';
import { reasonOf } from './up.ts';

test('a full disk is told with the folder, since the error names no path', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(reasonOf(full, '/var/gantry')).toBe('ENOSPC: no space left on device, write in /var/gantry');
  const named = Object.assign(new Error("ENOSPC: no space left on device, open '/x'"), { code: 'ENOSPC', path: '/x' });
  expect(reasonOf(named, '/var/gantry')).toBe("ENOSPC: no space left on device, open '/x'");
  expect(reasonOf(new Error('other'), '/var/gantry')).toBe('other');
});
