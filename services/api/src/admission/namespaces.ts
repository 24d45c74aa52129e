import type { AdmissionPlugin } from './admission.ts';

/** Holds a namespace until the namespace controller has emptied it. */
export const contentFinalizer = 'kubernetes';
/** Every namespace carries its name as a label, so that selectors can name it. */
const nameLabel = 'kubernetes.io/metadata.name';

/** Admission of namespaces. */
export const namespaceAdmission: AdmissionPlugin = {
  admit: async ({ object, stored }) => {
    if (object === undefined || stored !== undefined) return { object, operations: [] };
    const { metadata, spec, status } = object;
    const finalizers = new Set([...((spec?.finalizers as string[] | undefined) ?? []), contentFinalizer]);
    return {
      object: {
        ...object,
        metadata: { ...metadata, labels: { ...metadata.labels, [nameLabel]: metadata.name } },
        spec: { ...spec, finalizers: [...finalizers] },
        status: { ...status, phase: 'Active' },
      },
      operations: [],
    };
  },
};
