import type { TokenRequest } from '@gantry/model/gen/gantry.authentication.v1.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { TokenRequests } from '../auth/tokens/request.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** gantry.api.v1.RequestTokenRequest. */
interface RequestTokenRequest {
  readonly namespace?: string;
  readonly name?: string;
  readonly spec?: TokenRequest['spec'];
  readonly dryRun?: boolean;
}

/** TokenService. */
export function tokenHandlers(tokens: TokenRequests, calls: Calls): UntypedServiceImplementation {
  return {
    RequestToken: calls.unary(
      async (context, { namespace = '', name = '', spec, dryRun = false }: RequestTokenRequest) => {
        const request = spec === undefined ? {} : { spec };
        const { spec: made, status } = await tokens.create(context, { namespace, name }, request, dryRun);
        return { spec: made, status };
      },
      ({ namespace, name }) => on('create', 'serviceaccounts/token', namespace, name),
    ),
  };
}
