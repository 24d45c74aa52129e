import { freePort } from '@gantry/cli/up/free-port.ts';
import { eventually } from '../../e2e/wait.ts';
import type { Operator, Stage } from './operator.ts';

const module = 'github.com/argoproj/argo-rollouts';

/** Rolls images out step by step. */
export const argoRollouts: Operator = {
  name: 'argo-rollouts',
  program: `${module}/cmd/rollouts-controller`,
  tests: [
    ['its definitions are established', (at) => at.define(module, ['manifests/crds/rollout-crd.yaml', ...analysis])],
    [
      'makes a ReplicaSet of a Rollout, and its pods get ready',
      async (at) => {
        const { kubectl } = at;
        const ports = ['--metricsport', String(await freePort()), '--healthzPort', String(await freePort())];
        at.start(['--kubeconfig', kubectl.kubeconfig, '--namespace', kubectl.namespace, '--namespaced', ...ports]);
        await kubectl.ok('apply', '-f', kubectl.file('rollout.json', rollout(kubectl.namespace, 'gantry.dev/hello:1')));
        await untilPhase(at, 'Healthy', 'gantry.dev/hello:1 gantry.dev/hello:1 gantry.dev/hello:1');
      },
    ],
    [
      'a new image goes to a part of the pods, and to all of them once it is promoted',
      async (at) => {
        const { kubectl } = at;
        await kubectl.ok('apply', '-f', kubectl.file('rollout.json', rollout(kubectl.namespace, 'gantry.dev/hello:2')));
        await untilPhase(at, 'Paused', 'gantry.dev/hello:1 gantry.dev/hello:1 gantry.dev/hello:2');
        const promoted = '{"status":{"pauseConditions":null}}';
        await kubectl.ok('patch', 'rollout', 'web', '--subresource=status', '--type=merge', '-p', promoted);
        await untilPhase(at, 'Healthy', 'gantry.dev/hello:2 gantry.dev/hello:2 gantry.dev/hello:2');
      },
    ],
    [
      'kubectl scales it',
      async (at) => {
        await at.kubectl.ok('scale', 'rollout', 'web', '--replicas=1');
        await untilPhase(at, 'Healthy', 'gantry.dev/hello:2');
      },
    ],
  ],
};

const analysis = ['analysis-run', 'analysis-template', 'cluster-analysis-template', 'experiment'].map(
  (name) => `manifests/crds/${name}-crd.yaml`,
);

function rollout(namespace: string, image: string): object {
  const labels = { app: 'web' };
  const steps = [{ setWeight: 34 }, { pause: {} }];
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      strategy: { canary: { maxSurge: 1, maxUnavailable: 0, steps } },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'web', image }] },
      },
    },
  };
}

/** Waits until a Rollout says so and its pods that do not end have these images. */
async function untilPhase({ kubectl }: Stage, phase: string, images: string): Promise<void> {
  await eventually(
    `the rollout is ${phase} with ${images}`,
    async () => {
      const { status } = await kubectl.json('get', 'rollout', 'web');
      if (status?.phase !== phase) return false;
      const { items } = await kubectl.json('get', 'pods', '-l', 'app=web');
      type Pod = { metadata: { deletionTimestamp?: string }; spec: { containers: { image: string }[] } };
      const alive = (items as Pod[]).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return (
        alive
          .map(({ spec }) => spec.containers[0]!.image)
          .sort()
          .join(' ') === images
      );
    },
    90_000,
  );
}
