import type { PodFailurePolicyRule } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { ContainerStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { aJob } from '../testing/job-scenario.ts';
import { intervalsOf } from './intervals.ts';
import { consequenceOf, successMessage } from './policies.ts';
import { JobDriver, podsOf } from './testing/driver.ts';

const ended = (name: string, exitCode: number): ContainerStatus => ({
  name,
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode } },
});
const codes = (action: string, operator: string, values: number[], containerName?: string): PodFailurePolicyRule => ({
  action,
  onExitCodes: { operator, values, ...(containerName === undefined ? {} : { containerName }) },
});
const disrupted: PodFailurePolicyRule = {
  action: 'Ignore',
  onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
};

/** A Job with these rules and a failed pod. */
function failing(rules: PodFailurePolicyRule[], containers: ContainerStatus[], init: ContainerStatus[] = []) {
  const job = aJob('work', { podFailurePolicy: { rules }, podReplacementPolicy: 'Failed', backoffLimit: 100 });
  const [pod] = podsOf(job, 'failed');
  pod!.status!.containerStatuses = containers;
  pod!.status!.initContainerStatuses = init;
  return { job, pod: pod! };
}

describe('the policy of failures', () => {
  it.each<[name: string, rules: PodFailurePolicyRule[], containers: ContainerStatus[], action: string]>([
    ['counts without a rule that matches', [codes('FailJob', 'In', [1])], [ended('a', 2)], 'Count'],
    ['matches a code', [codes('FailJob', 'In', [1, 2])], [ended('a', 2)], 'FailJob'],
    ['matches a code that is not listed', [codes('Ignore', 'NotIn', [1])], [ended('a', 2)], 'Ignore'],
    ['matches no success', [codes('FailJob', 'NotIn', [1])], [ended('a', 0)], 'Count'],
    ['looks at the named container', [codes('FailJob', 'In', [2], 'b')], [ended('a', 2), ended('b', 1)], 'Count'],
    ['goes by the first rule', [codes('Ignore', 'In', [2]), codes('FailJob', 'In', [2])], [ended('a', 2)], 'Ignore'],
    ['fails an index', [codes('FailIndex', 'In', [2])], [ended('a', 2)], 'FailIndex'],
    ['waits for the end', [codes('FailJob', 'In', [2])], [{ ...ended('a', 2), state: { running: {} } }], 'Count'],
  ])('%s', (_name, rules, containers, action) => {
    const { job, pod } = failing(rules, containers);
    expect(consequenceOf(job, pod).action).toBe(action);
  });

  it('looks at init containers as well', () => {
    const { job, pod } = failing([codes('FailJob', 'In', [5])], [ended('a', 1)], [ended('first', 5)]);
    expect(consequenceOf(job, pod).message).toBe(
      `Container first for pod default/${pod.metadata.name} failed with exit code 5 matching FailJob rule at index 0`,
    );
  });

  it('fails a Job at once, and says why', () => {
    const { job, pod } = failing([disrupted, codes('FailJob', 'In', [3])], [ended('work', 3)]);
    const driver = new JobDriver(job, [pod, ...podsOf(job, 'active')]).settle();
    const name = pod.metadata.name;
    expect(driver.job.status!.conditions).toMatchObject([
      {
        type: 'FailureTarget',
        reason: 'PodFailurePolicy',
        message: `Container work for pod default/${name} failed with exit code 3 matching FailJob rule at index 1`,
      },
    ]);
    expect(driver.deleted).toHaveLength(1);
  });

  it('ignores failures, which hold the next pod back all the same', () => {
    const { job, pod } = failing([disrupted], [ended('work', 137)]);
    pod.status!.conditions!.push({ type: 'DisruptionTarget', status: 'True' });
    pod.status!.conditions![0]!.lastTransitionTime = '2026-01-01T00:00:00Z';
    const driver = new JobDriver(job, [pod]).settle();
    expect(driver.job.status!.failed).toBeUndefined();
    expect([driver.created, driver.requeueMs]).toEqual([[], 10_000]);
  });

  it('names the condition', () => {
    const { job, pod } = failing([{ ...disrupted, action: 'FailJob' }], []);
    pod.status!.conditions!.push({ type: 'DisruptionTarget', status: 'True' });
    expect(consequenceOf(job, pod).message).toBe(
      `Pod default/${pod.metadata.name} has condition DisruptionTarget matching FailJob rule at index 0`,
    );
  });
});

it.each<[rule: { succeededIndexes?: string; succeededCount?: number }, succeeded: number[], met: boolean]>([
  [{ succeededIndexes: '0-2' }, [0, 1], false],
  [{ succeededIndexes: '0-2' }, [0, 1, 2, 5], true],
  [{ succeededIndexes: '0-2', succeededCount: 2 }, [0, 2], true],
  [{ succeededIndexes: '0-2', succeededCount: 2 }, [0, 4, 5], false],
  [{ succeededCount: 2 }, [7, 9], true],
  [{ succeededCount: 2 }, [7], false],
  [{ succeededCount: 0 }, [], false],
])('a policy of success %j with %j', (rule, succeeded, met) => {
  const job = aJob('work', { completions: 10, completionMode: 'Indexed', successPolicy: { rules: [rule] } });
  expect(successMessage(job, intervalsOf(succeeded))).toBe(met ? 'Matched rules at index 0' : undefined);
});
