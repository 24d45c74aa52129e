import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import type { Form } from '@gantry/model/registry.ts';
import { type Operation, type Parameter, type Path, patchMediaTypes, pathsOf } from './operations.ts';
import { type Document, Schemas } from './schemas.ts';

const answerTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The OpenAPI 3 document of the forms of one group and version. */
export function openApi3(forms: readonly Form[]): Document {
  const schemas = new Schemas(3);
  // Types that subresources refer to must be known before their paths are.
  for (const form of forms) schemas.kind(form);
  const paths = forms.flatMap((form) => pathsOf(form, schemas));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: kubernetesVersion.gitVersion },
    paths: Object.fromEntries(paths.map((each) => [each.path, pathDocument(each, schemas)])),
    components: {
      schemas: schemas.byName,
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          description: 'Bearer Token authentication',
          name: 'authorization',
          in: 'header',
        },
      },
    },
    security: [{ BearerToken: [] }],
  };
}

function pathDocument({ parameters, operations }: Path, schemas: Schemas): Document {
  return {
    ...Object.fromEntries(operations.map((each) => [each.method, operationDocument(each, schemas)])),
    parameters: parameters.map(parameterDocument),
  };
}

function operationDocument(operation: Operation, schemas: Schemas): Document {
  const { id, action, description, parameters, body, answer, type, method } = operation;
  const content = (mediaTypes: readonly string[], name: string): Document =>
    Object.fromEntries(mediaTypes.map((each) => [each, { schema: schemas.reference(name) }]));
  const isPatch = body === schemas.patch;
  const required = method === 'delete' ? {} : { required: true };
  return {
    description,
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterDocument) }),
    ...(body === undefined
      ? {}
      : { requestBody: { content: content(isPatch ? patchMediaTypes : ['*/*'], body), ...required } }),
    responses: {
      '200': { description: 'OK', ...(answer === undefined ? {} : { content: content(answerTypes, answer) }) },
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': type,
  };
}

function parameterDocument({ name, in: place, type, description }: Parameter): Document {
  const required = place === 'path' ? { required: true } : {};
  return { name, in: place, description, ...required, schema: { type, uniqueItems: true } };
}
