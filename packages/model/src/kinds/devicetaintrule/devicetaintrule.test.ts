import { describe, expect, it } from 'vitest';
import type { DeviceTaintRule } from '../../gen/gantry.resource.v1.ts';
import { deviceTaintRule } from './devicetaintrule.ts';

const old = '2026-01-01T00:00:00Z';
const nowMs = Date.parse('2026-02-01T00:00:00Z');

function rule(effect: string, timeAdded?: string): DeviceTaintRule {
  const taint = { key: 'k', value: '', effect, ...(timeAdded === undefined ? {} : { timeAdded }) };
  const type = { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceTaintRule' } as const;
  return { ...type, metadata: { name: 'a', creationTimestamp: old }, spec: { taint }, status: {} };
}

function timeAfter(changed: DeviceTaintRule): string | undefined {
  deviceTaintRule.prepareForUpdate!(changed, rule('NoSchedule', old), nowMs);
  return changed.spec?.taint?.timeAdded;
}

describe('the time of a taint', () => {
  it('is that of the creation where none was given', () => {
    const made = rule('None');
    deviceTaintRule.prepareForCreate!(made);
    expect(made.spec?.taint?.timeAdded).toBe(old);
  });

  it('moves with the effect alone', () => {
    expect(timeAfter(rule('NoExecute', old))).toBe('2026-02-01T00:00:00Z');
    expect(timeAfter(rule('NoSchedule', old))).toBe(old);
  });

  it('is what a client says with a new effect', () => {
    expect(timeAfter(rule('NoExecute', '2026-01-15T00:00:00Z'))).toBe('2026-01-15T00:00:00Z');
  });

  it('is now where a replacement leaves it out', () => {
    expect(timeAfter(rule('NoSchedule'))).toBe('2026-02-01T00:00:00Z');
  });
});
