import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import type { ChangeSource } from '@gantry/client/change-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { promptReader } from '@gantry/controllers/core/metadata-only.ts';
import { RunningControllers } from '@gantry/controllers/core/run.ts';
import { jobController } from '@gantry/controllers/job/job.ts';
import { jobTrackingController } from '@gantry/controllers/job/tracking.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { play, type Sight, type Stage, setStage } from './played-jobs/play.ts';
import { plays } from './played-jobs/scenarios.ts';

// Jobs look as they did on a real Kubernetes, when its kube-controller-manager ran them and the same script played the kubelet.

/** Longer than changes are gathered and events are held back. */
const quietMs = 1_500;

const stack = new AsyncDisposableStack();
let stage: Stage;
let recorded: Record<string, Sight[]>;

beforeAll(async () => {
  const api = stack.use(await startTestApi({ rest: '127.0.0.1:0' }));
  runJobs(api);
  stage = stageOf(api);
  await setStage(stage);
  const text = await readFile(join(import.meta.dirname, 'played-jobs/kubernetes.json'), 'utf8');
  recorded = JSON.parse(text) as typeof recorded;
});
afterAll(() => stack.disposeAsync());

describe('a Job looks as on Kubernetes', () => {
  test.concurrent.for(plays)('$name', { timeout: 120_000 }, async (one) => {
    expect(await play(stage, one)).toEqual(recorded[one.name]);
  });
});

function runJobs({ client }: TestApi): void {
  const [clock, log] = [systemClock, silentLogger];
  const events = stack.use(new EventRecorder(client, { component: 'job-controller', clock, log }));
  const reader = promptReader(client);
  stack.use(
    new RunningControllers([jobController(clock), jobTrackingController], {
      sourceOf: (kind) => watchSource(reader, kind) as ChangeSource<never>,
      resources: (signal) => client.watchResources(signal),
      apiOf: () => client,
      eventsOf: () => events,
      metrics: { reconciled: () => {} },
      clock,
      log,
    }),
  );
}

function stageOf({ api }: TestApi): Stage {
  return {
    quietMs,
    send: async (method, path, body, type = 'application/json') => {
      const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } };
      const response = await fetch(`http://127.0.0.1:${api.restPort}${path}`, { method, ...content });
      return { code: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}
