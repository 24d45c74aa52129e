import { expect, test } from 'vitest';
import { PodCompiler } from '../compile/pod.ts';
import { type PodFields, podNamed } from '../testing/builders.ts';
import { DemandBook } from './demand-book.ts';
import { PodClass } from './pod-class.ts';

function classOf(fields: PodFields): PodClass {
  return new PodClass(new PodCompiler().compile(podNamed('p', fields)).requirement);
}

const share = (milli: number, cpu = '1'): PodFields => ({ requests: { 'gantry.dev/gpu-milli': `${milli}`, cpu } });

/** Kinds as `devices x thousandths: seen, mean cpu`. */
function told(book: DemandBook): string[] {
  return [...book.kinds()].map(({ gpu, seen, cpuMilli }) => {
    return `${gpu.devices}x${gpu.milliEach}: ${seen}, ${cpuMilli / seen}`;
  });
}

test('pods are of one kind where they ask for the same of GPUs and may go to the same nodes', () => {
  const book = new DemandBook();
  for (const cpu of ['1', '3']) book.saw(classOf(share(470, cpu)));
  book.saw(classOf(share(530)));
  book.saw(classOf({ ...share(470), nodeSelector: { model: 'T4' } }));
  book.saw(classOf({ requests: { 'nvidia.com/gpu': '8' } }));
  expect(told(book)).toEqual(['1x470: 2, 2000', '1x530: 1, 1000', '1x470: 1, 1000', '8x1000: 1, 0']);
});

test('pods without GPUs, and those that are made for one node each, say nothing of others', () => {
  const book = new DemandBook();
  book.saw(classOf({ requests: { cpu: '2' } }));
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } };
  book.saw(classOf({ ...share(470), affinity }));
  expect(told(book)).toEqual([]);
});

test('the rarest go where there are too many kinds, and may come again', () => {
  const book = new DemandBook();
  const often = classOf(share(999));
  const rare = classOf(share(1));
  for (let count = 0; count < 3; count++) book.saw(often);
  book.saw(rare);
  for (let milli = 2; milli <= 128; milli++) for (let count = 0; count < 2; count++) book.saw(classOf(share(milli)));
  expect(told(book)).toHaveLength(128);
  expect(told(book)).not.toContain('1x1: 1, 1000');
  book.saw(rare);
  expect(told(book)).toContain('1x1: 1, 1000');
  expect(told(book)).toContain('1x999: 3, 1000');
});

test('what came long ago counts less, and is forgotten', () => {
  const book = new DemandBook();
  const old = classOf(share(100));
  book.saw(old);
  const now = classOf(share(200));
  for (let count = 0; count < 200_000; count++) book.saw(now);
  const [kind, ...others] = book.kinds();
  expect(others).toEqual([]);
  expect(kind!.gpu.milliEach).toBe(200);
  expect(kind!.seen).toBeLessThan(32_768);
  expect(kind!.cpuMilli / kind!.seen).toBeCloseTo(1_000);
  expect(book.total).toBe(200_001);
});
