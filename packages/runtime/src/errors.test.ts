import { describe, expect, test } from 'vitest';
import { alreadyExists, conflict, GantryError, isError, notFound, reasonTable, toGantryError } from './errors.ts';

const pod = { group: '', resource: 'pods', name: 'web' };
const deployment = { group: 'apps', resource: 'deployments', name: 'web' };

describe('wording', () => {
  test.each([
    [notFound(pod), 'NotFound', 'pods "web" not found'],
    [notFound(deployment), 'NotFound', 'deployments.apps "web" not found'],
    [alreadyExists(deployment), 'AlreadyExists', 'deployments.apps "web" already exists'],
    [
      conflict(pod),
      'Conflict',
      'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [conflict(pod, 'it ends'), 'Conflict', 'Operation cannot be fulfilled on pods "web": it ends'],
  ])('is that of Kubernetes: %s', (error, reason, message) => {
    expect([error.reason, error.message]).toEqual([reason, message]);
    expect(error.resource?.name).toBe('web');
  });
});

describe('isError', () => {
  test('is about GantryErrors alone, of any reason or of those that are named', () => {
    const error = notFound(pod);
    expect([isError(error), isError(error, 'NotFound'), isError(error, 'Conflict', 'NotFound')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([isError(error, 'Conflict'), isError(new Error('NotFound')), isError(undefined)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('toGantryError', () => {
  test('leaves a GantryError as it is', () => {
    const error = notFound(pod);
    expect(toGantryError(error)).toBe(error);
  });

  test.each([
    [new DOMException('stopped', 'AbortError'), 'Cancelled', 'the request was cancelled'],
    [new TypeError('x is not a function'), 'InternalError', 'Internal error occurred: x is not a function'],
    ['a text', 'InternalError', 'Internal error occurred: a text'],
  ])('makes one of %s, with its cause', (thrown, reason, message) => {
    expect(toGantryError(thrown)).toMatchObject({ reason, message, cause: thrown });
  });
});

test('details are kept, and are empty where there are none', () => {
  const causes = [{ reason: 'FieldValueInvalid', field: 'spec', message: 'bad' }] as const;
  const full = new GantryError('Invalid', 'bad', { causes, resource: pod, retryAfterMs: 5, cause: 'why' });
  expect(full).toMatchObject({ name: 'GantryError', causes, resource: pod, retryAfterMs: 5, cause: 'why' });
  const empty = new GantryError('Invalid', 'bad');
  expect(empty).toMatchObject({ causes: [], resource: undefined, retryAfterMs: undefined });
  expect('cause' in empty).toBe(false);
});

test('every reason has a code of gRPC and one of HTTP that are errors', () => {
  for (const { grpc, http } of Object.values(reasonTable)) {
    expect(grpc).toBeGreaterThan(0);
    expect(grpc).toBeLessThanOrEqual(16);
    expect(http).toBeGreaterThanOrEqual(400);
    expect(http).toBeLessThan(600);
  }
});
