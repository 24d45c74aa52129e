import { FakeClock } from '@gantry/runtime/clock.ts';
import type { Client, ClientSubscription } from 'envoy-control-plane-ts/server.ts';
import { clusterType, endpointType } from 'envoy-control-plane-ts/type-urls.ts';
import { describe, expect, it } from 'vitest';
import { Settled } from './settled.ts';

/** An Envoy with subscriptions, each with or without an unanswered response. */
function envoy(...subscriptions: readonly (readonly [string, boolean])[]): Client {
  const all = subscriptions.map(([typeUrl, pending]) => ({ typeUrl, pending }) as ClientSubscription);
  return { subscriptions: all } as unknown as Client;
}

const behind = envoy([clusterType, false], [endpointType, true]);
const whole = envoy([clusterType, false], [endpointType, false]);

function world(...first: readonly Client[]) {
  const clock = new FakeClock();
  let clients: readonly Client[] = first;
  const settled = new Settled(() => clients, clock);
  let isOver = false;
  void settled.wait().then(() => {
    isOver = true;
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return {
    clock,
    isOver: async (...now: readonly Client[]): Promise<boolean> => {
      if (now.length > 0) clients = now;
      settled.changed();
      await turn();
      return isOver;
    },
    turn: async (): Promise<boolean> => {
      await turn();
      return isOver;
    },
  };
}

describe('Settled', () => {
  it('waits until every Envoy has answered, and has asked for endpoints', async () => {
    const { isOver } = world(whole, behind);
    expect(await isOver()).toBe(false);
    expect(await isOver(whole, envoy([clusterType, false]))).toBe(false);
    expect(await isOver(whole, whole)).toBe(true);
  });

  it('waits for nothing where all have everything', async () => {
    expect(await world(whole).turn()).toBe(true);
  });

  it('waits for an Envoy where there is none, but for none forever', async () => {
    const lonely = world();
    lonely.clock.advance(9_000);
    expect(await lonely.turn()).toBe(false);
    lonely.clock.advance(1_000);
    expect(await lonely.turn()).toBe(true);
    const stuck = world(behind);
    stuck.clock.advance(2_000);
    expect(await stuck.turn()).toBe(true);
  });
});
