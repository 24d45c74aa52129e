import type { Loose } from '../../e2e/clients/kubectl.ts';
import { eventually } from '../../e2e/wait.ts';
import type { Operator } from './operator.ts';

/** Evicts pods that should be elsewhere, so that the scheduler places others. */
export const descheduler: Operator = {
  name: 'descheduler',
  program: 'sigs.k8s.io/descheduler/cmd/descheduler',
  tests: [
    [
      'evicts pods that live too long, and no more than their budget allows',
      async (at) => {
        const { kubectl } = at;
        await kubectl.ok('create', 'deployment', 'old', '--image=gantry.dev/hello:1', '--replicas=3');
        await kubectl.ok('rollout', 'status', 'deployment/old', '--timeout=90s');
        await kubectl.ok('create', 'poddisruptionbudget', 'old', '--selector=app=old', '--min-available=2');
        await eventually('the budget is known', async () => {
          const { status } = await kubectl.json('get', 'pdb', 'old');
          return status?.disruptionsAllowed === 1;
        });
        // Its policy is about pods that are older than a second.
        await eventually('the pods are old', async () => {
          const { items } = await kubectl.json('get', 'pods', '-l', 'app=old');
          const made = items.map(({ metadata }: Loose) => Date.parse(metadata.creationTimestamp));
          return Math.max(...made) < Date.now() - 3_000;
        });
        const before = await podsOf(kubectl);
        const flags = [
          '--kubeconfig',
          kubectl.kubeconfig,
          '--policy-config-file',
          kubectl.file('policy.json', policy(kubectl.namespace)),
        ];
        const { code } = await at.start([...flags, '--secure-port=0', '-v=3']).ended;
        if (code !== 0) throw new Error(`it ended with code ${code}`);
        await eventually('another pod is there', async () => {
          const now = await podsOf(kubectl);
          return now.length === 3 && now.filter((name) => !before.includes(name)).length === 1;
        });
      },
    ],
  ],
};

async function podsOf(kubectl: { ok(...args: string[]): Promise<string> }): Promise<string[]> {
  const said = await kubectl.ok('get', 'pods', '-l', 'app=old', '-o', 'name');
  return said.trim().split('\n');
}

function policy(namespace: string): object {
  const lifetime = { maxPodLifeTimeSeconds: 1, namespaces: { include: [namespace] } };
  return {
    apiVersion: 'descheduler/v1alpha2',
    kind: 'DeschedulerPolicy',
    profiles: [
      {
        name: 'old',
        pluginConfig: [
          { name: 'PodLifeTime', args: lifetime },
          { name: 'DefaultEvictor', args: {} },
        ],
        plugins: { deschedule: { enabled: ['PodLifeTime'] } },
      },
    ],
  };
}
