/** The fields behind a definition's scale. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CustomResourceSubresourceScale } from '../gen/gantry.apiextensions.v1.ts';
import type { KubeObject, Subresource } from '../kind.ts';
import { invalidValue } from '../validation/causes.ts';
import { isFields } from './node.ts';

const maxReplicas = 2 ** 31 - 1;

/** The subresource of a definition's scale. */
export function scaleOf({
  specReplicasPath,
  statusReplicasPath,
  labelSelectorPath,
}: CustomResourceSubresourceScale): Subresource {
  const without = (path: string): string => path.replace(/^\./, '');
  return {
    verbs: ['get', 'patch', 'update'],
    type: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    scale: {
      specReplicas: without(specReplicasPath),
      statusReplicas: without(statusReplicasPath),
      isValidated: true,
      ...(labelSelectorPath === undefined ? {} : { selector: without(labelSelectorPath) }),
    },
  };
}

/** Problems of the wanted count. */
export function validateScaleSpec(
  { specReplicasPath }: CustomResourceSubresourceScale,
  object: KubeObject,
): FieldCause[] {
  return validateCount(object, specReplicasPath);
}

/** Problems of the observed count and the selector. */
export function validateScaleStatus(
  { statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
  object: KubeObject,
): FieldCause[] {
  const selector = labelSelectorPath === undefined ? undefined : valueAt(object, labelSelectorPath, 'string');
  const wrong = selector?.problem === undefined ? [] : [invalidValue(labelSelectorPath!, '', selector.problem)];
  return [...validateCount(object, statusReplicasPath), ...wrong];
}

function validateCount(object: KubeObject, path: string): FieldCause[] {
  const { value, problem } = valueAt(object, path, 'int64');
  if (problem !== undefined) return [invalidValue(path, 0, problem)];
  const count = (value ?? 0) as number;
  if (count < 0) return [invalidValue(path, count, 'should be a non-negative integer')];
  return count > maxReplicas ? [invalidValue(path, count, `should be less than or equal to ${maxReplicas}`)] : [];
}

/** The value at a path with dots, or why there can be none of the type. */
function valueAt(
  object: object,
  path: string,
  type: 'int64' | 'string',
): { readonly value?: unknown; readonly problem?: string } {
  const steps = path.replace(/^\./, '').split('.');
  let value: unknown = object;
  for (const [index, step] of steps.entries()) {
    if (value === undefined || value === null) return {};
    if (!isFields(value)) {
      const at = `.${steps.slice(0, index + 1).join('.')}`;
      return {
        problem: `${at} accessor error: ${shown(value)} is of the type ${goType(value)}, expected map[string]interface{}`,
      };
    }
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  if (value === undefined) return {};
  if (type === 'string' ? typeof value === 'string' : Number.isInteger(value)) return { value };
  return {
    problem: `.${steps.join('.')} accessor error: ${shown(value)} is of the type ${goType(value)}, expected ${type}`,
  };
}

function shown(value: unknown): string {
  if (value === null) return '<nil>';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
