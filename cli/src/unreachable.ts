import { type GantryError, isError } from '@gantry/runtime/errors.ts';
import { Exit, ExitCode } from './context.ts';

/** An error in kubectl's words where no server answered; as it is where one did. */
export function explainUnreachable(error: unknown, server: string): unknown {
  if (!isError(error, 'ServiceUnavailable') || !isOfTransport(error)) return error;
  return new Exit(ExitCode.unreachable, problemOf(error.message, server));
}

function problemOf(message: string, server: string): string {
  if (message.includes('ECONNREFUSED')) {
    return `The connection to the server ${server} was refused - did you specify the right host or port?`;
  }
  // "No connection established. Last error: Error: connect … . Resolution note: …"
  const [, reason = message] = /Last error: (?:Error: )?(.*?)\.?\s*(?:Resolution note:.*)?$/.exec(message) ?? [];
  return `Unable to connect to the server: ${reason}`;
}

/** True where gRPC itself failed: an error of a server of ours carries details. */
function isOfTransport({ cause }: GantryError): boolean {
  const metadata = (cause as { metadata?: { get(key: string): unknown[] } } | undefined)?.metadata;
  return metadata !== undefined && metadata.get('grpc-status-details-bin').length === 0;
}
