import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatYaml } from './yaml.ts';

describe('formatYaml', () => {
  // Examples of each type of the YAML 1.1 repository, in the spellings that its pages give.
  it.each([
    ...['~', 'null', 'Null', 'NULL', ''],
    ...['y', 'Y', 'yes', 'Yes', 'YES', 'n', 'N', 'no', 'No', 'NO', 'true', 'False', 'on', 'On', 'ON', 'off', 'Off'],
    ...['685230', '+685_230', '02472256', '0x_0A_74_AE', '0b1010_0111_0100_1010_1110', '190:20:30', '0o14', '1,000'],
    ...['6.8523015e+5', '685.230_15e+03', '685_230.15', '190:20:30.15', '-.inf', '.NaN', '1e3', '12e03', '.5', '1.'],
    ...['2001-12-15T02:59:43.1Z', '2001-12-14t21:59:43.10-05:00', '2001-12-14 21:59:43.10 -5', '2001-12-15 2:59:43.10'],
    ...['2002-12-14', '<<', '='],
  ])('quotes %j, which YAML 1.1 or 1.2 takes for something else than a string', (text) => {
    expect(formatYaml({ [text]: text })).toBe(`${JSON.stringify(text)}: ${JSON.stringify(text)}\n`);
  });

  it.each(['10.0.0.1', '100m', '1Gi', 'v1.2.3', 'yesterday', '1.36.1-musl', 'nginx:1.25', 'e2e', '2026-W48'])(
    'leaves %j as it is',
    (text) => {
      expect(formatYaml(text)).toBe(`${text}\n`);
    },
  );

  it('escapes what YAML 1.1 takes for a line break, and keeps lines of text', () => {
    expect(formatYaml('a\u2028b\u0085c')).toBe('"a\\u2028b\\u0085c"\n');
    expect(formatYaml({ script: 'a\nb\n' })).toBe('script: |\n  a\n  b\n');
  });

  it('writes a value that stands in two places twice', () => {
    const shared = { app: 'web' };
    expect(formatYaml({ labels: shared, selector: shared })).toBe('labels:\n  app: web\nselector:\n  app: web\n');
  });

  it('gives the value back', () => {
    const value = {
      text: ['yes', '- a', 'a: b', ' a', '\ttab\t', '\u{1F600}', 'x\n\n'],
      number: 3,
      no: null,
      ok: true,
    };
    expect(parse(formatYaml(value))).toEqual(value);
  });
});
