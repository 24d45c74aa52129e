import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import type { Change, Operation, Store } from '@gantry/store/store.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DamagedObjects } from '../core/damage.ts';
import { type AnyObject, encodeValue, ObjectCache } from '../core/stored-object.ts';
import { toHubChange } from '../watch/change.ts';
import { loadObservers } from '../watch/observers.ts';
import { demandOf, nothing } from './demand.ts';
import { CapacityLedger, fenceKey, fitProblem, type NodeAccount } from './ledger.ts';

function pod(name: string, nodeName: string | undefined, cpu: string, phase = 'Running'): AnyObject {
  const container = { name: 'c', resources: { requests: { cpu } }, ports: [{ hostPort: 80 }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [container], ...(nodeName ? { nodeName } : {}) },
    status: { phase },
  };
}

const node: AnyObject = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n' },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
};

const podKey = (name: string): string => `pods/default/${name}`;

/** A pod's state at some point: bound or not, how large, in which phase; or gone. */
const step = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  node: fc.constantFrom('n', undefined),
  cpu: fc.constantFrom('100m', '1', '1500m'),
  phase: fc.constantFrom('Running', 'Running', 'Succeeded'),
  gone: fc.boolean(),
  /** Told of by this process as soon as it is committed, before the tail brings it. */
  early: fc.boolean(),
});

describe('CapacityLedger', () => {
  test('counts what a fresh count of the store finds, whatever was told early', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        await using store = await openStore('sqlite::memory:');
        await store.commit([{ type: 'put', key: 'nodes/_/n', value: encodeValue(node) }]);
        const ledger = new CapacityLedger();
        const loaded = await load(store, ledger);
        for (const { name, node: on, cpu, phase, gone, early } of steps) {
          const operations: Operation[] = [
            gone
              ? { type: 'delete', key: podKey(name) }
              : { type: 'put', key: podKey(name), value: encodeValue(pod(name, on, cpu, phase)) },
            { type: 'put', key: fenceKey('n'), value: '{}' },
          ];
          const result = await store.commit(operations);
          if (early && result.ok) ledger.noteCommitted(operations, result.revisions);
        }
        await follow(store, loaded, ledger);
        const recount = new CapacityLedger();
        await load(store, recount);
        expect(ledger.account('n')).toEqual(recount.account('n'));
      }),
      { numRuns: 60 },
    );
  });

  test('a node that is gone has no account', async () => {
    await using store = await openStore('sqlite::memory:');
    await store.commit([{ type: 'put', key: 'nodes/_/n', value: encodeValue(node) }]);
    const ledger = new CapacityLedger();
    const loaded = await load(store, ledger);
    await store.commit([{ type: 'delete', key: 'nodes/_/n' }]);
    await follow(store, loaded, ledger);
    expect(ledger.account('n')).toBeUndefined();
  });
});

/** Reads the store's state into the ledger. */
function load(store: Store, ledger: CapacityLedger): Promise<number> {
  const deps = { store, observers: [ledger], damaged: new DamagedObjects(silentLogger), log: silentLogger };
  return loadObservers(deps, AbortSignal.timeout(5_000));
}

/** Brings the ledger all changes after a revision. */
async function follow(
  store: Awaited<ReturnType<typeof openStore>>,
  after: number,
  ledger: CapacityLedger,
): Promise<void> {
  const { revision } = await store.list({ prefix: '', limit: 1 });
  if (revision === after) return;
  const stop = new AbortController();
  const deps = { cache: new ObjectCache(1_000_000), damaged: new DamagedObjects(silentLogger) };
  for await (const changes of store.watch({ prefix: '', after, signal: stop.signal })) {
    for (const change of changes as Change[]) ledger.onChange(change, toHubChange(change, deps));
    if (changes.at(-1)!.revision >= revision) break;
  }
  stop.abort();
}

describe('fitProblem', () => {
  const account: NodeAccount = {
    name: 'n',
    allocatable: new Map([
      ['cpu', 1_000],
      ['pods', 2],
    ]),
    deleting: false,
    topology: {},
    unknown: false,
    used: new Map([
      ['cpu', 600],
      ['pods', 1],
    ]),
    hostPorts: new Map([['TCP/0.0.0.0/8080', 1]]),
    fence: 1,
  };
  const asks = (cpu: number, ...hostPorts: string[]) => ({
    amounts: new Map([
      ['cpu', cpu],
      ['pods', 1],
    ]),
    hostPorts,
  });

  test.each([
    ['what is left', asks(400), undefined],
    [
      'more than is left',
      asks(401),
      "Node didn't have enough resource: cpu, requested: 401, used: 600, capacity: 1000",
    ],
    ['another port', asks(1, 'TCP/0.0.0.0/8081'), undefined],
    ['the same port of another protocol', asks(1, 'UDP/0.0.0.0/8080'), undefined],
    [
      'a port that is taken on all addresses',
      asks(1, 'TCP/10.0.0.1/8080'),
      "Node didn't have free ports: host port TCP/10.0.0.1/8080 is taken by TCP/0.0.0.0/8080",
    ],
  ])('%s', (_, demand, why) => {
    expect(fitProblem(account, nothing, demand)).toBe(why);
  });

  test('what earlier items of the batch take counts', () => {
    expect(fitProblem(account, asks(100), asks(100))).toContain('resource: pods, requested: 1, used: 2, capacity: 2');
  });

  test('a resource that the node does not have', () => {
    const demand = { amounts: new Map([['example.com/gpu', 1]]), hostPorts: [] };
    expect(fitProblem(account, nothing, demand)).toContain(
      'resource: example.com/gpu, requested: 1, used: 0, capacity: 0',
    );
  });
});

describe('demandOf', () => {
  const requests = (cpu: string) => ({ resources: { requests: { cpu } } });

  test('takes the larger of what runs and what starts, with sidecars beside both', () => {
    const spec = {
      containers: [
        { name: 'a', ...requests('300m') },
        { name: 'b', ...requests('0.2') },
      ],
      initContainers: [
        { name: 'sidecar', restartPolicy: 'Always', ...requests('100m') },
        { name: 'init', ...requests('700m') },
      ],
      overhead: { cpu: '10m' },
    };
    const { amounts } = demandOf({ ...pod('p', undefined, '1'), spec });
    expect(Object.fromEntries(amounts)).toEqual({ cpu: 810, pods: 1 });
  });

  test('a limit stands for a request that is not there', () => {
    const spec = { containers: [{ name: 'a', resources: { limits: { memory: '1Ki' } } }] };
    expect(demandOf({ ...pod('p', undefined, '1'), spec }).amounts.get('memory')).toBe(1024);
  });
});
