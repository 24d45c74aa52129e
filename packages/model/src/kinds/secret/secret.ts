import type { Secret } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateSecret, validateSecretUpdate } from './validation.ts';

/** core/v1 Secret. */
export const secret: Kind<Secret> = {
  kind: 'Secret',
  group: '',
  version: 'v1',
  plural: 'secrets',
  singular: 'secret',
  shortNames: [],
  namespaced: true,
  message: 'gantry.core.v1.Secret',
  objectField: 'secret',
  hasStatus: false,
  setDefaults: (secret) => {
    secret.type ||= 'Opaque';
    if (secret.stringData === undefined) return;
    const written = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    secret.data = { ...secret.data, ...Object.fromEntries(written) };
    delete secret.stringData;
  },
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  selectableFields: {
    type: ({ type }) => type ?? '',
  },
  columns: [
    { name: 'TYPE', cell: ({ type }) => type ?? '' },
    { name: 'DATA', cell: ({ data = {} }) => String(Object.keys(data).length) },
  ],
};
