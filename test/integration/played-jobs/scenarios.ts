import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';

/** Acts of users and of a kubelet on one Job, in order; pods are named by their index, or by their number in order of names. */
export type Step =
  /** Waits until so many pods are active. */
  | { readonly active: number }
  /** The pod runs and is ready, or its containers have restarted so often. */
  | { readonly run: number; readonly restarts?: number }
  /** The pod has ended. */
  | { readonly end: number; readonly exitCode?: number; readonly disrupted?: true }
  /** A user deletes the pod, which ends by its grace period. */
  | { readonly remove: number }
  /** Ends all pods that are being deleted. */
  | { readonly collect: true }
  /** Changes the Job. */
  | { readonly patch: Partial<Job['spec']> }
  /** Waits until the Job has a true condition of this type. */
  | { readonly until: string }
  /** Compares all that there is to be seen of the Job, once it changes no more. */
  | { readonly look: true };

/** A Job, and what happens to it. */
export interface Play {
  readonly name: string;
  readonly spec: Partial<Job['spec']>;
  readonly restartPolicy?: 'OnFailure';
  readonly steps: readonly Step[];
}

const look = { look: true } as const;
const collect = { collect: true } as const;
const indexed = { completionMode: 'Indexed' };
const exits = (action: string, code: number) => ({
  rules: [{ action, onExitCodes: { operator: 'In', values: [code] } }],
});

/** Jobs of each policy. */
export const plays: readonly Play[] = [
  {
    name: 'completions',
    spec: { completions: 3, parallelism: 2 },
    steps: [
      { active: 2 },
      look,
      { run: 0 },
      look,
      { end: 0 },
      { active: 2 },
      look,
      { end: 0 },
      { end: 0 },
      { until: 'Complete' },
      look,
    ],
  },
  {
    name: 'work-queue',
    spec: { parallelism: 2 },
    steps: [{ active: 2 }, { end: 0 }, look, { end: 0, exitCode: 1 }, { until: 'Complete' }, look],
  },
  {
    name: 'indexed',
    spec: { ...indexed, completions: 4, parallelism: 3 },
    steps: [
      { active: 3 },
      look,
      { end: 0 },
      { end: 2 },
      { active: 2 },
      look,
      { end: 1 },
      { end: 3 },
      { until: 'Complete' },
      look,
    ],
  },
  { name: 'nothing', spec: { completions: 0, parallelism: 1 }, steps: [{ until: 'Complete' }, look] },
  {
    name: 'backoff-limit',
    spec: { completions: 3, parallelism: 2, backoffLimit: 0 },
    steps: [
      { active: 2 },
      { run: 1 },
      { end: 0, exitCode: 1 },
      { until: 'FailureTarget' },
      look,
      collect,
      { until: 'Failed' },
      look,
    ],
  },
  {
    name: 'retry',
    spec: { completions: 1, parallelism: 1, backoffLimit: 2 },
    steps: [{ active: 1 }, { end: 0, exitCode: 1 }, look, { active: 1 }, look, { end: 0 }, { until: 'Complete' }, look],
  },
  {
    name: 'fail-job',
    spec: { completions: 2, parallelism: 2, podFailurePolicy: exits('FailJob', 42) },
    steps: [
      { active: 2 },
      { end: 0, exitCode: 42 },
      { until: 'FailureTarget' },
      look,
      collect,
      { until: 'Failed' },
      look,
    ],
  },
  {
    name: 'ignore',
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
    },
    steps: [
      { active: 1 },
      { end: 0, exitCode: 137, disrupted: true },
      look,
      { active: 1 },
      look,
      { end: 0, exitCode: 1 },
      { until: 'Failed' },
      look,
    ],
  },
  {
    name: 'fail-index',
    spec: {
      ...indexed,
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 3,
      podFailurePolicy: exits('FailIndex', 7),
    },
    steps: [{ active: 2 }, look, { end: 0, exitCode: 7 }, look, { end: 1 }, { until: 'Failed' }, look],
  },
  {
    name: 'max-failed-indexes',
    spec: { ...indexed, completions: 3, parallelism: 3, backoffLimitPerIndex: 0, maxFailedIndexes: 0 },
    steps: [
      { active: 3 },
      { end: 1, exitCode: 1 },
      { until: 'FailureTarget' },
      look,
      collect,
      { until: 'Failed' },
      look,
    ],
  },
  {
    name: 'retry-index',
    spec: { ...indexed, completions: 2, parallelism: 2, backoffLimitPerIndex: 1 },
    steps: [
      { active: 2 },
      { end: 0, exitCode: 1 },
      look,
      { active: 2 },
      look,
      { end: 1 },
      { end: 0 },
      { until: 'Complete' },
      look,
    ],
  },
  {
    name: 'success-policy',
    spec: {
      ...indexed,
      completions: 3,
      parallelism: 3,
      successPolicy: { rules: [{ succeededCount: 3 }, { succeededIndexes: '0,2', succeededCount: 1 }] },
    },
    steps: [{ active: 3 }, { end: 2 }, { until: 'SuccessCriteriaMet' }, look, collect, { until: 'Complete' }, look],
  },
  {
    name: 'deadline',
    spec: { completions: 1, parallelism: 1, activeDeadlineSeconds: 3 },
    steps: [{ active: 1 }, { until: 'FailureTarget' }, look, collect, { until: 'Failed' }, look],
  },
  {
    name: 'suspend',
    spec: { completions: 2, parallelism: 2, suspend: true },
    steps: [
      { until: 'Suspended' },
      look,
      { patch: { suspend: false } },
      { active: 2 },
      look,
      { end: 0 },
      look,
      { patch: { suspend: true } },
      { until: 'Suspended' },
      look,
      collect,
      look,
      { patch: { suspend: false } },
      { active: 1 },
      { end: 0 },
      { until: 'Complete' },
      look,
    ],
  },
  {
    name: 'elastic',
    spec: { ...indexed, completions: 2, parallelism: 2 },
    steps: [
      { active: 2 },
      { patch: { completions: 3, parallelism: 3 } },
      { active: 3 },
      look,
      { end: 0 },
      { end: 2 },
      look,
      { patch: { completions: 1, parallelism: 1 } },
      look,
      collect,
      { until: 'Complete' },
      look,
    ],
  },
  {
    name: 'replace-failed',
    spec: { ...indexed, completions: 2, parallelism: 2, podReplacementPolicy: 'Failed' },
    steps: [{ active: 2 }, { remove: 1 }, look, collect, { active: 2 }, look],
  },
  {
    name: 'replace-terminating',
    spec: { ...indexed, completions: 2, parallelism: 2, podReplacementPolicy: 'TerminatingOrFailed' },
    steps: [{ active: 2 }, { remove: 1 }, look, { active: 2 }, look, collect, look],
  },
  {
    name: 'scale-down',
    spec: { completions: 6, parallelism: 3 },
    steps: [{ active: 3 }, { run: 0 }, { patch: { parallelism: 1 } }, { active: 1 }, look, collect, look],
  },
  {
    name: 'restarts',
    spec: { completions: 1, parallelism: 1, backoffLimit: 2 },
    restartPolicy: 'OnFailure',
    steps: [
      { active: 1 },
      { run: 0, restarts: 1 },
      look,
      { run: 0, restarts: 2 },
      { until: 'FailureTarget' },
      look,
      collect,
      { until: 'Failed' },
      look,
    ],
  },
  {
    name: 'managed-by-another',
    spec: { completions: 1, parallelism: 1, managedBy: 'example.com/queue' },
    steps: [look],
  },
];
