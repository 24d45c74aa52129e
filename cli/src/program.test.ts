import { describe, expect, it } from 'vitest';
import { rolloutProgress } from './commands/rollout-progress.ts';
import { createProgram, parseDurationMs } from './program.ts';

describe('parseDurationMs', () => {
  it.each([
    ['0', 0],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
  ])('reads %s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(['', '5', 'soon', '5x', '5s!'])('refuses %j', (text) => {
    expect(() => parseDurationMs(text)).toThrow('must be a duration');
  });
});

describe('createProgram', () => {
  const parse = (args: readonly string[]): Promise<unknown> =>
    createProgram({ signal: new AbortController().signal, onFurther: () => {} })
      .configureOutput({ writeErr: () => {} })
      .parseAsync(['node', 'gantry', ...args]);

  it.each([
    [['scale', 'deploy/web', '--replicas', 'many'], 'must be a whole number'],
    [['scale', 'deploy/web'], '--replicas <count>'],
    [['get', 'pods', '-o', 'xml'], 'Allowed choices'],
    [['fly'], "unknown command 'fly'"],
    [['apply'], '-f, --filename'],
  ])('refuses %j', async (args, problem) => {
    await expect(parse(args)).rejects.toThrow(problem);
  });
});

describe('rolloutProgress', () => {
  const deployment = (status: object): Parameters<typeof rolloutProgress>[0] => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', generation: 2 },
    spec: { replicas: 3, selector: {}, template: { spec: { containers: [] } } },
    status: { observedGeneration: 2, ...status },
  });

  it.each([
    [{ observedGeneration: 1 }, 'running', 'spec update to be observed'],
    [{ updatedReplicas: 1, replicas: 3 }, 'running', '1 out of 3 new replicas have been updated'],
    [{ updatedReplicas: 3, replicas: 4 }, 'running', '1 old replicas are pending termination'],
    [{ updatedReplicas: 3, replicas: 3, availableReplicas: 2 }, 'running', '2 of 3 updated replicas are available'],
    [{ updatedReplicas: 3, replicas: 3, availableReplicas: 3 }, 'done', 'successfully rolled out'],
    [
      { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] },
      'failed',
      'exceeded its progress deadline',
    ],
  ] as const)('reads %j as %s', (status, state, message) => {
    expect(rolloutProgress(deployment(status))).toMatchObject({ state, message: expect.stringContaining(message) });
  });
});
