import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { environmentOf } from './env.ts';
import { expand } from './expand.ts';

const data = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
const bytes = new Map([
  ['ff', Buffer.of(0xff)],
  ['nul', Buffer.from('a\0b')],
]);
const config = {
  configMap: (name: string) => (name === 'settings' ? data({ color: 'blue', 'bad=name': 'x' }) : undefined),
  secret: (name: string) => ({ keys: data({ password: 'sesame' }), bytes })[name],
};

function env(
  container: Partial<Container>,
  serviceVariables: { name: string; value: string }[] = [],
): Record<string, string> {
  const pod = podOf({}, { labels: { app: 'web' } });
  const variables = environmentOf(
    { name: 'main', ...container },
    {
      pod,
      config,
      podIps: ['10.0.0.5'],
      hostIps: ['10.1.0.2'],
      serviceVariables,
      allocatable: { cpu: '4', memory: '2Gi' },
    },
  );
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

describe('expansion', () => {
  it.each([
    ['$(A)', '1'],
    ['$(A)-$(B)', '1-$(B)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A', '$A'],
    ['cost: $', 'cost: $'],
    ['$(', '$('],
  ])('of %s is %s', (text, expanded) => {
    expect(expand(text, (name) => (name === 'A' ? '1' : undefined), 'it')).toBe(expanded);
  });
});

describe('an environment that cannot be', () => {
  it('because its values double each other is refused before it is built', () => {
    const entries = Array.from({ length: 40 }, (_, index) => ({
      name: `E_${index}`,
      value: index === 0 ? 'x' : `$(E_${index - 1})$(E_${index - 1})`,
    }));
    expect(() => env({ env: entries })).toThrow(
      'environment variable "E_17" is too long: a program takes at most 131071 bytes',
    );
    const many = '$(BIG)'.repeat(200_000);
    const big = { name: 'BIG', value: 'x'.repeat(100_000) };
    expect(() => env({ env: [big, { name: 'MANY', value: many }] })).toThrow('environment variable "MANY" is too long');
  });

  it('because it is too large as a whole is refused by the variable that is too many', () => {
    const entries = Array.from({ length: 40 }, (_, index) => ({ name: `E_${index}`, value: 'x'.repeat(100_000) }));
    expect(() => env({ env: entries })).toThrow(
      'environment variable "E_20": the variables up to it take more than 2097152 bytes',
    );
    // The same variable again replaces its value.
    expect(
      env({ env: Array.from({ length: 40 }, () => ({ name: 'SAME', value: 'x'.repeat(100_000) })) }),
    ).toHaveProperty('SAME');
  });

  it.each([
    ['ff', 'environment variable "V": its value is not valid UTF-8'],
    ['nul', 'environment variable "V" has a NUL byte in its value'],
  ])('because of the bytes of %s is refused by its name', (key, message) => {
    expect(() => env({ env: [{ name: 'V', valueFrom: { secretKeyRef: { name: 'bytes', key } } }] })).toThrow(message);
    expect(() => env({ envFrom: [{ secretRef: { name: 'bytes' } }] })).toThrow('environment variable "ff"');
  });
});

describe('an environment', () => {
  it('takes services first, then envFrom, then env, of which later ones may use earlier ones', () => {
    const variables = env(
      {
        envFrom: [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
        env: [
          { name: 'GREETING', value: 'paint it $(CFG_color)' },
          { name: 'AGAIN', value: '$(GREETING)!' },
          { name: 'password', value: 'mine' },
        ],
      },
      [{ name: 'password', value: 'service' }],
    );
    expect(variables).toEqual({
      password: 'mine',
      CFG_color: 'blue',
      GREETING: 'paint it blue',
      AGAIN: 'paint it blue!',
    });
  });

  it('tells the pod of itself', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    expect(
      env({
        env: [
          field('IP', 'status.podIP'),
          field('HOST', 'status.hostIP'),
          field('APP', "metadata.labels['app']"),
          field('NODE', 'spec.nodeName'),
        ],
      }),
    ).toEqual({
      IP: '10.0.0.5',
      HOST: '10.1.0.2',
      APP: 'web',
      NODE: 'node-1',
    });
  });

  it('tells a container of its resources, in whole divisors rounded up', () => {
    const ask = (resource: string, divisor?: string) =>
      env({
        resources: { limits: { cpu: '1500m', memory: '100Mi' } },
        env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource, divisor } } }],
      }).X;
    expect(ask('limits.cpu')).toBe('2');
    expect(ask('limits.cpu', '1m')).toBe('1500');
    expect(ask('limits.memory', '1Mi')).toBe('100');
    expect(ask('limits.memory')).toBe('104857600');
  });

  it('tells a container without limits of what its node has for pods', () => {
    const ask = (resource: string, limits?: Record<string, string>) =>
      env({ resources: { limits }, env: [{ name: 'X', valueFrom: { resourceFieldRef: { resource } } }] }).X;
    expect([ask('limits.cpu'), ask('limits.memory'), ask('limits.cpu', { cpu: '0' })]).toEqual([
      '4',
      '2147483648',
      '4',
    ]);
    expect([ask('requests.cpu'), ask('limits.hugepages-2Mi')]).toEqual(['0', '0']);
  });

  it('leaves out what is optional and missing, and names what is not optional', () => {
    const from = (ref: object) => env({ env: [{ name: 'X', valueFrom: ref }] });
    expect(from({ configMapKeyRef: { name: 'settings', key: 'nope', optional: true } })).toEqual({});
    expect(from({ secretKeyRef: { name: 'nope', key: 'x', optional: true } })).toEqual({});
    expect(() => from({ configMapKeyRef: { name: 'settings', key: 'nope' } })).toThrow(
      "couldn't find key nope in ConfigMap default/settings",
    );
    expect(() => from({ secretKeyRef: { name: 'nope', key: 'x' } })).toThrow('secret "nope" not found');
    expect(() => env({ envFrom: [{ configMapRef: { name: 'nope' } }] })).toThrow('configmap "nope" not found');
  });
});
