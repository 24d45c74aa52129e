import { nodeUserName, organizations, serviceDnsName, serviceNames } from '@gantry/runtime/identities.ts';

/** The holder of a certificate, and the use that it may make of it. */
export interface Subject {
  /** Name of the user or service. */
  readonly commonName: string;
  /** Groups that the user belongs to. */
  readonly organizations?: readonly string[];
  /** Names under which a server is reached. */
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  /** `client`: proves its name to servers; `server`: to clients. */
  readonly uses: readonly ('client' | 'server')[];
  /** Milliseconds of validity; a year if absent. */
  readonly lifetimeMs?: number;
}

/** Names and addresses under which a server is reached. */
export interface Reached {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
}

/** This machine. */
export const thisMachine: Reached = { dns: ['localhost'], ips: ['127.0.0.1'] };

const both = ['client', 'server'] as const;

/** The services that have a certificate by their own name. */
export type ServiceName = keyof typeof serviceNames;

/** A service: it calls others and is called. Roles are bound to its common name, by which callers go too; `reached` is for clients that are not Gantry's. */
export function serviceSubject(service: ServiceName, reached: Reached = thisMachine): Subject {
  const groups = service === 'envoy' ? { organizations: [organizations.xdsClients] } : {};
  const dns = [...reached.dns, serviceDnsName(service)];
  return { commonName: serviceNames[service], dns, ips: reached.ips, ...groups, uses: both };
}

/** The administrator, who calls and is never called. */
export const adminSubject: Subject = {
  commonName: serviceNames.admin,
  organizations: [organizations.masters],
  uses: ['client'],
};

/** The agent of a node. */
export function nodeSubject(nodeName: string, addresses: readonly string[]): Subject {
  return {
    commonName: nodeUserName(nodeName),
    organizations: [organizations.nodes],
    dns: [nodeName],
    ips: addresses,
    uses: both,
  };
}
