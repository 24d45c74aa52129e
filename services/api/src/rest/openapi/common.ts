import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import type { Form } from '@gantry/model/registry.ts';
import type { Document } from './document.ts';
import { type Operation, type Parameter, pathsOf } from './operations.ts';
import type { Schemas } from './schemas.ts';

// Parts that both versions of OpenAPI have in the same words.

/** Media types of answers. */
export const answerTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The head of a document. */
export const info = { title: 'Kubernetes', version: kubernetesVersion.gitVersion };

/** The way in which a client proves who it is. */
export const securitySchemes = {
  BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
};
export const security = [{ BearerToken: [] }];

/** Describes one operation in a version of OpenAPI. */
type DescribeOperation = (operation: Operation, schemas: Schemas) => Document;

/** The paths of forms. Types that subresources refer to are known to the schemas before the paths are. */
export function pathDocuments(
  forms: readonly Form[],
  schemas: Schemas,
  describe: { readonly operation: DescribeOperation; readonly parameter: (parameter: Parameter) => Document },
): Document {
  for (const form of forms) schemas.kind(form);
  const paths = forms.flatMap((form) => pathsOf(form, schemas));
  const entries = paths.map(({ path, parameters, operations }): [string, Document] => [
    path,
    {
      ...Object.fromEntries(operations.map((each) => [each.method, describe.operation(each, schemas)])),
      parameters: parameters.map(describe.parameter),
    },
  ]);
  return Object.fromEntries(entries);
}
