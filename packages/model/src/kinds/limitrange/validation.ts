import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { LimitRange, LimitRangeItem } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity, toMilli } from '../../quantity.ts';
import { duplicate, forbidden, invalidValue, invalidValues, required } from '../../validation/causes.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';
import {
  canBeOvercommitted,
  validateContainerResourceName,
  validateResourceName,
} from '../../validation/resource-names.ts';

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];

/** Validates a limit range. */
export function validateLimitRange({ spec }: LimitRange): FieldCause[] {
  const seen = new Set<string>();
  return (spec?.limits ?? []).flatMap((item, index) => {
    const path = `spec.limits[${index}]`;
    const isRepeated = seen.has(item.type);
    seen.add(item.type);
    return [
      ...validateType(item.type, `${path}.type`),
      ...(isRepeated ? [duplicate(`${path}.type`, item.type)] : []),
      ...validateItem(item, path),
    ];
  });
}

function validateType(type: string, field: string): FieldCause[] {
  const problems = qualifiedNameProblems(type);
  if (problems.length > 0) return invalidValues(field, type, problems);
  return type.includes('/') || standardTypes.includes(type)
    ? []
    : [invalidValue(field, type, 'must be a standard limit type or fully qualified')];
}

type Part = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

function validateItem(item: LimitRangeItem, path: string): FieldCause[] {
  const isPod = item.type === 'Pod';
  const unused: readonly Part[] = isPod ? ['default', 'defaultRequest'] : [];
  const parts = (['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const).filter(
    (part) => !unused.includes(part),
  );
  const checkName = isPod || item.type === 'Container' ? validateContainerResourceName : validateResourceName;
  const isUnbounded = item.min?.storage === undefined && item.max?.storage === undefined;
  const names = new Set(parts.flatMap((part) => Object.keys(item[part] ?? {})));
  return [
    ...parts.flatMap((part) =>
      Object.keys(item[part] ?? {}).flatMap((name) => checkName(name, `${path}.${part}[${name}]`)),
    ),
    ...unused
      .filter((part) => Object.keys(item[part] ?? {}).length > 0)
      .map((part) => forbidden(`${path}.${part}`, "may not be specified when `type` is 'Pod'")),
    ...(item.type === 'PersistentVolumeClaim' && isUnbounded
      ? [required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
      : []),
    ...[...names].flatMap((name) => validateAmounts(name, item, parts, path)),
  ];
}

/** Pairs of bounds in order: the field that is at fault, and both words of its message. */
const orders: readonly (readonly [low: Part, high: Part, field: Part, lowName: string, highName: string])[] = [
  ['min', 'max', 'min', 'min', 'max'],
  ['min', 'defaultRequest', 'defaultRequest', 'min', 'default request'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request', 'max'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request', 'default limit'],
  ['min', 'default', 'default', 'min', 'default'],
  ['default', 'max', 'default', 'default', 'max'],
];

/** The amounts of one resource beside each other. */
function validateAmounts(name: string, item: LimitRangeItem, parts: readonly Part[], path: string): FieldCause[] {
  const amount = (part: Part): string | undefined => (parts.includes(part) ? item[part]?.[name] : undefined);
  const isAbove = (low: string, high: string): boolean =>
    compareQuantities(parseQuantity(low), parseQuantity(high)) > 0;
  const causes = orders.flatMap(([low, high, part, lowName, highName]) => {
    const [lowest, highest] = [amount(low), amount(high)];
    if (lowest === undefined || highest === undefined || !isAbove(lowest, highest)) return [];
    const text = `${lowName} value ${lowest} is greater than ${highName} value ${highest}`;
    return [invalidValue(`${path}.${part}[${name}]`, amount(part), text)];
  });
  const [given, request] = [amount('default'), amount('defaultRequest')];
  if (given !== undefined && request !== undefined && !canBeOvercommitted(name)) {
    if (compareQuantities(parseQuantity(given), parseQuantity(request)) !== 0) {
      const text = `default value ${given} must equal to defaultRequest value ${request} in ${name}`;
      causes.push(invalidValue(`${path}.defaultRequest[${name}]`, request, text));
    }
  }
  const ratio = amount('maxLimitRequestRatio');
  return ratio === undefined
    ? causes
    : [...causes, ...validateRatio(ratio, amount('min'), amount('max'), `${path}.maxLimitRequestRatio[${name}]`)];
}

function validateRatio(ratio: string, min: string | undefined, max: string | undefined, field: string): FieldCause[] {
  const milli = (text: string): number => toMilli(parseQuantity(text));
  const causes = milli(ratio) < 1000 ? [invalidValue(field, ratio, `ratio ${ratio} is less than 1`)] : [];
  if (min === undefined || max === undefined) return causes;
  const widest = milli(max) / milli(min);
  if (milli(ratio) / 1000 <= widest) return causes;
  return [...causes, invalidValue(field, ratio, `ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`)];
}
