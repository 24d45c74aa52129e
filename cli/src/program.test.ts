import { describe, expect, it } from 'vitest';
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
    [['autoscale', 'deploy/web', '--min', '2'], '--max <count>'],
    [['get', 'pods', '-o', 'xml'], 'Allowed choices'],
    [['fly'], "unknown command 'fly'"],
    [['apply'], '-f, --filename'],
    [['rollout', 'undo', 'web', '--to-revision', 'last'], 'must be a whole number'],
  ])('refuses %j', async (args, problem) => {
    await expect(parse(args)).rejects.toThrow(problem);
  });
});
