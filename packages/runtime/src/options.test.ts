import { describe, expect, test } from 'vitest';
import { type Env, type Options, readOptions, withPrefix } from './options.ts';

type Name = 'name' | 'max-pods' | 'share' | 'label' | 'trust' | 'driver';

const specs = withPrefix('GANTRY_', ['name', 'max-pods', 'share', 'label', 'trust', 'driver'], {
  label: 'list',
  trust: 'switch',
});
const read = (args: string[], env: Env = {}): Options<Name> => readOptions(specs, args, env);

describe('options', () => {
  test('come from flags, or else from the environment', () => {
    const env = { GANTRY_NAME: 'b', GANTRY_MAX_PODS: '7', GANTRY_LABEL: 'x=1, y=2,', GANTRY_TRUST: 'false' };
    const given = read(['--name', 'a', '--trust', '--label=z=3', '--label', 'w=4'], env);
    expect(given.text('name')).toBe('a');
    expect(given.number('max-pods', { min: 1, max: 10, whole: true }, undefined)).toBe(7);
    expect(given.list('label')).toEqual(['z=3', 'w=4']);
    expect(given.switch('trust', false)).toBe(true);
    expect(read(['--trust=false'], { GANTRY_TRUST: 'true' }).switch('trust', true)).toBe(false);
    expect(read([], env).list('label')).toEqual(['x=1', 'y=2']);
  });

  test('have fallbacks; an empty text counts as none', () => {
    const given = read([], { GANTRY_NAME: '', GANTRY_DRIVER: '' });
    expect(given.text('name')).toBeUndefined();
    expect(given.list('label')).toEqual([]);
    expect(given.number('share', { min: 0, max: 1 }, 0.5)).toBe(0.5);
    expect(given.oneOf('driver', ['cri', 'process'], 'cri')).toBe('cri');
    expect(given.switch('trust', true)).toBe(true);
    expect(given.parsed('name', Number, 'must be a number')).toBeUndefined();
  });

  test.each<[string[], Env, (options: Options<Name>) => unknown, string]>([
    [['--nope'], {}, () => 0, "Unknown option '--nope'"],
    [['stray'], {}, () => 0, "Unexpected argument 'stray'"],
    [['--name'], {}, () => 0, "Option '--name <value>' argument missing"],
    [
      ['--max-pods=1.5'],
      {},
      (given) => given.number('max-pods', { min: 1, max: 9, whole: true }, 1),
      '--max-pods: Invalid value: "1.5": must be a whole number between 1 and 9, inclusive',
    ],
    [
      [],
      { GANTRY_SHARE: '55%' },
      (given) => given.number('share', { min: 0, max: 1 }, 1),
      'GANTRY_SHARE: Invalid value: "55%": must be between 0 and 1, inclusive',
    ],
    [
      [],
      { GANTRY_SHARE: '' },
      (given) => given.number('share', { min: 0, max: 1 }, 1),
      'GANTRY_SHARE: Invalid value: ""',
    ],
    [
      ['--driver=docker'],
      {},
      (given) => given.oneOf('driver', ['cri', 'process'], 'cri'),
      '--driver: Unsupported value: "docker": supported values: "cri", "process"',
    ],
    [
      [],
      { GANTRY_TRUST: 'maybe' },
      (given) => given.switch('trust', false),
      'GANTRY_TRUST: Unsupported value: "maybe": supported values: "false", "true"',
    ],
    [
      ['--name={'],
      {},
      (given) => given.parsed('name', JSON.parse, 'must be JSON'),
      '--name: Invalid value: "{": must be JSON',
    ],
  ])('%j with %j are refused by name', (args, env, use, message) => {
    const refused = expect(() => use(read(args, env)));
    refused.toThrow(message);
  });
});
