import { expect, it } from 'vitest';
import { mountPoints } from './mounts.ts';

it('reads mount points, also with blanks', () => {
  const text =
    '22 27 0:21 / /proc rw,relatime - proc proc rw\n40 27 0:30 / /a\\040b\\134c rw shared:3 - tmpfs tmpfs rw\n';
  expect(mountPoints(text)).toEqual(['/proc', '/a b\\c']);
});
