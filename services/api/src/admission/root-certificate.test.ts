import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import type { AnyObject, Stored } from '../core/stored-object.ts';
import { rootCertificateAdmission } from './root-certificate.ts';

const configMap = (name: string, data: ConfigMap['data']): AnyObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a' }, data }) as unknown as AnyObject;
const admitted = async (object: AnyObject, certificate?: string) =>
  (await rootCertificateAdmission(certificate).admit({ object, stored: undefined, attempt: 1 })).object?.data;

test("the api's authority is what the api says it is, and other ConfigMaps are their writers'", async () => {
  expect(await admitted(configMap('kube-root-ca.crt', { 'ca.crt': 'mine', x: 'y' }), 'PEM')).toEqual({
    'ca.crt': 'PEM',
  });
  expect(await admitted(configMap('other', { 'ca.crt': 'mine' }), 'PEM')).toEqual({ 'ca.crt': 'mine' });
  expect(await admitted(configMap('kube-root-ca.crt', { 'ca.crt': 'mine' }))).toEqual({ 'ca.crt': 'mine' });
  const stored = { object: configMap('kube-root-ca.crt', {}) } as Stored;
  expect(await rootCertificateAdmission('PEM').admit({ object: undefined, stored, attempt: 1 })).toEqual({
    operations: [],
  });
});
