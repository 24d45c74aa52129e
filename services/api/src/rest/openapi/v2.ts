import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import type { Form } from '@gantry/model/registry.ts';
import { type Operation, type Parameter, type Path, patchMediaTypes, pathsOf } from './operations.ts';
import { type Document, Schemas } from './schemas.ts';

const mediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The OpenAPI 2 document of all forms. */
export function openApi2(forms: readonly Form[]): Document {
  const schemas = new Schemas(2);
  for (const form of forms) schemas.kind(form);
  const paths = forms.flatMap((form) => pathsOf(form, schemas));
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: kubernetesVersion.gitVersion },
    paths: Object.fromEntries(paths.map((each) => [each.path, pathDocument(each, schemas)])),
    definitions: schemas.byName,
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
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
  const isPatch = body === schemas.patch;
  const required = method === 'delete' ? {} : { required: true };
  const bodies = body === undefined ? [] : [{ name: 'body', in: 'body', ...required, schema: schemas.reference(body) }];
  return {
    description,
    consumes: isPatch ? patchMediaTypes : ['*/*'],
    produces: mediaTypes,
    schemes: ['https'],
    operationId: id,
    parameters: [...bodies, ...parameters.map(parameterDocument)],
    responses: {
      '200': { description: 'OK', ...(answer === undefined ? {} : { schema: schemas.reference(answer) }) },
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': type,
  };
}

function parameterDocument({ name, in: place, type, description }: Parameter): Document {
  const required = place === 'path' ? { required: true } : {};
  return { uniqueItems: true, type, description, name, in: place, ...required };
}
