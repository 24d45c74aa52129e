import { describe, expect, test } from 'vitest';
import { FlowCounts } from './flow-counts.ts';
import { type QueuedRequest, QueueSet } from './queue-set.ts';
import { type SimulatedClient, SimulatedTime, simulate } from './testing/simulation.ts';
import { leastWork, type Work } from './work.ts';

/** Numbers from 0 to 1 that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const client = (name: string, open: number, seed: number, work: Work = leastWork): SimulatedClient => {
  const random = numbers(seed);
  return { name, open, work, serviceMs: () => 5 + 20 * random() };
};

const set = { queues: 64, handSize: 6, queueLengthLimit: 50, seats: 10 };

describe('clients of one level', () => {
  test.each([1, 2, 3, 4, 5])('one at full speed does not starve the others (seed %i)', (seed) => {
    const others = Array.from({ length: 12 }, (_, index) => client(`mouse-${index}`, 1, seed * 100 + index));
    const { outcomes } = simulate([client('elephant', 500, seed), ...others], set, 20_000);
    const alone = simulate([others[0]!], set, 20_000).outcomes.get('mouse-0')!.served;
    for (const { name } of others) {
      const { served, refused, longestWaitMs } = outcomes.get(name)!;
      expect(refused, name).toBe(0);
      // Thirteen clients share ten seats: each gets its share or nearly so, and none waits for more than some turns.
      expect(served, name).toBeGreaterThan((alone * 10) / 13 / 2);
      expect(longestWaitMs, name).toBeLessThan(400);
    }
    // Seats that the others do not use are the busy one's.
    expect(outcomes.get('elephant')!.served).toBeGreaterThan(outcomes.get('mouse-0')!.served);
  });

  test('busy ones get the same, whatever each opens', () => {
    const { outcomes } = simulate([client('a', 100, 1), client('b', 300, 2)], { ...set, handSize: 1 }, 20_000);
    const [a, b] = [outcomes.get('a')!.served, outcomes.get('b')!.served];
    expect(Math.abs(a - b) / b).toBeLessThan(0.05);
  });

  test('seats count, not requests: wide ones are served less often', () => {
    const wide = client('wide', 50, 1, { seats: 4, finalSeats: 0, extraMs: 0 });
    const { outcomes } = simulate([wide, client('narrow', 50, 2)], { ...set, handSize: 1 }, 20_000);
    const ratio = outcomes.get('narrow')!.served / outcomes.get('wide')!.served;
    expect(ratio).toBeGreaterThan(3);
    expect(ratio).toBeLessThan(5);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('no more seats are in use than there are, and none is lost (seed %i)', (seed) => {
    const random = numbers(seed);
    const clients = Array.from({ length: 20 }, (_, index) => {
      const work = { seats: 1 + Math.floor(random() * 3), finalSeats: Math.floor(random() * 4), extraMs: random() * 8 };
      return client(`c${index}`, 1 + Math.floor(random() * 40), seed + index, work);
    });
    let most = 0;
    const { outcomes, queues } = simulate(clients, set, 5_000, ({ seatsInUse }) => {
      most = Math.max(most, seatsInUse);
    });
    expect(most).toBe(10);
    // Whoever came in was served in the end, and nothing is left.
    expect(queues).toMatchObject({ isIdle: true, seatsInUse: 0, waiting: 0, executing: 0, queues: [] });
    for (const { served, refused } of outcomes.values()) expect(served + refused).toBeGreaterThan(0);
  });
});

describe('a queue set', () => {
  const counts = (): FlowCounts => new FlowCounts('level', 'schema');
  const make = (response: ConstructorParameters<typeof QueueSet>[0], limit: number) => {
    const time = new SimulatedTime();
    return { time, queues: new QueueSet(response, limit, time) };
  };
  const taken = (entered: QueuedRequest | string): QueuedRequest => {
    if (typeof entered === 'string') throw new Error(entered);
    return entered;
  };
  const two = { queues: 2, handSize: 1, queueLengthLimit: 2 };

  test('without queues refuses what it has no seats for', () => {
    const { queues } = make('reject', 1);
    const numbers = counts();
    const first = taken(queues.enter(numbers, leastWork, []));
    expect(queues.enter(numbers, leastWork, [])).toBe('concurrency-limit');
    queues.finish(first);
    expect(taken(queues.enter(numbers, leastWork, [])).state).toBe('executing');
    expect(numbers).toMatchObject({ dispatched: 2, executing: 1, rejected: { 'concurrency-limit': 1 } });
  });

  test('that is exempt lets everything pass, and counts it', () => {
    const { queues } = make('exempt', 0);
    for (let each = 0; each < 100; each++) expect(taken(queues.enter(counts(), leastWork, [])).state).toBe('executing');
    expect(queues).toMatchObject({ executing: 100, seatsInUse: 100 });
  });

  test('refuses what comes to a full queue, and takes what comes to another', () => {
    const { queues } = make(two, 1);
    const running = taken(queues.enter(counts(), leastWork, [0]));
    const waiting = [1, 2].map(() => taken(queues.enter(counts(), leastWork, [0])));
    expect(queues.enter(counts(), leastWork, [0])).toBe('queue-full');
    const other = taken(queues.enter(counts(), leastWork, [1]));
    // The other queue had no turn yet.
    queues.finish(running);
    expect([...waiting, other].map(({ state }) => state)).toEqual(['waiting', 'waiting', 'executing']);
    queues.finish(other);
    expect(waiting.map(({ state }) => state)).toEqual(['executing', 'waiting']);
  });

  test('forgets a request that leaves its queue, and lets the next one pass', () => {
    const { queues } = make(two, 1);
    const numbers = counts();
    const running = taken(queues.enter(numbers, leastWork, [0]));
    const [first, second] = [1, 2].map(() => taken(queues.enter(numbers, leastWork, [0])));
    queues.leave(first!);
    queues.leave(first!);
    expect(numbers).toMatchObject({ inQueue: 1, inQueueSeats: 1, rejected: { 'time-out': 1 } });
    queues.finish(running);
    expect(second!.state).toBe('executing');
    expect(first!.state).toBe('over');
  });

  test('keeps the seats of a request until its extra time is over', () => {
    const { time, queues } = make('reject', 2);
    const numbers = counts();
    queues.finish(taken(queues.enter(numbers, { seats: 1, finalSeats: 2, extraMs: 5 }, [])));
    expect(numbers).toMatchObject({ executing: 0, executingSeats: 2 });
    expect(queues.enter(numbers, leastWork, [])).toBe('concurrency-limit');
    time.run(5);
    expect(taken(queues.enter(numbers, leastWork, [])).state).toBe('executing');
  });

  test('gives a request that needs more than all seats the whole set', () => {
    const { queues } = make(two, 2);
    const small = taken(queues.enter(counts(), leastWork, [0]));
    const large = taken(queues.enter(counts(), { seats: 5, finalSeats: 0, extraMs: 0 }, [1]));
    expect(large.state).toBe('waiting');
    queues.finish(small);
    expect(large.state).toBe('executing');
  });

  test('lets more requests pass when it gets more seats, and empties queues that it has no more', () => {
    const { queues } = make({ ...two, queueLengthLimit: 9 }, 0);
    const waiting = [0, 1, 0, 1].map((queue) => taken(queues.enter(counts(), leastWork, [queue])));
    queues.configure({ queues: 1, handSize: 1, queueLengthLimit: 9 }, 4);
    expect(waiting.every(({ state }) => state === 'executing')).toBe(true);
  });
});
