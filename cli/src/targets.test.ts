import { describe, expect, it } from 'vitest';
import { parseTarget, parseTargets } from './targets.ts';

describe('parseTargets', () => {
  it.each([
    [['pods'], [{ kind: 'Pod', names: [] }]],
    [['po', 'a', 'b'], [{ kind: 'Pod', names: ['a', 'b'] }]],
    [
      ['pods,svc'],
      [
        { kind: 'Pod', names: [] },
        { kind: 'Service', names: [] },
      ],
    ],
    [
      ['deploy/web', 'deploy/api', 'pod/x'],
      [
        { kind: 'Deployment', names: ['web', 'api'] },
        { kind: 'Pod', names: ['x'] },
      ],
    ],
    [['deployments.apps'], [{ kind: 'Deployment', names: [] }]],
  ])('reads %j', (args, targets) => {
    expect(parseTargets(args)).toMatchObject(targets);
  });

  it.each([
    [['podz'], `doesn't have a resource type "podz"`],
    [['deploy/web', 'x'], 'resource/name form: "x"'],
    [['deploy/a/b'], '"deploy/a/b"'],
    [[], 'You must specify the type of resource'],
  ])('refuses %j', (args, problem) => {
    expect(() => parseTargets(args)).toThrow(problem);
  });
});

describe('parseTarget', () => {
  it('takes one object', () => {
    expect(parseTarget(['web'], 'Pod')).toEqual({ kind: 'Pod', name: 'web' });
    expect(parseTarget(['deploy', 'web'])).toEqual({ kind: 'Deployment', name: 'web' });
    expect(() => parseTarget(['pods'])).toThrow('exactly one object must be named');
  });
});
