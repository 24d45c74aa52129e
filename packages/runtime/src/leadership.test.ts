import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock } from './clock.ts';
import { type Lease, whileLeading } from './leadership.ts';
import { eachFault } from './testing/faults.ts';

const durationMs = 3_000;
const stepMs = 50;

/** A lease somewhere else: what is asked for arrives late, and its answer later, or never. */
class LeaseServer {
  readonly #clock: FakeClock;
  #holder: string | undefined;
  #untilMs = 0;
  #token = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** @param delays How long each call's way there and back takes, in ms; a way back that never ends loses the answer. */
  leaseFor(holder: string, delays: () => readonly [number, number]): Lease {
    return {
      take: async () => {
        const [there, back] = delays();
        await this.#clock.sleep(there);
        const nowMs = this.#clock.monotonic();
        const isFree = this.#holder === undefined || this.#untilMs <= nowMs;
        if (this.#holder !== holder || this.#untilMs <= nowMs) {
          if (!isFree) return { waitMs: durationMs };
          this.#token += 1;
        }
        this.#holder = holder;
        this.#untilMs = nowMs + durationMs;
        const token = this.#token;
        await this.#clock.sleep(back);
        return { token };
      },
      release: async () => {
        if (this.#holder === holder) this.#holder = undefined;
      },
    };
  }

  /** Present holder of the lease; undefined where it is free. */
  get holder(): string | undefined {
    return this.#untilMs > this.#clock.monotonic() ? this.#holder : undefined;
  }
}

/** Candidates, who of them leads, and the most that ever did at a time. */
class Election {
  readonly clock = new FakeClock();
  readonly server = new LeaseServer(this.clock);
  readonly leading = new Set<string>();
  readonly terms: string[] = [];
  readonly errors: unknown[] = [];
  most = 0;

  run(holder: string, lease: Lease): { readonly stop: () => Promise<void> } {
    const stop = new AbortController();
    const running = whileLeading(
      {
        lease,
        durationMs,
        clock: this.clock,
        onError: (error) => {
          this.errors.push(error);
          throw new Error('a bug');
        },
        lead: async (signal, token) => {
          this.leading.add(holder);
          this.terms.push(`${holder}${token}`);
          this.most = Math.max(this.most, this.leading.size);
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          this.leading.delete(holder);
        },
      },
      stop.signal,
    );
    return {
      stop: async () => {
        stop.abort();
        await running;
      },
    };
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += stepMs) {
      for (let turn = 0; turn < 40; turn++) await Promise.resolve();
      if (passed < ms) this.clock.advance(stepMs);
    }
  }
}

const never = Number.POSITIVE_INFINITY;

describe('whileLeading', () => {
  test('one leads at a time, and another takes over from one that stopped', async () => {
    const election = new Election();
    const [a, b] = ['a', 'b'].map((holder) =>
      election.run(
        holder,
        election.server.leaseFor(holder, () => [0, 0]),
      ),
    );
    await election.pass(10_000);
    expect(election.terms).toEqual(['a1']);
    await a!.stop();
    await election.pass(2_000);
    expect(election.terms).toEqual(['a1', 'b2']);
    await b!.stop();
    expect([election.server.holder, election.errors]).toEqual([undefined, []]);
  });

  test('a renewal that hangs ends the term while the lease is still ours', async () => {
    const election = new Election();
    let back = 0;
    const a = election.run(
      'a',
      election.server.leaseFor('a', () => [back, 0]),
    );
    await election.pass(500);
    expect([...election.leading]).toEqual(['a']);
    back = never;
    await election.pass(2_100);
    expect([[...election.leading], election.server.holder]).toEqual([[], 'a']);
    void a.stop();
  });

  test('a lease that took long to get is not led on for longer than it lasts', async () => {
    const election = new Election();
    const a = election.run(
      'a',
      election.server.leaseFor('a', () => [0, 2_500]),
    );
    await election.pass(20_000);
    expect(election.terms).toEqual([]);
    void a.stop();
  });

  test('the wall clock may step as it likes', async () => {
    const election = new Election();
    const [a] = ['a', 'b'].map((holder) =>
      election.run(
        holder,
        election.server.leaseFor(holder, () => [50, 50]),
      ),
    );
    await election.pass(1_000);
    for (const ms of [3_600_000, -7_200_000, 3_600_000]) {
      election.clock.stepWall(ms);
      await election.pass(5_000);
    }
    expect([election.terms, election.most]).toEqual([['a1'], 1]);
    void a!.stop();
  });

  test('no two lead at a time, whatever delays, losses and clock steps there are', async () => {
    const delay = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 200 }) },
      { weight: 2, arbitrary: fc.integer({ min: 200, max: 6_000 }) },
      { weight: 1, arbitrary: fc.constant(never) },
    );
    const ways = fc.infiniteStream(fc.tuple(delay, delay));
    await fc.assert(
      fc.asyncProperty(ways, fc.array(fc.integer({ min: -1e7, max: 1e7 }), { maxLength: 5 }), async (stream, steps) => {
        const election = new Election();
        const delays = (): readonly [number, number] => stream.next().value;
        const runs = ['a', 'b', 'c'].map((holder) => election.run(holder, election.server.leaseFor(holder, delays)));
        for (let round = 0; round < 8; round++) {
          await election.pass(2_500);
          election.clock.stepWall(steps[round] ?? 0);
          // Whoever leads has the lease.
          for (const leader of election.leading) expect(election.server.holder).toBe(leader);
        }
        expect(election.most).toBeLessThanOrEqual(1);
        for (const run of runs) void run.stop();
      }),
      { numRuns: 60 },
    );
  });

  test('whichever call fails, it leads again, and the lease is free in the end', async () => {
    await eachFault(async (faults) => {
      const election = new Election();
      const lease = faults.wrap(election.server.leaseFor('a', () => [0, 0]));
      const a = election.run('a', lease);
      await election.pass(10_000);
      expect([...election.leading]).toEqual(['a']);
      await a.stop();
      expect(election.leading.size).toBe(0);
    });
  });

  test('a term that fails at once is tried again, but not at once', async () => {
    const clock = new FakeClock();
    let terms = 0;
    const stop = new AbortController();
    const lead = (): Promise<void> => {
      terms += 1;
      throw new Error('it cannot');
    };
    const lease = new LeaseServer(clock).leaseFor('a', () => [0, 0]);
    const running = whileLeading({ lease, durationMs, lead, onError: () => {}, clock }, stop.signal);
    for (let passed = 0; passed < 10_000; passed += stepMs) {
      for (let turn = 0; turn < 40; turn++) await Promise.resolve();
      clock.advance(stepMs);
    }
    expect(terms).toBeGreaterThan(2);
    expect(terms).toBeLessThan(12);
    stop.abort();
    await running;
  });
});
