import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ConfigMap } from '../../gen/gantry.core.v1.ts';
import { forbidden, invalidValue, invalidValues, tooLong } from '../../validation/causes.ts';
import { configKeyProblems } from '../../validation/names.ts';
import { base64Bytes, immutableMessage, maxDataBytes } from '../data.ts';

/** Validates a ConfigMap. */
export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldCause[] {
  const keys = [...entriesUnder('data', data), ...entriesUnder('binaryData', binaryData)];
  const bytes =
    Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
    Object.values(binaryData).reduce((sum, text) => sum + base64Bytes(text), 0);
  return [
    ...keys.flatMap(({ path, key }) => invalidValues(path, key, configKeyProblems(key))),
    ...Object.keys(data)
      .filter((key) => Object.hasOwn(binaryData, key))
      .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...(bytes > maxDataBytes ? [tooLong('', maxDataBytes)] : []),
  ];
}

function entriesUnder(field: string, entries: object): { readonly path: string; readonly key: string }[] {
  return Object.keys(entries).map((key) => ({ path: `${field}[${key}]`, key }));
}

/** Validates the immutable fields of a ConfigMap. */
export function validateConfigMapUpdate(object: ConfigMap, stored: ConfigMap): FieldCause[] {
  if (!stored.immutable) return [];
  return [
    ...(object.immutable ? [] : [forbidden('immutable', immutableMessage)]),
    ...(['data', 'binaryData'] as const)
      .filter((field) => !isDeepStrictEqual(object[field] ?? {}, stored[field] ?? {}))
      .map((field) => forbidden(field, immutableMessage)),
  ];
}
