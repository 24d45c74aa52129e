import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../host/commands.ts';
import { served, serviceOf } from '../testing/services.ts';
import { changeScript, fullScript } from './nft-text.ts';
import { type Ruleset, rulesetOf, tableName } from './ruleset.ts';

// Scripts as the kernel takes them, in network namespaces of this test.

const namespaces = [`gantry-nft-a-${process.pid}`, `gantry-nft-b-${process.pid}`] as const;

beforeAll(async () => {
  for (const name of namespaces) await run('ip', ['netns', 'add', name]);
});

afterAll(async () => {
  for (const name of namespaces) await run('ip', ['netns', 'delete', name]);
});

const serviceCidr = '10.96.0.0/16';

const apply = (namespace: string, script: string) =>
  run('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { input: script });

/** The table as the kernel has it, in an order of its own. */
async function tableIn(namespace: string): Promise<string[]> {
  const text = await run('ip', ['netns', 'exec', namespace, 'nft', '-s', '-j', 'list', 'table', 'ip', tableName]);
  const { nftables } = JSON.parse(text) as { nftables: Record<string, { handle?: number; elem?: unknown[] }>[] };
  return nftables
    .map((entry) =>
      JSON.stringify(entry, (key, value) => {
        if (key === 'handle') return undefined;
        return key === 'elem' && Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value;
      }),
    )
    .filter((line) => !line.includes('metainfo'))
    .sort();
}

/** Rules of a cluster that differs with each number. */
function variant(number: number): Ruleset {
  const services = Array.from({ length: 8 }, (_, index) => {
    const ips = Array.from(
      { length: (index * number) % 4 },
      (__, endpoint) => `10.64.${number % 3}.${index * 8 + endpoint + 2}`,
    );
    const ports = [
      {
        name: 'http',
        port: 80 + (number % 2),
        targetPort: 8080,
        ...(index % 3 === 0 ? { nodePort: 30_000 + index } : {}),
      },
      { name: 'http', port: 5_353, protocol: 'UDP' },
    ];
    const affinity = index % 4 === number % 4 ? { sessionAffinity: 'ClientIP' } : {};
    return served(
      serviceOf(`s${index}`, { clusterIP: `10.96.1.${index + 1}`, type: 'NodePort', ports, ...affinity }),
      ips,
    );
  }).filter((_, index) => (index + number) % 5 !== 0);
  return rulesetOf({ services, nodeName: 'node-1', clusterCidr: '10.64.0.0/16', extra: [] });
}

it('a change leads to the same rules as setting everything anew', async () => {
  const [changed, fresh] = namespaces;
  await apply(changed, fullScript(variant(0), serviceCidr));
  for (let number = 1; number <= 12; number++) {
    await apply(changed, changeScript(variant(number - 1), variant(number)));
    await apply(fresh, fullScript(variant(number), serviceCidr));
    expect(await tableIn(changed)).toEqual(await tableIn(fresh));
  }
});

it('nft takes all of a script or nothing', async () => {
  const [namespace] = namespaces;
  await apply(namespace, fullScript(variant(1), serviceCidr));
  const before = await tableIn(namespace);
  await expect(
    apply(namespace, `${fullScript(variant(2), serviceCidr)}\nadd rule ip ${tableName} nowhere accept\n`),
  ).rejects.toThrow();
  expect(await tableIn(namespace)).toEqual(before);
});
