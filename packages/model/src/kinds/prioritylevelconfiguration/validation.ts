import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../../gen/gantry.flowcontrol.v1.ts';
import { forbidden, inRange, invalidValue, notSupported, required } from '../../validation/causes.ts';
import { validateConditions } from '../flowschema/validation.ts';
import { mandatoryPriorityLevels } from './mandatory.ts';

/** The one level that is exempt. */
const exemptName = 'exempt';
const maxQueues = 10_000_000;
/** Bits of a hash by which a flow's hand of queues is dealt. */
const maxHashBits = 60;

/** Validates a priority level. */
export function validatePriorityLevel({ metadata, spec, status }: PriorityLevelConfiguration): FieldCause[] {
  const { type = '', limited, exempt } = spec ?? {};
  const causes: FieldCause[] = [];
  if ((metadata.name === exemptName) !== (type === 'Exempt')) {
    causes.push(invalidValue('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  switch (type) {
    case 'Exempt':
      if (limited !== undefined) causes.push(forbidden('spec.limited', ''));
      causes.push(
        ...validateShares(exempt?.nominalConcurrencyShares, 'spec.exempt.nominalConcurrencyShares'),
        ...inRange('spec.exempt.lendablePercent', exempt?.lendablePercent, 0, 100),
      );
      break;
    case 'Limited':
      if (exempt !== undefined) causes.push(forbidden('spec.exempt', ''));
      causes.push(...(limited === undefined ? [required('spec.limited')] : validateLimited(limited)));
      break;
    default:
      causes.push(type === '' ? required('spec.type') : notSupported('spec.type', type, ['Exempt', 'Limited']));
  }
  return [...causes, ...validateMandatory(metadata.name, spec), ...validateConditions(status?.conditions)];
}

/** The levels that no api is without stay what they are, but for the shares of the exempt one. */
function validateMandatory(name: string | undefined, spec: PriorityLevelConfiguration['spec']): FieldCause[] {
  const fixed = mandatoryPriorityLevels.find(({ metadata }) => metadata.name === name)?.spec;
  if (fixed === undefined) return [];
  const isExempt = name === exemptName;
  if (isDeepStrictEqual(isExempt ? { ...spec, exempt: fixed.exempt } : spec, fixed)) return [];
  const but = isExempt ? " except the 'spec.exempt' field" : '';
  return [invalidValue('spec', spec, `spec of '${name}'${but} must equal the fixed value`)];
}

/** Validates a new status. */
export function validatePriorityLevelStatus({ status }: PriorityLevelConfiguration): FieldCause[] {
  return validateConditions(status?.conditions);
}

function validateShares(shares: number | undefined, field: string): FieldCause[] {
  return shares === undefined || shares >= 0 ? [] : [invalidValue(field, shares, 'must be a non-negative integer')];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration): FieldCause[] {
  const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent, limitResponse } = limited;
  const field = 'spec.limited.borrowingLimitPercent';
  return [
    ...validateShares(nominalConcurrencyShares, 'spec.limited.nominalConcurrencyShares'),
    ...validateResponse(limitResponse, 'spec.limited.limitResponse'),
    ...inRange('spec.limited.lendablePercent', lendablePercent, 0, 100),
    ...(borrowingLimitPercent !== undefined && borrowingLimitPercent < 0
      ? [invalidValue(field, borrowingLimitPercent, 'if specified, must be a non-negative integer')]
      : []),
  ];
}

function validateResponse(response: LimitResponse | undefined, path: string): FieldCause[] {
  const { type = '', queuing } = response ?? {};
  const field = `${path}.queuing`;
  switch (type) {
    case 'Reject':
      return queuing === undefined ? [] : [forbidden(field, '')];
    case 'Queue':
      return queuing === undefined ? [required(field)] : validateQueuing(queuing, field);
    case '':
      return [required(`${path}.type`)];
    default:
      return [notSupported(`${path}.type`, type, ['Queue', 'Reject'])];
  }
}

function validateQueuing(queuing: QueuingConfiguration, path: string): FieldCause[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const causes: FieldCause[] = [];
  if (queueLengthLimit <= 0) {
    causes.push(invalidValue(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  }
  if (queues <= 0) causes.push(invalidValue(`${path}.queues`, queues, 'must be positive'));
  if (queues > maxQueues) causes.push(invalidValue(`${path}.queues`, queues, `must not be greater than ${maxQueues}`));
  const problem = handProblem(queues, handSize);
  return problem === undefined ? causes : [...causes, invalidValue(`${path}.handSize`, handSize, problem)];
}

function handProblem(queues: number, handSize: number): string | undefined {
  if (handSize <= 0) return 'must be positive';
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  const isTooMuch = Math.ceil(Math.log2(queues) * handSize) > maxHashBits;
  const what = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
  return isTooMuch ? `${what} should not be greater than ${maxHashBits}` : undefined;
}
