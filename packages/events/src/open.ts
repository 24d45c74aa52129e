import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { EventBus } from './events.ts';
import { InProcessBus } from './in-process.ts';
import { openNats } from './nats.ts';

/**
 * Opens the bus that an address names: `memory:` or `memory:<name>` is shared by name within this process,
 * `nats://host:port[,nats://host:port]` is a NATS server or cluster (`tls://` likewise).
 * Throws BadRequest for any other address and ServiceUnavailable where no server answers.
 * @param clientName Name of this client in the server's lists.
 * @param certificates Proof of the client's name, and the authority by which a server of `tls://` is known, beside the public ones.
 */
export async function openBus(url: string, clientName?: string, certificates?: CertificateSource): Promise<EventBus> {
  if (url.startsWith('memory:')) return new InProcessBus(url.slice('memory:'.length));
  if (url.startsWith('nats://') || url.startsWith('tls://')) {
    return openNats({ url, name: clientName, certificates });
  }
  throw new GantryError(
    'BadRequest',
    `event bus address ${JSON.stringify(url)}: must start with memory:, nats:// or tls://`,
  );
}
