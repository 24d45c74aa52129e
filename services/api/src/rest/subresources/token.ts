import { decodeObject } from '@gantry/model/decode.ts';
import type { TokenRequest } from '@gantry/model/gen/gantry.authentication.v1.ts';
import { bodyKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Outgoing, sendDocument } from '../answer.ts';
import { fieldsFrom } from '../bodies.ts';
import { mediaTypeOf, readBody } from '../body.ts';
import { writeParameters } from '../parameters.ts';
import type { ResourceDeps, ResourceRequest } from '../request.ts';

const message = 'gantry.authentication.v1.TokenRequest';
const type = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };

/** Makes a token of a service account. */
export async function handleToken(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { route, incoming, context, query, wanted: form } = request;
  if (route.verb !== 'create') {
    throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  const body = await readBody(incoming, deps.maxBodyBytes, context.signal);
  const fields = fieldsFrom(body, mediaTypeOf(incoming), type, message);
  const wanted = decodeObject({ ...fields, ...type }, bodyKinds) as unknown as TokenRequest;
  const account = { namespace: route.namespace, name: route.name };
  const answer = await deps.tokens.create(context, account, wanted, writeParameters(query).dryRun);
  const spec = { boundObjectRef: null, ...answer.spec };
  sendDocument(response, 201, { ...type, ...answer, spec }, form, message);
}
