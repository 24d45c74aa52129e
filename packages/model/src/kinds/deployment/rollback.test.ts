import { expect, it } from 'vitest';
import type { Deployment } from '../../gen/gantry.apps.v1.ts';
import { readRollback, validateRollback } from './rollback.ts';

const annotation = 'deprecated.deployment.rollback.to';
const goingBackTo = (text: string): Deployment =>
  ({ metadata: { name: 'd', annotations: { [annotation]: text, other: 'x' } }, spec: {} }) as unknown as Deployment;

it.each([
  ['7', '7'],
  ['+7', '7'],
  ['007', '7'],
  ['-0', '0'],
  ['9223372036854775807', '9223372036854775807'],
  ['', undefined],
])('reads %j as %j', (text, expected) => {
  const deployment = goingBackTo(text);
  readRollback(deployment);
  expect(deployment.metadata.annotations).toEqual({ other: 'x', ...(expected && { [annotation]: expected }) });
  expect(validateRollback(deployment)).toEqual([]);
});

it.each([
  ['x', 'invalid syntax'],
  [' 1', 'invalid syntax'],
  ['1.5', 'invalid syntax'],
  ['9223372036854775808', 'value out of range'],
])('refuses %j: %s', (text, problem) => {
  expect(() => readRollback(goingBackTo(text))).toThrow(
    `failed to parse annotation[${annotation}]=${text} as int64: strconv.ParseInt: parsing "${text}": ${problem}`,
  );
});

it('refuses a revision below zero', () => {
  expect(validateRollback(goingBackTo('-1'))).toMatchObject([
    { field: 'spec.rollback.version', message: 'Invalid value: -1: must be greater than or equal to 0' },
  ]);
});
