import type { MutatingWebhookConfiguration } from '../../gen/gantry.admissionregistration.v1.ts';
import type { Kind } from '../../kind.ts';
import { setWebhookDefaults, validateWebhooks } from '../admission/webhooks.ts';

/** admissionregistration.k8s.io/v1 MutatingWebhookConfiguration. */
export const mutatingWebhookConfiguration: Kind<MutatingWebhookConfiguration> = {
  kind: 'MutatingWebhookConfiguration',
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  shortNames: [],
  categories: ['api-extensions'],
  namespaced: false,
  message: 'gantry.admissionregistration.v1.MutatingWebhookConfiguration',
  objectField: 'mutatingWebhookConfiguration',
  hasStatus: false,
  generation: 'spec',
  setDefaults: ({ webhooks = [] }) => {
    setWebhookDefaults(webhooks);
    for (const webhook of webhooks) webhook.reinvocationPolicy ??= 'Never';
  },
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  selectableFields: {},
  columns: [{ name: 'WEBHOOKS', cell: ({ webhooks = [] }) => String(webhooks.length) }],
};
