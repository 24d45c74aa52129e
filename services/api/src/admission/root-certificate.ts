import { rootCertificateKey, rootCertificateName } from '@gantry/model/kinds/configmap/root-certificate.ts';
import type { AdmissionPlugin } from './admission.ts';

/**
 * Writes the content of the ConfigMaps by which pods believe the api, whoever makes or changes one: nobody else can say which authority
 * that is.
 * @param certificate Of the authority, in PEM; where absent, they are left as they are.
 */
export function rootCertificateAdmission(certificate: string | undefined): AdmissionPlugin {
  return {
    admit: async ({ object }) => {
      if (object?.metadata.name !== rootCertificateName || certificate === undefined) return { object, operations: [] };
      return { object: { ...object, data: { [rootCertificateKey]: certificate } }, operations: [] };
    },
  };
}
