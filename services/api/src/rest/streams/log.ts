import { GantryError } from '@gantry/runtime/errors.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from '../request.ts';
import { logsRequest } from '../subresources/log.ts';
import { acceptWebSocket, agreedProtocol, sendMessage } from './websocket.ts';

const base64 = 'base64.binary.k8s.io';
/** Protocols of streams that go to the client alone; the empty name is that of clients that offer none. */
const protocols = ['binary.k8s.io', base64, ''];

/** Streams the log of a container on a WebSocket. */
export async function serveLog(
  { pods, clock }: Pick<ResourceDeps, 'pods' | 'clock'>,
  request: ResourceRequest,
  upgrade: Upgrade,
): Promise<void> {
  const { incoming, context } = request;
  const protocol = agreedProtocol(incoming, protocols);
  if (protocol === undefined) {
    throw new GantryError('BadRequest', `unable to upgrade: WebSocket with one of binary.k8s.io, ${base64} needed`);
  }
  const chunks = pods.logs(context, logsRequest(request, clock.now()));
  // Until the first chunk a refusal can be sent.
  const first = await chunks.next();
  const webSocket = acceptWebSocket(incoming, upgrade, protocol);
  const send = (data: Uint8Array): Promise<void> =>
    sendMessage(webSocket, protocol === base64 ? Buffer.from(data).toString('base64') : data);
  try {
    // Kubernetes opens such streams with a message without data.
    await send(new Uint8Array());
    if (!first.done) await send(first.value.data);
    for await (const { data } of chunks) await send(data);
    webSocket.close(1000);
  } catch {
    // The protocol has no words for a failure in the middle.
    webSocket.close(1011);
  }
}
