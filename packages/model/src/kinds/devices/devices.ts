/** Parts that classes, claims and slices of devices have in common. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  DeviceConfiguration,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
} from '../../gen/gantry.resource.v1.ts';
import { duplicates, invalidValue, invalidValues, oneOf, required, tooLong, tooMany } from '../../validation/causes.ts';
import {
  caselessSubdomainProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../../validation/names.ts';

/** Kubernetes' bounds. */
export const maxRequests = 32;
const maxSelectors = 32;
const maxConfigs = 32;
const maxTolerations = 16;
const maxExpressionBytes = 10 * 1024;
/** JSON text of data that only a driver understands, in bytes. */
const maxDataBytes = 10 * 1024;
const maxDriverChars = 63;
const maxIdChars = 32;

/** Effects of taints of devices. */
const taintEffects = ['NoExecute', 'NoSchedule', 'None'];

/** Each entry of a list of a bounded size; of a longer one nothing but its size. */
export function validateSlice<T>(
  list: readonly T[] = [],
  max: number,
  field: string,
  validateItem: (item: T, path: string) => FieldCause[],
): FieldCause[] {
  if (list.length > max) return [tooMany(field, list.length, max)];
  return list.flatMap((item, index) => validateItem(item, `${field}[${index}]`));
}

/** The same of a list in which each entry has a name, or whatever `keyOf` gives, of its own. */
export function validateSet<T>(
  list: readonly T[] = [],
  max: number,
  field: string,
  keyOf: (item: T) => string,
  validateItem: (item: T, path: string) => FieldCause[] = () => [],
): FieldCause[] {
  const causes = validateSlice(list, max, field, validateItem);
  return list.length > max ? causes : [...causes, ...duplicates(list.map(keyOf), (index) => `${field}[${index}]`)];
}

/** Selectors of devices. Expressions are not compiled. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, field: string): FieldCause[] {
  return validateSlice(selectors, maxSelectors, field, ({ cel }, path) => {
    if (cel === undefined) return [required(`${path}.cel`)];
    const isLong = Buffer.byteLength(cel.expression) > maxExpressionBytes;
    return isLong ? [tooLong(`${path}.cel.expression`, maxExpressionBytes)] : [];
  });
}

/** The name of a driver that speaks for itself; an empty one is the schema's matter. */
export function validateDriver(driver: string, field: string): FieldCause[] {
  return driver === '' ? [] : driverCauses(driver, field, dnsSubdomainProblems(driver.toLowerCase()));
}

/** The name of a driver that somebody refers to. */
export function validateDriverReference(driver: string, field: string): FieldCause[] {
  return driver === '' ? [] : driverCauses(driver, field, caselessSubdomainProblems(driver));
}

function driverCauses(driver: string, field: string, problems: readonly string[]): FieldCause[] {
  return [
    ...(driver.length > maxDriverChars ? [tooLong(field, maxDriverChars)] : []),
    ...invalidValues(field, driver, problems),
  ];
}

/** The name of a pool: domains with slashes between them. @param isReference Somebody refers to the pool: problems name the segment. */
export function validatePoolName(name: string, field: string, isReference = false): FieldCause[] {
  if (name === '') return [];
  const maxChars = 253;
  return [
    ...(name.length > maxChars ? [tooLong(field, maxChars)] : []),
    ...name.split('/').flatMap((part, index) => {
      const start = isReference ? `segment ${index}: ` : '';
      const problems = dnsSubdomainProblems(part).map((problem) => `${start}${problem}`);
      return invalidValues(field, part, problems);
    }),
  ];
}

/** Settings, each for the requests that it names, where it may name some. */
export function validateConfigs<T extends DeviceConfiguration>(
  configs: readonly T[] | undefined,
  field: string,
  validateMore: (config: T, path: string) => FieldCause[] = () => [],
  max = maxConfigs,
): FieldCause[] {
  return validateSlice(configs, max, field, (config, path) => {
    const { opaque } = config;
    if (opaque === undefined) return [...validateMore(config, path), required(`${path}.opaque`)];
    return [
      ...validateMore(config, path),
      ...validateDriverReference(opaque.driver, `${path}.opaque.driver`),
      ...validateData(opaque.parameters ?? null, `${path}.opaque.parameters`),
    ];
  });
}

