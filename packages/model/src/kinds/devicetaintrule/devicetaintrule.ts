import type { FieldCause } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { formatAge } from '../../age.ts';
import type { DeviceTaintRule } from '../../gen/gantry.resource.v1.ts';
import type { Kind } from '../../kind.ts';
import { invalidValues, notEnforced, required, tooMany } from '../../validation/causes.ts';
import { validateConditions } from '../../validation/conditions.ts';
import { dnsLabelProblems } from '../../validation/names.ts';
import { validateDriver, validatePoolName, validateTaint } from '../devices/devices.ts';

/** Kubernetes' bound. */
const maxConditions = 8;

/** resource.k8s.io/v1 DeviceTaintRule. */
export const deviceTaintRule: Kind<DeviceTaintRule> = {
  kind: 'DeviceTaintRule',
  group: 'resource.k8s.io',
  version: 'v1',
  plural: 'devicetaintrules',
  singular: 'devicetaintrule',
  shortNames: [],
  namespaced: false,
  message: 'gantry.resource.v1.DeviceTaintRule',
  objectField: 'deviceTaintRule',
  hasStatus: true,
  needsRevision: true,
  generation: 'spec',
  setDefaults: () => {},
  prepareForCreate: (rule) => {
    rule.status = {};
    const { metadata, spec } = rule;
    if (spec?.taint && metadata.creationTimestamp) spec.taint.timeAdded ??= metadata.creationTimestamp;
  },
  prepareForUpdate: ({ spec }, { spec: stored }, nowMs) => {
    const taint = spec?.taint;
    if (!taint) return;
    // The time is that of the effect: tolerations count from it.
    const isOld = taint.effect !== stored?.taint?.effect && taint.timeAdded === stored?.taint?.timeAdded;
    if (isOld || taint.timeAdded === undefined) taint.timeAdded = rfc3339(nowMs);
  },
  validate: validateRule,
  validateStatus: ({ status: { conditions = [] } = {} }) => [
    ...validateConditions(conditions, 'status.conditions'),
    ...(conditions.length > maxConditions ? [tooMany('status.conditions', conditions.length, maxConditions)] : []),
  ],
  warnings: () => [notEnforced(deviceTaintRule, 'no device is tainted by it')],
  selectableFields: {},
  columns: [
    { name: 'KEY', cell: ({ spec }) => spec?.taint?.key ?? '' },
    { name: 'VALUE', cell: ({ spec }) => spec?.taint?.value ?? '' },
    { name: 'EFFECT', cell: ({ spec }) => spec?.taint?.effect ?? '' },
    {
      name: 'TIMEADDED',
      cell: ({ spec }, nowMs) => (spec?.taint?.timeAdded ? formatAge(spec.taint.timeAdded, nowMs) : ''),
    },
  ],
};

function validateRule({ spec }: DeviceTaintRule): FieldCause[] {
  const { driver, pool, device } = spec?.deviceSelector ?? {};
  const field = 'spec.deviceSelector';
  return [
    ...(driver === '' ? [required(`${field}.driver`)] : validateDriver(driver ?? '', `${field}.driver`)),
    ...(pool === '' ? [required(`${field}.pool`)] : validatePoolName(pool ?? '', `${field}.pool`)),
    ...(device === undefined ? [] : invalidValues(`${field}.device`, device, dnsLabelProblems(device))),
    ...(spec?.taint ? validateTaint(spec.taint, 'spec.taint') : []),
  ];
}
