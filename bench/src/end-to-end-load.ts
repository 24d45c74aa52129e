import type { Client } from '@gantry/client/client.ts';
import type { KubeObject } from '@gantry/model/kind.ts';

/** Objects a call and calls under way at once, while objects are created. */
const batchSize = 256;
const lanes = 4;

/** Creates objects; returns when the answer about each came. */
export async function createAll(client: Client, objects: readonly KubeObject[]): Promise<number[]> {
  const createdMs = new Array<number>(objects.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < objects.length) {
      const start = next;
      next += batchSize;
      const batch = objects.slice(start, start + batchSize);
      const refused = (await client.createBatch(batch)).find(({ code }) => code !== 0);
      if (refused !== undefined) throw new Error(refused.message);
      createdMs.fill(performance.now(), start, start + batch.length);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return createdMs;
}

/** A quantile with one decimal. */
export function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
}

/** Processor time of each process, in microseconds a pod, as text. */
export function processorTimePerPod(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  pods: number,
): string {
  const spent = [...after].map(
    ([name, ms]) => `${name} ${Math.round(((ms - (before.get(name) ?? 0)) * 1_000) / pods)}`,
  );
  return spent.join(', ');
}
