import { expect, it } from 'vitest';
import { lockDirectory } from './lock.ts';

it('lets one at a time have a directory', async () => {
  const directory = `/no/such/directory/${process.pid}`;
  const first = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toMatchObject({
    reason: 'FailedPrecondition',
    message: expect.stringMatching(/another gantry/),
  });
  await using _other = await lockDirectory(`${directory}/other`);
  await first[Symbol.asyncDispose]();
  await using _again = await lockDirectory(directory);
});
