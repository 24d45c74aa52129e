import type { ValidatingWebhookConfiguration } from '../../gen/gantry.admissionregistration.v1.ts';
import type { Kind } from '../../kind.ts';
import { setWebhookDefaults, validateWebhooks } from '../admission/webhooks.ts';

/** admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration. */
export const validatingWebhookConfiguration: Kind<ValidatingWebhookConfiguration> = {
  kind: 'ValidatingWebhookConfiguration',
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
  singular: 'validatingwebhookconfiguration',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.admissionregistration.v1.ValidatingWebhookConfiguration',
  objectField: 'validatingWebhookConfiguration',
  hasStatus: false,
  generation: 'spec',
  setDefaults: ({ webhooks = [] }) => {
    setWebhookDefaults(webhooks);
  },
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  selectableFields: {},
  columns: [{ name: 'WEBHOOKS', cell: ({ webhooks = [] }) => String(webhooks.length) }],
};
