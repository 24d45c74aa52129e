import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../../testing/made.ts';

const pod = (source: string): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: x}], volumes: [{name: v, projected: {sources: [${source}]}}]}}`;
const certificate = (rest: string): string =>
  pod(`{podCertificate: {signerName: example.com/s, keyType: ED25519, credentialBundlePath: a.pem, ${rest}}}`);

describe('projected certificates', () => {
  it.each([
    certificate('maxExpirationSeconds: 3600'),
    pod(
      '{clusterTrustBundle: {name: plain, path: a}}, {clusterTrustBundle: {signerName: example.com/s, labelSelector: {}, path: b}}',
    ),
    pod('{clusterTrustBundle: {name: "example.com:s:v1", path: a}}'),
  ])('takes %s', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each([
    [certificate('maxExpirationSeconds: 3599'), 'if provided, maxExpirationSeconds must be >= 3600'],
    [certificate('maxExpirationSeconds: 7862401'), 'if provided, maxExpirationSeconds must be <= 7862400'],
    [certificate('userAnnotations: {plain: ""}'), 'must be a domain-prefixed key'],
    [pod('{podCertificate: {signerName: example.com/s, keyType: X, keyPath: k}}'), 'Unsupported value: "X"'],
    [pod('{podCertificate: {signerName: example.com/s, keyType: ED25519}}'), 'specify at least one of'],
    [pod('{clusterTrustBundle: {path: a}}'), 'either name or signerName must be specified'],
    [pod('{clusterTrustBundle: {name: a, signerName: example.com/s, path: a}}'), 'only one of name and signerName'],
    [pod('{clusterTrustBundle: {name: a, labelSelector: {}, path: a}}'), 'labelSelector must be unset'],
    [pod('{clusterTrustBundle: {name: a, path: ../a}}'), "must not contain '..'"],
    [
      pod('{clusterTrustBundle: {name: a, path: x}}, {clusterTrustBundle: {name: b, path: x}}'),
      'conflicting duplicate paths',
    ],
  ])('refuses %s', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });
});
