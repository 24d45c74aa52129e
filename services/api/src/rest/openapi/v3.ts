import type { Form } from '@gantry/model/registry.ts';
import { answerTypes, info, pathDocuments, security, securitySchemes } from './common.ts';
import type { Document } from './document.ts';
import type { Operation, Parameter } from './operations.ts';
import { Schemas } from './schemas.ts';

/** The OpenAPI 3 document of the forms of one group and version. */
export function openApi3(forms: readonly Form[]): Document {
  const schemas = new Schemas(3);
  return {
    openapi: '3.0.0',
    info,
    paths: pathDocuments(forms, schemas, { operation: operationDocument, parameter: parameterDocument }),
    components: { schemas: schemas.byName, securitySchemes },
    security,
  };
}

function operationDocument(operation: Operation, schemas: Schemas): Document {
  const { id, action, description, parameters, body, answer, type, method, takes = ['*/*'] } = operation;
  const content = (mediaTypes: readonly string[], name: string): Document =>
    Object.fromEntries(mediaTypes.map((each) => [each, { schema: schemas.reference(name) }]));
  const required = method === 'delete' ? {} : { required: true };
  return {
    description,
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterDocument) }),
    ...(body === undefined ? {} : { requestBody: { content: content(takes, body), ...required } }),
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