/** Data that only a driver understands: an object. */
export function validateData(data: unknown, field: string): FieldCause[] {
  if (data === undefined) return [];
  if (data === null) return [required(field)];
  if (Buffer.byteLength(JSON.stringify(data)) > maxDataBytes) return [tooLong(field, maxDataBytes)];
  const isObject = typeof data === 'object' && !Array.isArray(data);
  return isObject ? [] : [invalidValue(field, '<value omitted>', 'must be a valid JSON object')];
}

/** A taint of devices; an empty effect is the schema's matter. */
export function validateTaint({ key, value = '', effect }: DeviceTaint, path: string): FieldCause[] {
  return [
    ...(key === '' ? [] : invalidValues(`${path}.key`, key, qualifiedNameProblems(key))),
    ...invalidValues(`${path}.value`, value, labelValueProblems(value)),
    ...(effect === '' ? [] : oneOf(`${path}.effect`, effect, taintEffects)),
  ];
}

/** Tolerations of devices' taints. */
export function validateTolerations(tolerations: readonly DeviceToleration[] | undefined, field: string): FieldCause[] {
  return validateSlice(tolerations, maxTolerations, field, ({ key, operator = '', value = '', effect }, path) => [
    ...(key ? invalidValues(`${path}.key`, key, qualifiedNameProblems(key)) : []),
    ...(operator === '' ? [required(`${path}.operator`)] : oneOf(`${path}.operator`, operator, ['Equal', 'Exists'])),
    ...(operator === 'Exists' && value !== ''
      ? [invalidValue(`${path}.value`, value, 'must be empty for operator `Exists`')]
      : []),
    ...(operator === 'Equal' ? invalidValues(`${path}.value`, value, labelValueProblems(value)) : []),
    ...(effect ? oneOf(`${path}.effect`, effect, taintEffects) : []),
  ]);
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The name of an attribute or a capacity: an identifier, with the domain of who defined it before a slash. */
export function validateAttributeName(name: string, field: string, prefix = ''): FieldCause[] {
  const parts = name.split('/');
  if (parts.length > 2) return [];
  const [domain, id] = parts.length === 1 ? [undefined, parts[0]!] : [parts[0]!, parts[1]!];
  return [
    ...(domain === '' ? [invalidValue(field, '', 'the domain must not be empty')] : []),
    ...(domain
      ? driverCauses(
          domain,
          field,
          dnsSubdomainProblems(prefix === '' ? domain.toLowerCase() : domain).map((problem) => `${prefix}${problem}`),
        )
      : []),
    ...(domain !== undefined && id === '' ? [invalidValue(field, '', 'the name must not be empty')] : []),
    ...(domain === undefined || id !== '' ? validateIdentifier(id, field) : []),
  ];
}

function validateIdentifier(id: string, field: string): FieldCause[] {
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
  return [
    ...(id.length > maxIdChars ? [tooLong(field, maxIdChars)] : []),
    ...(identifier.test(id) ? [] : [invalidValue(field, id, text)]),
  ];
}

/** The name of an attribute with its domain. */
export function validateQualifiedAttribute(name: string | undefined, field: string): FieldCause[] {
  if (name === undefined) return [];
  const text = 'a fully qualified name must be a domain and a name separated by a slash';
  return [
    ...validateAttributeName(name, field, 'prefix: '),
    ...(name.includes('/') ? [] : [invalidValue(field, name, text)]),
  ];
}

/** Conditions of a device: those that must hold before a pod is bound, and those that end the wait. Neither goes without the other. */
export function validateBindingConditions(
  conditions: readonly string[] = [],
  failures: readonly string[] = [],
  path: string,
): FieldCause[] {
  const max = 4;
  const check = (list: readonly string[], field: string): FieldCause[] =>
    validateSet(
      list,
      max,
      field,
      (name) => name,
      (name, own) => invalidValues(own, name, qualifiedNameProblems(name)),
    );
  const [own, other] = [`${path}.bindingConditions`, `${path}.bindingFailureConditions`];
  const shared = failures.flatMap((name, index) =>
    conditions.includes(name)
      ? [invalidValue(`${other}[${index}]`, name, 'bindingFailureConditions must not overlap with bindingConditions')]
      : [],
  );
  return [
    ...check(conditions, own),
    ...check(failures, other),
    ...shared,
    ...(conditions.length === 0 && failures.length > 0
      ? [invalidValue(own, conditions, 'bindingConditions are required to use bindingFailureConditions')]
      : []),
    ...(failures.length === 0 && conditions.length > 0
      ? [invalidValue(other, failures, 'bindingFailureConditions are required to use bindingConditions')]
      : []),
  ];
}
