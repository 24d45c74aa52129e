import { describe, expect, it } from 'vitest';
import type { Service } from '../../gen/gantry.core.v1.ts';
import { asleepCondition, validateZero, zeroAnnotations, zeroSettings } from './zero.ts';

function service(annotations: Record<string, string>, type = 'LoadBalancer'): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', annotations }, spec: { type } };
}

describe('zeroSettings', () => {
  it('has none without the annotations, and defaults beside one', () => {
    expect(zeroSettings(service({ other: 'x' }))).toBeUndefined();
    expect(zeroSettings(service({ [zeroAnnotations.after]: '1h2m3s' }))).toEqual({
      ...{ afterMs: 3_723_000, replicas: 1, target: undefined },
      ...{ maxRequests: 1_000, maxBytes: 67_108_864, timeoutMs: 60_000 },
    });
  });

  it('reads all of them', () => {
    const all = service({
      [zeroAnnotations.after]: '5m',
      [zeroAnnotations.replicas]: '3',
      [zeroAnnotations.target]: 'games.example.com/chess',
      [zeroAnnotations.requests]: '50',
      [zeroAnnotations.bytes]: '2Mi',
      [zeroAnnotations.timeout]: '90s',
    });
    expect(validateZero(all)).toEqual([]);
    expect(zeroSettings(all)).toEqual({
      ...{ afterMs: 300_000, replicas: 3, target: { resource: 'games', group: 'example.com', name: 'chess' } },
      ...{ maxRequests: 50, maxBytes: 2_097_152, timeoutMs: 90_000 },
    });
  });

  it('has the defaults where a controller says that it may sleep', () => {
    const asked = service({});
    asked.status = {
      conditions: [
        {
          type: asleepCondition,
          status: 'False',
          reason: 'x',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    expect(zeroSettings(asked)).toMatchObject({ afterMs: undefined, maxRequests: 1_000 });
  });

  it('takes what cannot be read as absent', () => {
    expect(zeroSettings(service({ [zeroAnnotations.after]: 'soon' }))?.afterMs).toBeUndefined();
  });
});

describe('validateZero', () => {
  it.each([
    ['after', ''],
    ['after', '9s'],
    ['after', '25h'],
    ['after', '5'],
    ['after', '-5m'],
    ['replicas', '0'],
    ['replicas', '1.5'],
    ['replicas', '1001'],
    ['target', 'web'],
    ['target', 'deployments.apps/'],
    ['target', 'deployments.apps/a/b'],
    ['requests', '0'],
    ['requests', 'many'],
    ['bytes', '1Ki'],
    ['bytes', 'x'],
    ['timeout', '0s'],
    ['timeout', '1h'],
  ] as const)('refuses %s of %j with its name and value', (key, text) => {
    const [cause, ...more] = validateZero(service({ [zeroAnnotations[key]]: text }));
    expect(more).toEqual([]);
    expect(cause).toMatchObject({
      field: `metadata.annotations[${zeroAnnotations[key]}]`,
      message: expect.stringContaining(`Invalid value: ${JSON.stringify(text)}: must `),
    });
  });

  it('refuses them for Services that no load balancer serves', () => {
    const [cause] = validateZero(service({ [zeroAnnotations.timeout]: '5s' }, 'ClusterIP'));
    expect(cause).toMatchObject({ field: 'spec.type', message: expect.stringContaining('gantry.dev/hold-timeout') });
  });
});
