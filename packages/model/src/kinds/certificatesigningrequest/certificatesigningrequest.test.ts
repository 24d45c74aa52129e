import { describe, expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../gen/gantry.certificates.v1.ts';
import { certificateSigningRequest as kind } from './certificatesigningrequest.ts';
import { checkRequest } from './pem.ts';

/** A request of CN=ann, O=devs, made by OpenSSL with a key that nobody has any more. */
const pem = `-----BEGIN CERTIFICATE REQUEST-----
MIHWMH8CAQAwHTENMAsGA1UECgwEZGV2czEMMAoGA1UEAwwDYW5uMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEBs1ttvJQscK06PxuTJ5wd9jBkCLv7fQpVOsWOWsc
GHjROjGKSws0ev8oQ+GrmLqJeEZQjus1WX66Qyix5aj/3aAAMAoGCCqGSM49BAMC
A0cAMEQCICc08TmQqAwLAyzAW3HAgZp/+qj9XNZBpi8TMdaRfrvsAiBscQF+5g2H
6/WNm0PlQOU/pIHM5SjakysuWYnRhnWI+A==
-----END CERTIFICATE REQUEST-----
`;

const stored = (conditions: object[] = []): CertificateSigningRequest =>
  ({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a' },
    spec: { request: 'eA==', signerName: 'example.com/x', usages: ['client auth'] },
    status: { conditions },
  }) as CertificateSigningRequest;

const approved = { type: 'Approved', status: 'True', lastUpdateTime: '2026-01-01T00:00:00Z' };
const nowMs = Date.parse('2026-01-02T00:00:00Z');

describe('a certificate request', () => {
  test.each([
    ['broken bytes', '-----BEGIN CERTIFICATE REQUEST-----\nMIHW\n-----END CERTIFICATE REQUEST-----', /cannot be read/],
    ['no bytes', '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----', /cannot be read/],
    ['another block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', /PEM block type must be/],
    [
      "another subject than its key's holder signed",
      pem.replace('MIHWMH8CAQAwHTENMAsGA1UECgwEZGV2', 'MIHWMH8CAQAwHTENMAsGA1UECgwEcm9v'),
      /does not fit/,
    ],
  ])('with %s is refused', (_, text, problem) => {
    expect(checkRequest(Buffer.from(text))).toMatch(problem);
  });

  test('keeps the user that asked for it, whatever it says itself', () => {
    const request = stored();
    Object.assign(request.spec, { username: 'eve', uid: 'x', extra: { a: ['b'] } });
    kind.noteRequester!(request, { name: 'ann', groups: ['devs'] });
    expect(request.spec).toMatchObject({ username: 'ann', groups: ['devs'] });
    expect(request.spec).not.toHaveProperty('uid');
    expect(request.spec).not.toHaveProperty('extra');
  });

  test('is approved by its approval alone, which sets no certificate', () => {
    const { transfer, validate } = kind.subresources!.approval!;
    const object = stored();
    transfer!(
      object,
      {
        ...stored([{ type: 'Approved', status: 'True' }]),
        status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'eA==' },
      },
      nowMs,
    );
    expect(object.status).toEqual({
      conditions: [
        {
          type: 'Approved',
          status: 'True',
          lastUpdateTime: '2026-01-02T00:00:00Z',
          lastTransitionTime: '2026-01-02T00:00:00Z',
        },
      ],
    });
    expect(validate!(object, stored())).toEqual([]);
    expect(kind.validateUpdate!(object, stored())).toHaveLength(1);
    expect(kind.validateStatus!(object, stored()).map(({ message }) => message)).toContain(
      'Forbidden: updates may not add a condition of type "Approved"',
    );
  });

  test('stays approved, and keeps its certificate', () => {
    const before = { ...stored([approved]), status: { conditions: [approved], certificate: 'eA==' } };
    expect(kind.subresources!.approval!.validate!(stored(), before).map(({ message }) => message)).toEqual([
      'Forbidden: updates may not remove a condition of type "Approved"',
      'Forbidden: updates may not set certificate content',
    ]);
    const other = { ...before, status: { ...before.status, certificate: 'eQ==' } };
    expect(kind.validateStatus!(other, before).map(({ message }) => message)).toContain(
      'Forbidden: updates may not modify existing certificate content',
    );
  });

  test.each([
    [[], '', 'Pending'],
    [[approved], '', 'Approved'],
    [[approved], 'eA==', 'Approved,Issued'],
    [[{ type: 'Denied' }], '', 'Denied'],
    [[approved, { type: 'Failed' }], '', 'Approved,Failed'],
  ])('with conditions %j shows its state', (conditions, certificate, shown) => {
    const request = { ...stored(), status: { conditions, certificate } } as CertificateSigningRequest;
    expect(kind.columns.find(({ name }) => name === 'CONDITION')!.cell(request, 0)).toBe(shown);
  });
});
