import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import type { Credentials } from '@gantry/client/credentials.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { nodeUserName } from '@gantry/runtime/identities.ts';
import type { CoreDeps } from '../core/context.ts';
import { readStored } from '../core/writer.ts';
import { agentOf } from './locate.ts';
import { namedBy } from './targets.ts';

/** A port to which a request is passed on. */
export interface Backend {
  /** `address:port`, for the Host header. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** Opens a connection, over TLS where the scheme asks for it. */
  readonly connect: () => Duplex;
}

/** Kubelets' usual port: in a path it stands for that of the node's agent, wherever that listens. */
const kubeletPort = 10_250;
const nodes = genericKindOf('Node');

/**
 * The port of a node that a name in a proxy's path stands for: `name`, `name:port` or `scheme:name:port`. That of the node's agent is called
 * with the api's certificate, and believed only by the node's name. Throws NotFound, BadRequest in Kubernetes' words, and ServiceUnavailable
 * for a node that does not say where it is. Authorizes nothing.
 */
export async function nodeBackend(
  deps: Pick<CoreDeps, 'store' | 'cache'> & { readonly credentials: Credentials },
  id: string,
): Promise<Backend> {
  const { scheme, name, port } = namedBy(id, 'node');
  const node = (await readStored(deps, { kind: nodes, namespace: '', name })).object as unknown as Node;
  const { addresses = [], daemonEndpoints } = node.status ?? {};
  const own = daemonEndpoints?.kubeletEndpoint?.Port;
  if (port === '' || Number(port) === own || Number(port) === kubeletPort) return agentBackend(deps.credentials, node);
  const number = Number(port);
  const address = addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
  if (!/^\d+$/.test(port) || !(number >= 1 && number <= 65_535)) {
    throw new GantryError('BadRequest', `invalid node request ${JSON.stringify(id)}`);
  }
  if (!isProxyable(address)) throw new GantryError('BadRequest', 'address not allowed');
  const at = { host: address, port: number };
  const host = `${isIP(address) === 6 ? `[${address}]` : address}:${number}`;
  const connect = (): Duplex =>
    scheme === 'https' ? connectTls({ ...at, rejectUnauthorized: false }) : connectTcp(at);
  return { host, scheme, connect };
}

function agentBackend({ certificates }: Credentials, node: Node): Backend {
  const { nodeName, address } = agentOf(node);
  if (certificates === undefined) {
    throw new GantryError(
      'ServiceUnavailable',
      'nodes answer those alone that have a certificate, and the api has none',
    );
  }
  const connect = (): Duplex => {
    const { ca, cert, key } = certificates.current;
    const checkServerIdentity = (_: string, { subject }: PeerCertificate): Error | undefined => {
      const name = nodeUserName(nodeName);
      return subject.CN === name
        ? undefined
        : new Error(`the server's certificate names ${JSON.stringify(subject.CN)}, not ${JSON.stringify(name)}`);
    };
    return connectTls({ ...parseAddress(address), ca, cert, key, checkServerIdentity, ALPNProtocols: ['http/1.1'] });
  };
  return { host: address, scheme: 'https', connect };
}

/** The api connects to no address that leads to itself, as in Kubernetes: loopback, link-local and unspecified ones. */
function isProxyable(address: string): boolean {
  if (isIP(address) === 4) return !/^(?:127\.|169\.254\.|0\.|22[4-9]\.|23\d\.)/.test(address);
  return isIP(address) === 6 && !/^(?:::1?$|fe[89ab]|ff)/i.test(address);
}
