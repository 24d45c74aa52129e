import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectProvider, type ProviderClient } from '@gantry/cloud-provider/client.ts';
import { atSocket, serveProvider } from '@gantry/cloud-provider/serve.ts';
import { playedOptions, playProvider } from '@gantry/cloud-provider/testing/played-provider.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

// Each side of the protocol against the other side in another language: Python, with grpcio and protoc's own code.

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const python = fromRoot('.gantry/venv/bin/python');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloud-provider-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const nodeOf = (providerID: string) => ({ providerID, name: providerID.split('//')[1]!, labels: {}, annotations: {} });

async function eventually<T>(look: () => Promise<T>, isIt: (seen: T) => boolean): Promise<T> {
  for (const untilMs = performance.now() + 30_000; ; ) {
    const seen = await look();
    if (isIt(seen)) return seen;
    if (performance.now() > untilMs) throw new Error(`waited in vain; last seen: ${JSON.stringify(seen)}`);
    await delay(50);
  }
}

describe('the example provider in Python', () => {
  const capacity = { cpu: '2', memory: '4Gi' };
  const groups = {
    small: {
      min: 0,
      max: 3,
      capacity,
      labels: { zone: 'a' },
      price: 0.1,
      start: 'echo $NAME $PROVIDER_ID >> $LOG',
      stop: 'echo gone $NAME >> $LOG',
    },
    broken: { min: 1, max: 3, capacity, start: 'echo no machine left >&2; exit 1' },
    slow: { min: 0, max: 3, capacity, start: 'sleep 60' },
  };
  let program: ChildProcess;
  let client: ProviderClient;

  const start = async (): Promise<void> => {
    const socket = join(folder, 'example.sock');
    const args = ['--groups', join(folder, 'groups.json'), '--books', join(folder, 'books.json')];
    program = spawn(python, [fromRoot('examples/provider-python/provider.py'), ...args, '--listen', `unix:${socket}`], {
      env: { ...process.env, LOG: join(folder, 'log') },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      program.once('exit', (code) => reject(new Error(`the example ended with ${code}`)));
      program.stdout!.on('data', (text) => String(text).includes('listens') && resolve());
    });
    client = connectProvider({ address: `unix:${socket}`, insecure: false, timeoutMs: 10_000 });
  };
  const stop = async (): Promise<void> => {
    client[Symbol.dispose]();
    const ended = new Promise((resolve) => program.once('exit', resolve));
    process.kill(-program.pid!, 'SIGKILL');
    await ended;
  };

  beforeEach(async () => {
    await writeFile(join(folder, 'groups.json'), JSON.stringify(groups));
    await writeFile(join(folder, 'log'), '');
    await rm(join(folder, 'books.json'), { force: true });
    await start();
  });
  afterEach(stop);

  const states = async (group: string) => (await client.instances(group)).map(({ state }) => state);

  it('starts and ends machines by commands', async () => {
    expect(await client.nodeGroups()).toMatchObject({
      groups: [{ id: 'small', minSize: 0, maxSize: 3 }, { id: 'broken', minSize: 1 }, { id: 'slow' }],
      problems: [],
    });
    await client.increaseSize('small', 2);
    expect(await client.targetSize('small')).toBe(2);
    await eventually(
      () => states('small'),
      (seen) => seen.join() === 'running,running',
    );
    const [first] = await client.instances('small');
    const node = nodeOf(first!.id);
    expect(await readFile(join(folder, 'log'), 'utf8')).toContain(`${node.name} ${first!.id}\n`);
    expect(await client.nodeGroupForNode(node)).toMatchObject({ id: 'small' });
    expect(await client.nodeGroupForNode(nodeOf('other://x'))).toBeUndefined();
    await expect(client.increaseSize('small', 2)).rejects.toMatchObject({ reason: 'FailedPrecondition' });
    await expect(client.deleteNodes('slow', [node])).rejects.toMatchObject({ reason: 'NotFound' });
    await client.deleteNodes('small', [node]);
    expect(await client.targetSize('small')).toBe(1);
    await eventually(
      () => client.instances('small'),
      (seen) => seen.length === 1,
    );
    expect(await readFile(join(folder, 'log'), 'utf8')).toContain(`gone ${node.name}\n`);
  });

  it('tells templates and prices, and lacks settings', async () => {
    const template = await client.template('small');
    expect(template?.node).toMatchObject({
      metadata: { name: 'small-template', labels: { zone: 'a', 'kubernetes.io/hostname': 'small-template' } },
      status: { capacity, allocatable: capacity },
    });
    const asNode = { ...nodeOf('python://new'), providerID: '', labels: template!.node.metadata.labels! };
    expect(await client.nodePrice(asNode, 0, 7_200_000)).toBeCloseTo(0.2);
    expect(await client.nodePrice(nodeOf('python://broken-x'), 0, 7_200_000)).toBeUndefined();
    expect(await client.groupOptions('small', playedOptions)).toBe(playedOptions);
    expect(await client.gpuLabel()).toBe('');
    expect(await client.gpuTypes()).toEqual([]);
    await client.refresh();
    await client.cleanup();
  });

  it('says why a machine does not come, and takes back those on their way, also after it was killed', async () => {
    await client.increaseSize('broken', 1);
    const [failed] = await eventually(
      () => client.instances('broken'),
      (seen) => seen[0]?.error !== undefined,
    );
    expect(failed).toMatchObject({ state: 'creating', error: { kind: 'other', message: 'no machine left' } });
    await client.increaseSize('slow', 2);
    await stop();
    await start();
    expect(await client.targetSize('slow')).toBe(2);
    await client.decreaseTargetSize('slow', 1);
    expect(await client.targetSize('slow')).toBe(1);
    await expect(client.decreaseTargetSize('slow', 2)).rejects.toMatchObject({ reason: 'FailedPrecondition' });
  });
});

describe('a provider in TypeScript', () => {
  it('is called from Python', async () => {
    const path = join(folder, 'typescript.sock');
    const provider = playProvider([{ id: 'g', minSize: 0, maxSize: 5, debug: 'a group', size: 1 }]);
    await using _ = await serveProvider(provider, { at: atSocket(path), log: silentLogger });
    const program = spawn(python, [fromRoot('test/integration/cloud_provider_client.py'), `unix:${path}`]);
    const out: string[] = [];
    program.stdout.on('data', (text) => out.push(String(text)));
    program.stderr.on('data', (text) => out.push(String(text)));
    const code = await new Promise((resolve) => program.once('exit', resolve));
    expect(code, out.join('')).toBe(0);
    expect(JSON.parse(out.join(''))).toEqual({
      groups: [['g', 0, 5, 'a group']],
      groupOf: 'g',
      groupOfOther: '',
      sizes: [1, 3, 2],
      instances: [
        ['played://g-1000', 'instanceRunning'],
        ['played://g-1001', 'instanceRunning'],
      ],
      refused: ['FAILED_PRECONDITION', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'NOT_FOUND'],
      template: [{ cpu: '3500m', memory: '7Gi' }, { group: 'g' }, 'played'],
      unneededSeconds: 1.5,
      prices: [10, 2],
      gpu: ['played/gpu', ['a100', 't4']],
    });
  });
});
