import type { Form } from '@gantry/model/registry.ts';
import { answerTypes, info, pathDocuments, security, securitySchemes } from './common.ts';
import type { Document } from './document.ts';
import type { Operation, Parameter } from './operations.ts';
import { Schemas } from './schemas.ts';

/** The OpenAPI 2 document of all forms. */
export function openApi2(forms: readonly Form[]): Document {
  const schemas = new Schemas(2);
  return {
    swagger: '2.0',
    info,
    paths: pathDocuments(forms, schemas, { operation: operationDocument, parameter: parameterDocument }),
    definitions: schemas.byName,
    securityDefinitions: securitySchemes,
    security,
  };
}

function operationDocument(operation: Operation, schemas: Schemas): Document {
  const { id, action, description, parameters, body, answer, type, method, takes = ['*/*'] } = operation;
  const required = method === 'delete' ? {} : { required: true };
  const bodies = body === undefined ? [] : [{ name: 'body', in: 'body', ...required, schema: schemas.reference(body) }];
  return {
    description,
    consumes: takes,
    produces: answerTypes,
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
