import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentApi } from '../api.ts';
import { podOf } from '../testing/pod-world.ts';
import { PodTokens, renewTokens } from './pod-tokens.ts';

type Asked = Parameters<AgentApi['requestToken']>[1] & { readonly account: string };

let nowMs: number;
let asked: Asked[];
let isDown: boolean;
let tokens: PodTokens;
const clock = { now: () => 0, monotonic: () => nowMs, sleep: async () => {} };

beforeEach(() => {
  nowMs = 0;
  asked = [];
  isDown = false;
  const requestToken: AgentApi['requestToken'] = async ({ name }, spec) => {
    if (isDown) throw new GantryError('ServiceUnavailable', 'the api is away');
    asked.push({ ...spec, account: name });
    return { spec, status: { token: `token ${asked.length}`, expirationTimestamp: '' } };
  };
  tokens = new PodTokens({ api: { requestToken }, clock, random: () => 0, log: silentLogger });
});

const pod = podOf({ serviceAccountName: 'bot' });
const { signal } = new AbortController();
const ask = (projection: object = {}) => tokens.tokenFor(pod, { path: 'token', ...projection }, signal);
const minutes = (count: number): number => count * 60_000;

describe("a pod's token", () => {
  it('is bound to the pod, and asked for once for each audience and life', async () => {
    expect([await ask(), await ask(), await ask({ audience: 'vault', expirationSeconds: 600 })]).toEqual([
      'token 1',
      'token 1',
      'token 2',
    ]);
    const { name, uid } = pod.metadata;
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name, uid };
    expect(asked).toEqual([
      { account: 'bot', expirationSeconds: 3_600, boundObjectRef },
      { account: 'bot', expirationSeconds: 600, audiences: ['vault'], boundObjectRef },
    ]);
  });

  it.each([
    [3_600, 48],
    [7 * 86_400, 24 * 60],
  ])('of %i seconds is renewed after %i minutes', async (expirationSeconds, after) => {
    await ask({ expirationSeconds });
    nowMs = minutes(after) - 1;
    expect([tokens.due(), await ask({ expirationSeconds })]).toEqual([[], 'token 1']);
    nowMs += 1;
    expect([tokens.due(), await ask({ expirationSeconds })]).toEqual([['uid-1'], 'token 2']);
    expect(tokens.due()).toEqual([]);
  });

  it('is used while it lasts where the api is away, and no longer', async () => {
    await ask();
    isDown = true;
    nowMs = minutes(50);
    expect(await ask()).toBe('token 1');
    expect(tokens.due()).toEqual([]);
    nowMs += 10_000;
    expect(tokens.due()).toEqual(['uid-1']);
    nowMs = minutes(60);
    await expect(ask()).rejects.toThrow('the api is away');
    isDown = false;
    expect(await ask()).toBe('token 2');
  });

  it('is forgotten with the pod', async () => {
    await ask();
    tokens.release('uid-1');
    nowMs = minutes(50);
    expect(tokens.due()).toEqual([]);
    expect(await ask()).toBe('token 2');
  });
});

it('tells of old tokens until it is stopped', async () => {
  await ask();
  nowMs = minutes(50);
  const stop = new AbortController();
  const renewed: string[] = [];
  await renewTokens(
    tokens,
    clock,
    (uid) => {
      renewed.push(uid);
      stop.abort();
    },
    stop.signal,
  );
  expect(renewed).toEqual(['uid-1']);
});
