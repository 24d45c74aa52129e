/** The fields of the rules in x-kubernetes-validations, but for their expressions. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { JSONSchemaProps, ValidationRule } from '../../gen/gantry.apiextensions.v1.ts';
import { invalidValue, notSupported, required } from '../../validation/causes.ts';
import { findField } from './field-path.ts';
import { notStructural } from './structural.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const lineBreak = /[\n\r]/;

/** Faults of the rules of one schema. */
export function ruleFieldFaults(schema: JSONSchemaProps, path: string): FieldCause[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  return rules.flatMap((rule, index) => faultsOf(rule, schema, `${path}.x-kubernetes-validations[${index}]`));
}

function faultsOf(rule: ValidationRule, schema: JSONSchemaProps, path: string): FieldCause[] {
  const { messageExpression = '', reason, fieldPath = '' } = rule;
  const faults = textFaults(rule, path);
  if (messageExpression !== '' && messageExpression.trim() === '') {
    faults.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    faults.push(notSupported(`${path}.reason`, reason, reasons));
  }
  const fieldFault = (detail: string): void => void faults.push(invalidValue(`${path}.fieldPath`, fieldPath, detail));
  if (fieldPath !== '' && fieldPath.trim() === '') fieldFault('must be non-empty if specified');
  if (lineBreak.test(fieldPath)) fieldFault('must not contain line breaks');
  if (fieldPath !== '' && notStructural(schema) === undefined && typeof findField(fieldPath, schema) === 'string') {
    fieldFault('must be a valid path');
  }
  return faults;
}

/** The first fault of the expression's text and of the message. */
function textFaults({ rule, message = '' }: ValidationRule, path: string): FieldCause[] {
  const text = message.trim();
  if (rule.trim() === '') return [required(`${path}.rule`, 'rule is not specified')];
  if (message !== '' && text === '')
    return [invalidValue(`${path}.message`, message, 'must be non-empty if specified')];
  if (lineBreak.test(text)) return [invalidValue(`${path}.message`, message, 'must not contain line breaks')];
  if (lineBreak.test(rule.trim()) && text === '') {
    return [required(`${path}.message`, 'message must be specified if rule contains line breaks')];
  }
  return [];
}
