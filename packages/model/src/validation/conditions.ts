/** Validation of the conditions that newer kinds share. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Condition } from '../gen/gantry.meta.v1.ts';
import { duplicate, invalidValue, invalidValues, oneOf, tooLong } from './causes.ts';
import { conditionReasonProblems, qualifiedNameProblems } from './names.ts';

const maxReasonBytes = 1024;
const maxMessageBytes = 32 * 1024;

/** Conditions of which each has a type of its own. Required fields are the schema's matter. */
export function validateConditions(conditions: readonly Condition[] = [], path: string): FieldCause[] {
  const types = conditions.map(({ type }) => type);
  return conditions.flatMap((condition, index) => [
    ...(types.indexOf(condition.type) < index ? [duplicate(`${path}[${index}]`, condition.type)] : []),
    ...validateCondition(condition, `${path}[${index}]`),
  ]);
}

function validateCondition(condition: Condition, path: string): FieldCause[] {
  const { type, status, reason, observedGeneration = 0, message = '' } = condition;
  return [
    ...(type === '' ? [] : invalidValues(`${path}.type`, type, qualifiedNameProblems(type))),
    ...(status === '' ? [] : oneOf(`${path}.status`, status, ['False', 'True', 'Unknown'])),
    ...(observedGeneration < 0
      ? [invalidValue(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero')]
      : []),
    ...(reason === '' ? [] : invalidValues(`${path}.reason`, reason, conditionReasonProblems(reason))),
    ...(Buffer.byteLength(reason) > maxReasonBytes ? [tooLong(`${path}.reason`, maxReasonBytes)] : []),
    ...(Buffer.byteLength(message) > maxMessageBytes ? [tooLong(`${path}.message`, maxMessageBytes)] : []),
  ];
}
