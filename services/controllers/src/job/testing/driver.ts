import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action, AnyObject, Controller } from '../../core/action.ts';
import { controllerReference } from '../../core/owners.ts';
import { fakeView } from '../../testing/fake-view.ts';
import { jobController } from '../job.ts';
import { indexAnnotation, trackingFinalizer } from '../pods.ts';

/** Plans that a driver carries out before it gives up. */
const mostPlans = 60;

/** A Job and its pods in a table of tests: every plan is carried out at once, and seen at once. */
export class JobDriver {
  readonly clock = new FakeClock();
  readonly controller: Controller = jobController(this.clock);
  readonly events: string[] = [];
  readonly created: Pod[] = [];
  readonly deleted: string[] = [];
  /** Statuses that were written, in order. */
  readonly statuses: Job['status'][] = [];
  job: Job;
  pods: Pod[];
  others: AnyObject[] = [];
  /** When the controller wants to look again, in milliseconds; undefined where it does not. */
  requeueMs: number | undefined;
  #names = 0;

  constructor(job: Job, pods: readonly Pod[] = []) {
    this.job = job;
    this.pods = [...pods];
  }

  /** Reconciles until nothing is left to do at this time. */
  settle(): this {
    for (let plans = 0; plans < mostPlans; plans++) {
      if (!this.once()) return this;
    }
    throw new Error('the plans never end');
  }

  /** Carries one plan out. True where it changed something. */
  once(): boolean {
    const { namespace, name } = this.job.metadata;
    const view = fakeView([this.job, ...this.pods, ...this.others]);
    this.requeueMs = undefined;
    const actions = this.controller.reconcile(`${namespace}/${name}`, view, this.clock.now());
    for (const action of actions) this.#perform(action);
    return actions.some(({ type }) => type !== 'requeue');
  }

  /** Changes a pod as its kubelet does. */
  report(name: string, phase: string): void {
    const pod = this.pods.find(({ metadata }) => metadata.name === name)!;
    pod.status = { ...pod.status, phase, conditions: [] };
    if (phase === 'Succeeded' || phase === 'Failed') {
      const lastTransitionTime = rfc3339(this.clock.now());
      pod.status.conditions = [{ type: 'Ready', status: 'False', lastTransitionTime }];
    }
    if (pod.metadata.deletionTimestamp !== undefined) this.#drop(pod);
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'updateStatus':
        this.job = { ...this.job, status: structuredClone((action.object as Job).status!) };
        this.statuses.push(this.job.status);
        return;
      case 'create': {
        const pod = structuredClone(action.object) as Pod;
        pod.metadata.name ||= `${pod.metadata.generateName}${this.#names++}`;
        pod.metadata.uid = pod.metadata.name;
        pod.metadata.resourceVersion = '1';
        pod.metadata.creationTimestamp = rfc3339(this.clock.now());
        pod.spec.nodeName = 'n';
        pod.status = { phase: 'Pending' };
        this.created.push(pod);
        this.pods.push(pod);
        return;
      }
      case 'delete':
        this.#of(action.object).metadata.deletionTimestamp = rfc3339(this.clock.now());
        this.deleted.push(action.object.metadata.name);
        return;
      case 'removeFinalizer': {
        const pod = this.#of(action.object);
        pod.metadata.finalizers = pod.metadata.finalizers!.filter((each) => each !== action.finalizer);
        this.#drop(pod);
        return;
      }
      case 'patchMetadata':
        Object.assign(this.#of(action.object).metadata, action.metadata);
        return;
      case 'event':
        this.events.push(`${action.eventType} ${action.reason} ${action.message}`);
        return;
      case 'requeue':
        this.requeueMs = Math.min(this.requeueMs ?? Number.POSITIVE_INFINITY, action.afterMs);
        return;
      default:
        throw new Error(`no Job asks for ${action.type}`);
    }
  }

  /** A pod of which nothing is left to say is gone. */
  #drop(pod: Pod): void {
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const isHeld = (pod.metadata.finalizers ?? []).length > 0;
    if (pod.metadata.deletionTimestamp !== undefined && isOver && !isHeld) {
      this.pods = this.pods.filter((other) => other !== pod);
    }
  }

  #of({ metadata: { uid } }: AnyObject): Pod {
    return this.pods.find(({ metadata }) => metadata.uid === uid)!;
  }
}

let nextPod = 0;

/**
 * Pods of a Job from words such as `2 active, failed@1x3`: a number, then pending, active, ready, succeeded, failed or terminating, then the
 * index after @, then the failures of the index before it after x.
 */
export function podsOf(job: Job, text: string): Pod[] {
  if (text === '') return [];
  return text.split(', ').flatMap((part) => {
    const [, number = '1', state, index, failures] = /^(?:(\d+) )?([a-z]+)(?:@(invalid|\d+))?(?:x(\d+))?$/.exec(part)!;
    return Array.from({ length: Number(number) }, () => aPodOf(job, state!, index, failures));
  });
}

const phases: Record<string, string> = {
  pending: 'Pending',
  active: 'Running',
  ready: 'Running',
  terminating: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
};

function aPodOf(job: Job, state: string, index: string | undefined, failures: string | undefined): Pod {
  const name = `p${nextPod++}`;
  const readiness = { type: 'Ready', status: state === 'ready' ? 'True' : 'False' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '2025-12-31T00:00:00Z',
      labels: { ...job.spec.template.metadata!.labels },
      annotations: {
        ...(index === undefined ? {} : { [indexAnnotation]: index }),
        ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': failures }),
      },
      finalizers: [trackingFinalizer],
      ownerReferences: [controllerReference(job)],
      ...(state === 'terminating' ? { deletionTimestamp: '2025-12-31T00:00:30Z', deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: { nodeName: 'n', restartPolicy: 'Never', containers: [{ name: 'work', image: 'work:1' }] },
    status: {
      phase: phases[state]!,
      // Long ago, so that no back-off is left.
      conditions: [{ ...readiness, lastTransitionTime: '2025-12-31T00:00:00Z' }],
    },
  };
}
