import { credentials, Client as GrpcClient, type ServiceError, status as statusCode } from '@grpc/grpc-js';
import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';
import { goDuration } from './go-duration.ts';
import { type CheckOutcome, success } from './outcome.ts';

/** grpc.health.v1, as far as a check needs it. */
const definition = fromJSON(
  {
    nested: {
      grpc: {
        nested: {
          health: {
            nested: {
              v1: {
                nested: {
                  Request: { fields: { service: { type: 'string', id: 1 } } },
                  Response: { fields: { status: { type: 'Status', id: 1 } } },
                  Status: { values: { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } },
                  Health: { methods: { Check: { requestType: 'Request', responseType: 'Response', comment: '' } } },
                },
              },
            },
          },
        },
      },
    },
  },
  { enums: String, defaults: true },
);
const method = (definition['grpc.health.v1.Health'] as ServiceDefinition).Check!;

/** Asks a gRPC server for the health of a service; the empty name is the server as a whole. */
export function grpcHealth(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const client = new GrpcClient(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  return new Promise<CheckOutcome>((resolve) => {
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { service },
      { deadline: Date.now() + timeoutMs },
      (error: ServiceError | null, response?: object) => {
        signal.removeEventListener('abort', cancel);
        const status = (response as { status?: string } | undefined)?.status;
        if (error !== null) resolve({ result: 'failure', message: failureText(error, address, timeoutMs) });
        else if (status === 'SERVING') resolve(success);
        else resolve({ result: 'failure', message: `service unhealthy (responded with "${status}")` });
      },
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
  }).finally(() => client.close());
}

/** Kubernetes' words, the same each time: the client's own text of a time-out has changing figures in it. */
function failureText({ code, details }: ServiceError, address: string, timeoutMs: number): string {
  switch (code) {
    case statusCode.DEADLINE_EXCEEDED:
      return `timeout: health rpc did not complete within ${goDuration(timeoutMs)}`;
    case statusCode.UNAVAILABLE:
      return `timeout: failed to connect service "${address}" within ${goDuration(timeoutMs)}: ${details}`;
    case statusCode.UNIMPLEMENTED:
      return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
    default:
      return `error: health rpc failed: ${details}`;
  }
}
