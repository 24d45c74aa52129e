import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { alreadyExists, conflict, GantryError, notFound } from '@gantry/runtime/errors.ts';
import { describe, expect, test } from 'vitest';
import { decide, type LeaderOptions, nextSpec, runWithLeadership } from './leader.ts';

const resource = { group: 'coordination.k8s.io', resource: 'leases', name: 'lock' };

/** One lease behind optimistic locking; `isAway` makes every call fail. */
class LeaseServer {
  lease: Lease | undefined;
  #revision = 0;

  clientFor(state: { isAway: boolean }): LeaderOptions['client'] {
    const answer = async (act: () => Lease): Promise<never> => {
      if (state.isAway) throw new GantryError('ServiceUnavailable', 'away');
      return structuredClone(act()) as never;
    };
    return {
      get: () =>
        answer(() => {
          if (this.lease === undefined) throw notFound(resource);
          return this.lease;
        }),
      create: (object) =>
        answer(() => {
          if (this.lease !== undefined) throw alreadyExists(resource);
          return this.#store(object as Lease);
        }),
      update: (object) =>
        answer(() => {
          if (object.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) throw conflict(resource);
          return this.#store(object as Lease);
        }),
    };
  }

  #store(lease: Lease): Lease {
    this.lease = { ...lease, metadata: { ...lease.metadata, uid: 'u', resourceVersion: String(++this.#revision) } };
    return this.lease;
  }
}

/** Candidates of one lease, and who leads. */
class Election {
  readonly clock = new FakeClock();
  readonly server = new LeaseServer();
  readonly leading = new Set<string>();
  readonly history: string[] = [];
  #most = 0;

  /** The most that ever led at a time. */
  get most(): number {
    return this.#most;
  }

  candidate(identity: string, annotations?: Record<string, string>) {
    const state = { isAway: false };
    const stop = new AbortController();
    const running = runWithLeadership(
      {
        client: this.server.clientFor(state),
        namespace: 'kube-system',
        name: 'lock',
        identity,
        ...(annotations && { annotations }),
        clock: this.clock,
        onError: () => {},
        lead: async (signal) => {
          this.leading.add(identity);
          this.history.push(identity);
          this.#most = Math.max(this.#most, this.leading.size);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          this.leading.delete(identity);
        },
      },
      stop.signal,
    );
    return {
      state,
      stop: async (): Promise<void> => {
        stop.abort();
        await running;
      },
    };
  }

  /** Lets time pass in steps, with all that happens in each. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
      this.clock.advance(100);
    }
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  }
}

describe('deciding on a lease', () => {
  const lease = (spec: Lease['spec']): Lease => {
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'lock' }, spec };
  };

  test('ours is renewed, a free one taken, that of another only when it was still for its duration', () => {
    const held = { lease: lease({ holderIdentity: 'other', leaseDurationSeconds: 15 }), sinceMs: 1_000 };
    expect(decide(held, 'other', 1_000)).toBe('renew');
    expect(decide(held, 'me', 1_000)).toEqual({ waitMs: 15_000 });
    expect(decide(held, 'me', 15_999)).toEqual({ waitMs: 1 });
    expect(decide(held, 'me', 16_000)).toBe('take');
    expect(decide({ lease: lease({ holderIdentity: '' }), sinceMs: 1_000 }, 'me', 1_000)).toBe('take');
  });

  test('a renewal keeps the time of acquisition, a takeover counts', () => {
    const first = nextSpec(undefined, 'a', 15_000, 0);
    expect(first).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '1970-01-01T00:00:00.000000Z',
      renewTime: '1970-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    const renewed = nextSpec(first, 'a', 15_000, 5_000);
    expect([renewed.acquireTime, renewed.renewTime, renewed.leaseTransitions]).toEqual([
      first.acquireTime,
      '1970-01-01T00:00:05.000000Z',
      0,
    ]);
    expect(nextSpec(renewed, 'b', 15_000, 30_000)).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });
});

describe('leadership', () => {
  test('one of several leads, and keeps leading', async () => {
    const election = new Election();
    const candidates = ['a', 'b', 'c'].map((identity) => election.candidate(identity));
    await election.pass(60_000);
    expect(election.leading.size).toBe(1);
    expect([election.history.length, election.most]).toEqual([1, 1]);
    for (const candidate of candidates) await candidate.stop();
  });

  test('a leader that stops gives the lease up at once', async () => {
    const election = new Election();
    const a = election.candidate('a');
    await election.pass(1_000);
    const b = election.candidate('b');
    await election.pass(1_000);
    await a.stop();
    await election.pass(6_000);
    expect([...election.leading]).toEqual(['b']);
    await b.stop();
  });

  test('what a leader says of itself is on the lease, and goes with it', async () => {
    const election = new Election();
    const a = election.candidate('a', { address: 'host-a:1' });
    await election.pass(1_000);
    expect(election.server.lease?.metadata.annotations).toEqual({ address: 'host-a:1' });
    const b = election.candidate('b', { address: 'host-b:1' });
    await election.pass(6_000);
    expect(election.server.lease?.metadata.annotations).toEqual({ address: 'host-a:1' });
    await a.stop();
    await election.pass(6_000);
    expect(election.server.lease?.metadata.annotations).toEqual({ address: 'host-b:1' });
    await b.stop();
  });

  test('a leader that cannot renew has stopped before another begins', async () => {
    const election = new Election();
    const a = election.candidate('a');
    await election.pass(1_000);
    const b = election.candidate('b');
    await election.pass(20_000);
    a.state.isAway = true;
    await election.pass(60_000);
    expect([...election.leading]).toEqual(['b']);
    expect([election.history, election.most]).toEqual([['a', 'b'], 1]);
    a.state.isAway = false;
    await election.pass(60_000);
    expect([...election.leading]).toEqual(['b']);
    await Promise.all([a.stop(), b.stop()]);
  });

  test('a short outage is survived', async () => {
    const election = new Election();
    const a = election.candidate('a');
    const b = election.candidate('b');
    await election.pass(12_000);
    a.state.isAway = b.state.isAway = true;
    await election.pass(4_000);
    a.state.isAway = b.state.isAway = false;
    await election.pass(30_000);
    expect(election.history).toHaveLength(1);
    await Promise.all([a.stop(), b.stop()]);
  });
});
