import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Action, Controller, ScaleReading } from '../../core/action.ts';
import type { Answer, Question } from '../../core/measure.ts';
import { fakeView, tableWith } from '../../testing/fake-view.ts';
import { horizontalPodAutoscalerController } from '../horizontalpodautoscaler.ts';
import { type AutoscalerSettings, defaultAutoscalerSettings } from '../settings.ts';

type Scale = Extract<ScaleReading, { readonly type: 'replicas' }>;

/** The surroundings of one autoscaler, whose actions take effect at once. */
export interface Scene {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly pods?: readonly Pod[];
  readonly scale?: Partial<Scale> | ScaleReading;
  /** Answers what is measured; nobody answers where it is absent. */
  readonly answer?: (question: Question) => Answer;
  readonly settings?: Partial<AutoscalerSettings>;
  /** Autoscalers beside it. */
  readonly others?: readonly HorizontalPodAutoscaler[];
}

/** An autoscaler in a world of its own: each look runs until nothing is left to do but to wait. */
export class Trial {
  readonly clock = new FakeClock();
  readonly controller: Controller;
  readonly told: { readonly type: string; readonly reason: string; readonly message: string }[] = [];
  readonly questions: Question[] = [];
  /** Writes to the status. */
  writes = 0;
  autoscaler: HorizontalPodAutoscaler;
  pods: readonly Pod[];
  scale: ScaleReading;
  answer: (question: Question) => Answer;
  /** Error of the next change of the target. */
  refusal: GantryError | undefined;
  readonly #others: readonly HorizontalPodAutoscaler[];

  constructor({ autoscaler, pods = [], scale = {}, answer, settings = {}, others = [] }: Scene) {
    this.controller = horizontalPodAutoscalerController(this.clock, { ...defaultAutoscalerSettings, ...settings });
    this.autoscaler = autoscaler;
    this.pods = pods;
    const usual = { type: 'replicas', uid: 'target', replicas: 3, currentReplicas: 3, selector: 'app=web' } as const;
    this.scale = { ...usual, ...scale } as ScaleReading;
    this.answer = answer ?? (() => ({ type: 'none', problem: 'nobody answers' }));
    this.#others = others;
  }

  /** Replicas that the target asks for. */
  get replicas(): number {
    return this.scale.type === 'replicas' ? this.scale.replicas : Number.NaN;
  }

  /** Conditions as `Type=Status Reason`. */
  get conditions(): string[] {
    const { conditions = [] } = this.autoscaler.status ?? {};
    return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
  }

  /** Looks once, or as often as it takes until it waits. @returns Milliseconds of the wait. */
  look(key = `${this.autoscaler.metadata.namespace}/${this.autoscaler.metadata.name}`): number {
    for (let round = 0; round < 10; round++) {
      const view = fakeView(
        [this.autoscaler, ...this.#others, ...this.pods],
        undefined,
        tableWith('widgets.example.com'),
      );
      const plan = this.controller.reconcile(key, view, this.clock.now());
      const waitMs = this.#act(key, plan);
      if (waitMs > 0) return waitMs;
    }
    throw new Error('it never comes to rest');
  }

  /** Lets time pass, a period at a time. */
  pass(seconds: number): void {
    for (let left = seconds * 1000; left > 0; left -= 15_000) {
      this.clock.advance(Math.min(left, 15_000));
      this.look();
    }
  }

  #act(key: string, plan: readonly Action[]): number {
    for (const action of plan) {
      switch (action.type) {
        case 'readScale':
          this.controller.scaleRead?.(key, action.ref, this.scale);
          break;
        case 'measure': {
          const { id, questions } = action.measurement;
          this.questions.push(...questions);
          this.controller.measured?.(key, { id, answers: questions.map((question) => this.answer(question)) });
          break;
        }
        case 'setScale':
          if (!this.#rescale(action)) {
            this.controller.failed?.(key, this.refusal, 'setScale');
            this.refusal = undefined;
            return 0;
          }
          break;
        case 'event':
          this.told.push({ type: action.eventType, reason: action.reason, message: action.message });
          break;
        case 'updateStatus':
          if (action.object.metadata.name !== this.autoscaler.metadata.name) break;
          this.autoscaler = structuredClone(action.object) as HorizontalPodAutoscaler;
          this.writes++;
          break;
        case 'requeue':
          return action.afterMs;
        default:
          throw new Error(`no autoscaler does ${action.type}`);
      }
    }
    throw new Error('a plan without an end');
  }

  #rescale({ from, to }: Extract<Action, { readonly type: 'setScale' }>): boolean {
    if (this.scale.type !== 'replicas' || this.scale.replicas !== from) {
      this.refusal = new GantryError('Conflict', 'it asks for another number');
    }
    if (this.refusal !== undefined) return false;
    this.scale = { ...(this.scale as Scale), replicas: to };
    return true;
  }
}

/** An autoscaler of the Deployment web. */
export function anAutoscaler(
  spec: Partial<HorizontalPodAutoscaler['spec']> = {},
  name = 'web',
): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', generation: 1 },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      ...spec,
    },
  };
}

/** Pods of the target that are ready since long ago, and request one core each. */
export function readyPods(count: number): Pod[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${index}`, namespace: 'default', uid: `p${index}`, labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'web', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
    status: {
      phase: 'Running',
      startTime: '2020-01-01T00:00:00Z',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2020-01-01T00:00:10Z' }],
    },
  }));
}

/** The answer that each of the pods uses so many millicores. */
export function usesOf(...milli: readonly number[]): Answer {
  const pods = milli.map((each, index) => ({
    name: `p${index}`,
    timestampMs: Date.parse('2026-01-01T00:00:00Z'),
    windowMs: 15_000,
    containers: [{ name: 'web', cpuNanocores: each * 1e6, memoryWorkingSetBytes: 2 ** 29 }],
  }));
  return { type: 'podMetrics', pods };
}
