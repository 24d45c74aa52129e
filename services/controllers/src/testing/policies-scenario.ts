import { isDeepStrictEqual } from 'node:util';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { isActive } from '../core/pods.ts';
import { aDeployment } from './objects.ts';
import { brokenImage } from './players.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import type { Change } from './store.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

/** Users roll a Deployment that goes back by itself to good and broken images, and change the ConfigMap that its pods read. */
export const deploymentPolicies: Scenario = {
  name: 'restart-controller',
  steps: 600,
  setUp: (simulation) => {
    nodes(simulation);
    const deployment = aDeployment({ replicas: simulation.random.int(1, 4), progressDeadlineSeconds: 10 });
    const annotations = { 'gantry.dev/rollback-on-failure': 'true', 'gantry.dev/restart-on-change': 'true' };
    deployment.metadata.annotations = annotations;
    deployment.spec.template.spec!.volumes = [{ name: 'v', configMap: { name: 'web' } }];
    simulation.create(deployment);
    simulation.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'default' },
      data: {},
    });
    const seen: Seen = { contents: 1, restarts: 0, wentBack: false };
    simulation.store.onChange((change) => watch(seen, change));
  },
  act: (simulation) => {
    const { random } = simulation;
    const [deployment] = simulation.all('Deployment');
    if (random.chance(0.01)) {
      users.setImage(simulation, deployment, random.chance(0.4) ? brokenImage : `web:${random.int(1, 3)}`);
    }
    if (random.chance(0.004)) users.scale(simulation, deployment, random.int(1, 4));
    if (random.chance(0.01)) writeContent(simulation, String(random.int(1, 2)));
    if (random.chance(0.01))
      users.setLabel(simulation, simulation.all('ConfigMap')[0], 'touched', String(random.int(1, 9)));
  },
  check,
};

interface Seen {
  /** Contents that the ConfigMap had, each since the one before. */
  contents: number;
  /** Templates that the restart-controller wrote. */
  restarts: number;
  /** The last template is one that the deployment-controller went back to. */
  wentBack: boolean;
}

/** No more restarts than changes of the content, and no way back from where a way back has led. */
function watch(seen: Seen, { object, old, by }: Change): void {
  if (object.kind === 'ConfigMap' && old?.kind === 'ConfigMap' && !isDeepStrictEqual(object.data, old.data)) {
    seen.contents++;
  }
  if (object.kind !== 'Deployment' || old?.kind !== 'Deployment') return;
  if (isDeepStrictEqual(object.spec.template, old.spec.template)) return;
  if (by === 'restart-controller' && ++seen.restarts >= seen.contents) {
    throw new Violation(`${seen.restarts} restarts for ${seen.contents - 1} changes`);
  }
  if (by === 'deployment-controller') {
    if (seen.wentBack) throw new Violation('a Deployment goes back twice');
    if (imageOf(object) === brokenImage) throw new Violation('a Deployment goes back to what never worked');
  }
  seen.wentBack = by === 'deployment-controller';
}

function imageOf({ spec }: Deployment): string {
  return spec.template.spec!.containers[0]!.image!;
}

function writeContent(simulation: Simulation, a: string): void {
  simulation.store.edit(
    simulation.all('ConfigMap')[0]!,
    (draft) => {
      draft.data = { a };
    },
    'user',
  );
}

function check(simulation: Simulation): string[] {
  const [deployment] = simulation.all('Deployment');
  const marked = simulation.all('ReplicaSet').some(({ metadata }) => metadata.annotations?.['gantry.dev/completed']);
  const pods = simulation.all('Pod').filter(isActive);
  const image = imageOf(deployment!);
  // Without a revision that was complete there is no way back.
  if (image === brokenImage) return marked ? ['it stays with an image that does not work'] : [];
  const isWhole = pods.length === deployment!.spec.replicas && pods.every(isReady);
  return isWhole && pods.every(({ spec }) => spec.containers[0]!.image === image)
    ? []
    : [`${pods.length} pods, of which ${pods.filter(isReady).length} are ready`];
}
