import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import type { CriClient } from './client.ts';
import { versionOf } from './version.ts';

const known = { runtimeName: 'containerd', runtimeVersion: 'v2' };

/** A runtime that says so for a number of times. */
function saying(message: string, times: number) {
  let asked = 0;
  const runtime = async () => {
    if (asked++ < times) throw new GantryError('InternalError', message);
    return known;
  };
  return { client: { runtime } as unknown as Pick<CriClient, 'runtime'>, asked: () => asked };
}

describe('the version of a runtime', () => {
  it('is asked for until the runtime has found its containers', async () => {
    const clock = new FakeClock();
    const { client, asked } = saying('Version: server is not initialized yet', 3);
    const version = versionOf(client, clock);
    while (asked() < 4) {
      await turn();
      clock.advance(100);
    }
    await expect(version).resolves.toEqual(known);
  });

  it('is asked for no more after a minute', async () => {
    const clock = new FakeClock();
    const { client } = saying('Version: server is not initialized yet', Number.POSITIVE_INFINITY);
    const version = versionOf(client, clock);
    version.catch(() => {});
    await turn();
    clock.advance(60_000);
    await expect(version).rejects.toThrow('server is not initialized yet');
  });

  it('is asked for once where anything else is wrong', async () => {
    const { client, asked } = saying('Version: unknown service runtime.v1.RuntimeService', 1);
    await expect(versionOf(client, new FakeClock())).rejects.toThrow('unknown service');
    expect(asked()).toBe(1);
  });
});
