import { type FieldCause, GantryError, type Reason, reasonTable } from '@gantry/runtime/errors.ts';
import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromGrpcError, toGrpcStatus, toServiceError } from './errors-grpc.ts';

const facts = (error: GantryError) => ({
  reason: error.reason,
  message: error.message,
  causes: error.causes,
  resource: error.resource,
  retryAfterMs: error.retryAfterMs,
});

const causeReasons = ['FieldValueRequired', 'FieldValueInvalid', 'FieldValueDuplicate'] as const;

describe('errors over gRPC', () => {
  test('every error comes back as it was sent', () => {
    const arbitraryError = fc.record({
      reason: fc.constantFrom(...(Object.keys(reasonTable) as Reason[])),
      message: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
      causes: fc.array(
        fc.record<FieldCause>({
          reason: fc.constantFrom(...causeReasons),
          field: fc.string({ maxLength: 40 }),
          message: fc.string({ maxLength: 40 }),
        }),
        { maxLength: 10 },
      ),
      resource: fc.option(
        fc.record({
          group: fc.constantFrom('', 'apps', 'discovery.k8s.io'),
          resource: fc.constantFrom('pods', 'deployments'),
          name: fc.string(),
        }),
        { nil: undefined },
      ),
      retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
    });
    fc.assert(
      fc.property(arbitraryError, ({ reason, message, ...details }) => {
        const error = new GantryError(reason, message, details);
        expect(facts(fromGrpcError(toServiceError(error)))).toEqual(facts(error));
      }),
    );
  });

  test('the code is that of the table', () => {
    for (const [reason, { grpc }] of Object.entries(reasonTable)) {
      expect(toGrpcStatus(new GantryError(reason as Reason, 'x')).code).toBe(grpc);
    }
  });

  test('what any other server says is understood by its code', () => {
    const refused = { code: 14, details: 'no connection', metadata: new Metadata() };
    expect(facts(fromGrpcError(refused))).toMatchObject({ reason: 'ServiceUnavailable', message: 'no connection' });
    const garbage = new Metadata();
    garbage.set('grpc-status-details-bin', Buffer.from([255, 255, 255]));
    expect(fromGrpcError({ code: 5, details: 'gone', metadata: garbage }).reason).toBe('NotFound');
    expect(fromGrpcError({ code: 15, details: '', metadata: garbage }).message).toBe('InternalError');
  });

  test('a thousand long causes stay within what trailers may hold, the first ones kept', () => {
    const causes = Array.from(
      { length: 1_000 },
      (_, index): FieldCause => ({
        reason: 'FieldValueInvalid',
        field: `spec.containers[${index}].name`,
        message: 'x'.repeat(2_000),
      }),
    );
    const status = toGrpcStatus(new GantryError('Invalid', 'y'.repeat(100_000), { causes }));
    const size = [...(status.metadata!.toHttp2Headers()['grpc-status-details-bin'] as string[])].join().length;
    expect(size + status.details.length).toBeLessThan(8_192);
    const received = fromGrpcError(status);
    expect(received.causes[0]!.field).toBe('spec.containers[0].name');
  });

  test('an ordinary exception is an internal error', () => {
    expect(toGrpcStatus(new TypeError('boom'))).toMatchObject({ code: 13, details: 'Internal error occurred: boom' });
  });
});

test('names and fields of any length fit the trailers: ones that do not would end the connection', () => {
  const name = 'x'.repeat(100_000);
  const error = new GantryError('Invalid', name, {
    causes: [{ reason: 'FieldValueInvalid', field: name, message: name }],
    resource: { group: '', resource: 'pods', name },
  });
  const { details, metadata } = toGrpcStatus(error);
  const [packed] = metadata!.get('grpc-status-details-bin');
  expect(details.length + packed!.length).toBeLessThan(8_192);
});
