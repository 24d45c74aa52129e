import { describe, expect, it } from 'vitest';
import { run } from './commands.ts';

describe('run', () => {
  it('gives output, and hands over input', async () => {
    expect(await run('cat', [], { input: 'hello' })).toBe('hello');
  });

  it.each([
    ['a command that is not there', 'no-such-command', [], 'FailedPrecondition', 'no-such-command is not installed'],
    [
      'a command that fails',
      'sh',
      ['-c', 'echo broken >&2; exit 3'],
      'InternalError',
      'sh -c echo broken >&2; exit 3: broken',
    ],
    ['a command without a word', 'false', [], 'InternalError', 'false : ended by code 1'],
  ])('says what went wrong with %s', async (_what, command, args, reason, message) => {
    await expect(run(command, args)).rejects.toMatchObject({ reason, message });
  });

  it('kills what takes too long or is not wanted any more', async () => {
    await expect(run('sleep', ['1000'], { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'Timeout' });
    const stop = new AbortController();
    const running = run('sleep', ['1000'], { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toMatchObject({ reason: 'Cancelled' });
    await expect(run('sleep', ['1000'], { signal: stop.signal })).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});
