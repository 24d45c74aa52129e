import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Secret } from '../../gen/gantry.core.v1.ts';
import { forbidden, immutable, invalidValue, invalidValues, required, tooLong } from '../../validation/causes.ts';
import { configKeyProblems } from '../../validation/names.ts';
import { base64Bytes, immutableMessage, maxDataBytes } from '../data.ts';
import { serviceAccountNameAnnotation, serviceAccountTokenSecretType } from '../serviceaccount/names.ts';

/** Keys that must be there by type. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

/** Validates a Secret. Its values are never part of a message. */
export function validateSecret(secret: Secret): FieldCause[] {
  const { data = {}, type = '' } = secret;
  const bytes = Object.values(data).reduce((sum, text) => sum + base64Bytes(text), 0);
  return [
    ...Object.keys(data).flatMap((key) => invalidValues(`data[${key}]`, key, configKeyProblems(key))),
    ...(bytes > maxDataBytes ? [tooLong('data', maxDataBytes)] : []),
    ...(Object.hasOwn(requiredKeys, type) ? requiredKeys[type]! : [])
      .filter((key) => !Object.hasOwn(data, key))
      .map((key) => required(`data[${key}]`)),
    ...validateType(secret),
  ];
}

function validateType({ data = {}, type = '', metadata }: Secret): FieldCause[] {
  switch (type) {
    case serviceAccountTokenSecretType: {
      const path = `metadata.annotations[${serviceAccountNameAnnotation}]`;
      return metadata.annotations?.[serviceAccountNameAnnotation] ? [] : [required(path)];
    }
    case 'kubernetes.io/basic-auth': {
      const named = Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password');
      return named ? [] : [required('data[username]'), required('data[password]')];
    }
    case 'kubernetes.io/dockercfg':
    case 'kubernetes.io/dockerconfigjson': {
      const key = requiredKeys[type]![0]!;
      const text = data[key];
      if (text === undefined || isJson(Buffer.from(text, 'base64').toString('utf8'))) return [];
      return [invalidValue(`data[${key}]`, '<secret contents redacted>', 'must be JSON')];
    }
    default:
      return [];
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Validates the immutable fields of a Secret. */
export function validateSecretUpdate(object: Secret, stored: Secret): FieldCause[] {
  const causes = object.type === stored.type ? [] : [immutable('type', object.type)];
  if (!stored.immutable) return causes;
  if (!object.immutable) causes.push(forbidden('immutable', immutableMessage));
  if (!isDeepStrictEqual(object.data ?? {}, stored.data ?? {})) causes.push(forbidden('data', immutableMessage));
  return causes;
}
