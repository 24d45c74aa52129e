import { GantryError } from '@gantry/runtime/errors.ts';
import type { EventBus } from './events.ts';
import { InProcessBus } from './in-process.ts';
import { openNats } from './nats.ts';

/**
 * Opens the bus that an address names: `memory:` or `memory:<name>` is shared by name within this process,
 * `nats://host:port[,nats://host:port]` is a NATS server or cluster (`tls://` likewise).
 * Throws BadRequest for any other address and ServiceUnavailable where no server answers.
 * @param clientName Name of this client in the server's lists.
 */
export async function openBus(url: string, clientName?: string): Promise<EventBus> {
  if (url.startsWith('memory:')) return new InProcessBus(url.slice('memory:'.length));
  if (url.startsWith('nats://') || url.startsWith('tls://')) {
    return openNats(clientName === undefined ? { url } : { url, name: clientName });
  }
  throw new GantryError(
    'BadRequest',
    `event bus address ${JSON.stringify(url)}: must start with memory:, nats:// or tls://`,
  );
}
