import { ask, type LoadResult, startLoad } from '@gantry/bench/http-load.ts';
import { missingImage, pageImage } from '@gantry/bench/page-image.ts';
import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gantryOk } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { eventually } from '../wait.ts';

const perSecond = 200;
const port = 8090;
const url = `http://127.0.0.1:${port}/`;
/** Percent of the requests that the canary gets while it is judged. */
const canaryPercent = 20;
/** An image pull, a deadline or an analysis, and a machine that has other things to do. */
const rolloutTimeoutMs = 150_000;

/** Revisions of the page, each with its faults. */
interface Page {
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
}

const environment = (env: Page['env']): string =>
  Object.entries(env)
    .map(([name, value]) => `            - { name: ${name}, value: "${value}" }`)
    .join('\n');

const deployment = ({ image = pageImage, env }: Page): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: page
spec:
  replicas: 2
  selector: { matchLabels: { app: page } }
  template:
    metadata: { labels: { app: page } }
    spec:
      terminationGracePeriodSeconds: 10
      containers:
        - name: web
          image: ${image}
          ports: [{ name: http, containerPort: 8080 }]
          env:
${environment(env)}
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
          lifecycle: { preStop: { sleep: { seconds: 3 } } }
`;

const service = `apiVersion: v1
kind: Service
metadata:
  name: page
spec:
  type: LoadBalancer
  selector: { app: page }
  ports: [{ name: http, port: ${port}, targetPort: http }]
`;

/** A fifth of the requests until two analyses in a row were good, then half, then all. */
const policy = `apiVersion: gantry.dev/v1
kind: Rollout
metadata:
  name: page
spec:
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: page }
  progressDeadlineSeconds: 20
  scaleDownDelaySeconds: 2
  strategy:
    canary:
      steps:
        - setWeight: ${canaryPercent}
        - analysis:
            initialDelaySeconds: 15
            intervalSeconds: 10
            count: 2
            inconclusiveLimit: 6
            checks:
              - name: success
                successRate: { minPercent: 98, minRequests: 100, windowSeconds: 20 }
              - name: latency
                latency: { quantilePercent: 90, maxMilliseconds: 400, minRequests: 100, windowSeconds: 20 }
        - setWeight: 50
        - pause: { durationSeconds: 2 }
`;

/** Revisions of a Deployment that come into force, or do not, by what Envoy counts. */
export function rolloutScenarios(cluster: () => TestCluster): void {
  const status = async (): Promise<NonNullable<Rollout['status']>> => {
    const { status: found } = await cluster().client.get('Rollout', { namespace: 'default', name: 'page' });
    if (found === undefined) throw new Error('the Rollout has no status yet');
    return found;
  };
  const apply = (...documents: string[]): Promise<string> =>
    gantryOk(cluster(), ['apply', '-f', '-'], documents.join('---\n'));
  const untilPhase = (wanted: string, canary?: (revision: string) => boolean) =>
    eventually(
      `the rollout is ${wanted}`,
      async () => {
        const now = await status();
        if (now.phase === wanted && (canary === undefined || canary(now.canaryRevision ?? ''))) return now;
        throw new Error(JSON.stringify({ ...now, conditions: undefined }));
      },
      rolloutTimeoutMs,
    );

  /** Rolls a revision out under load that the policy has to refuse, and tells of the load. */
  const refused = async (page: Page): Promise<LoadResult> => {
    const before = await untilPhase('Healthy');
    const load = startLoad(url, perSecond);
    await eventually('traffic flows', () => load.sent >= perSecond);
    await apply(deployment(page));
    const after = await untilPhase('Degraded', (revision) => revision !== '');
    expect(after).toMatchObject({ stableRevision: before.stableRevision, canaryWeight: 0 });
    // Requests that were under way end, and none goes to the canary any more.
    const sentUntilBack = load.sent;
    await eventually('traffic flows on', () => load.sent >= sentUntilBack + perSecond);
    const result = await load.stop();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(url)));
    expect(new Set(answers)).toEqual(new Set(['version 1']));
    await apply(deployment(good));
    await untilPhase('Healthy');
    return result;
  };
  const good: Page = { env: { VERSION: '1' } };
  const whys = ({ failures }: LoadResult): Set<string> => new Set(failures.map(({ why }) => why));

  describe('progressive delivery', () => {
    beforeAll(async () => {
      await apply(deployment(good), service, policy);
      await untilPhase('Healthy');
      await eventually('Envoy answers', async () => (await ask(url)) === 'version 1');
    });
    afterAll(async () => {
      const page = { namespace: 'default', name: 'page' };
      for (const kind of ['Rollout', 'Service', 'Deployment'] as const) await cluster().client.delete(kind, page);
    });

    test('an image that never starts gets no request, and none fails', async () => {
      const result = await refused({ image: missingImage, env: { VERSION: '2' } });
      expect(whys(result)).toEqual(new Set());
      expect([...result.answers.keys()]).toEqual(['version 1']);
    });

    test('a slow image is taken back, and no request fails', async () => {
      const result = await refused({ env: { VERSION: '3', DELAY_SECONDS: '1' } });
      expect(whys(result)).toEqual(new Set());
      expect([...result.answers.keys()].sort()).toEqual(['version 1', 'version 3']);
    });

    test('an image that fails some requests is taken back, and no more of them fail than it got', async () => {
      const result = await refused({ env: { VERSION: '4', ERROR_PERCENT: '5' } });
      expect(whys(result)).toEqual(new Set(['status 503: version 4\n']));
      const canary = (result.answers.get('version 4') ?? 0) + result.failures.length;
      // Two canary pods of two answer: its part is its weight, but for chance.
      expect(canary).toBeLessThan(result.sent * ((canaryPercent + 5) / 100));
      expect(result.failures.length).toBeLessThan(canary * 0.1);
    });

    test('a good image comes into force without a failed request, also when the pods of the old one end', async () => {
      const { stableRevision: before } = await untilPhase('Healthy');
      const load = startLoad(url, perSecond);
      await apply(deployment({ env: { VERSION: '5' } }));
      await eventually(
        'the new revision is the stable one',
        async () => {
          const now = await status();
          return now.phase === 'Healthy' && now.stableRevision !== before;
        },
        rolloutTimeoutMs,
      );
      await eventually('the old pods are gone', async () => {
        const { items } = await cluster().client.list('Pod', {
          namespace: 'default',
          labelSelector: `app=page,pod-template-hash=${before}`,
        });
        return items.length === 0;
      });
      const top = await gantryOk(cluster(), ['top', 'services', '--window', '300']);
      expect(top).toMatch(/^SERVICE +PORT +REVISION +REQUESTS\/S +ACTIVE +SUCCESS +P50 +P99\n/);
      expect(
        top.match(/^page +8090 +[a-z0-9]+ +[0-9.]+ +[0-9.]+ +[0-9.]+% +[0-9.]+ms +[0-9.]+ms$/gm)?.length,
      ).toBeGreaterThan(1);
      const result = await load.stop();
      expect(whys(result)).toEqual(new Set());
      expect([...result.answers.keys()].sort()).toEqual(['version 1', 'version 5']);
    });
  });
}
