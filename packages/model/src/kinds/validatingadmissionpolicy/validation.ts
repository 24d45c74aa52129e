import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
} from '../../gen/gantry.admissionregistration.v1.ts';
import { duplicates, invalidValue, invalidValues, oneOf, required } from '../../validation/causes.ts';
import { validateConditions } from '../../validation/conditions.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';
import { validateExpression, validateParamKind, validateVariables } from '../admission/policies.ts';
import { failurePolicies, validateMatchConditions, validateMatchResources } from '../admission/rules.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const maxAuditAnnotations = 20;
/** Characters of an audit annotation's expression. */
const maxValueExpressionBytes = 5 * 1024;

/** Validates a validating policy. Its expressions are not compiled. */
export function validateValidatingPolicy({ metadata, spec }: ValidatingAdmissionPolicy): FieldCause[] {
  if (spec === undefined) return [];
  const { matchConstraints, validations = [], auditAnnotations = [] } = spec;
  return [
    ...oneOf('spec.failurePolicy', spec.failurePolicy, failurePolicies),
    ...validateParamKind(spec.paramKind, 'spec.paramKind'),
    ...validateMatchResources(matchConstraints, 'spec.matchConstraints'),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0
      ? [required('spec.matchConstraints.resourceRules')]
      : []),
    ...validateMatchConditions(spec.matchConditions, 'spec.matchConditions'),
    ...validateVariables(spec.variables, 'spec.variables'),
    ...validatePresence(spec),
    ...validations.flatMap((validation, index) => validateValidation(validation, `spec.validations[${index}]`)),
    ...validateAuditAnnotations(metadata.name ?? '', auditAnnotations, 'spec.auditAnnotations'),
  ];
}

/** A policy without any condition or annotation does nothing. */
function validatePresence({ validations = [], auditAnnotations = [] }: ValidatingAdmissionPolicySpec): FieldCause[] {
  if (validations.length > 0 || auditAnnotations.length > 0) return [];
  const text = 'validations or auditAnnotations must contain at least one item';
  return [required('spec.validations', text), required('spec.auditAnnotations', text)];
}

function validateValidation(validation: Validation, path: string): FieldCause[] {
  const { expression, message = '', messageExpression = '', reason } = validation;
  return [
    ...validateExpression(expression, `${path}.expression`, 'expression is not specified'),
    ...validateFilled(messageExpression, `${path}.messageExpression`),
    ...validateFilled(message, `${path}.message`),
    ...(/[\r\n]/.test(message.trim())
      ? [invalidValue(`${path}.message`, message, 'must not contain line breaks')]
      : []),
    ...oneOf(`${path}.reason`, reason, reasons),
  ];
}

function validateFilled(text: string, field: string): FieldCause[] {
  return text !== '' && text.trim() === '' ? [invalidValue(field, text, 'must be non-empty if specified')] : [];
}

function validateAuditAnnotations(name: string, annotations: readonly AuditAnnotation[], path: string): FieldCause[] {
  const isMany = annotations.length > maxAuditAnnotations;
  const tooMany = `must not have more than ${maxAuditAnnotations} auditAnnotations`;
  return [
    ...(isMany ? [invalidValue(path, annotations, tooMany)] : []),
    ...annotations.flatMap(({ key = '', valueExpression }, index) => {
      const full = `${name}/${key}`;
      const isLong = valueExpression.trim().length > maxValueExpressionBytes;
      const field = `${path}[${index}].valueExpression`;
      return [
        ...invalidValues(`${path}[${index}].key`, full, qualifiedNameProblems(full)),
        ...validateExpression(valueExpression, field, 'valueExpression is not specified'),
        ...(isLong ? [required(field, `must not exceed ${maxValueExpressionBytes} bytes in length`)] : []),
      ];
    }),
    ...duplicates(
      annotations.map(({ key }) => key),
      (index) => `${path}[${index}].key`,
    ),
  ];
}

/** Validates a new status. */
export function validateValidatingPolicyStatus({ status }: ValidatingAdmissionPolicy): FieldCause[] {
  return validateConditions(status?.conditions, 'status.conditions');
}
