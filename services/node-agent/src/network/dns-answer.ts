import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Answer } from 'dns-packet';
import { hasClusterIp, isReady, protocolOf, serviceNameLabel } from './endpoints.ts';

/** How long answers may be kept, in seconds: short, as pods come and go. */
const ttl = 5;

/** Objects that names are looked up in. */
export interface DnsRecords {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, name: string): readonly EndpointSlice[];
  hasNamespace(namespace: string): boolean;
  /** The service that has this cluster address. */
  serviceByIp(ip: string): Service | undefined;
  /** Slices that hold an endpoint with this address. */
  slicesByIp(ip: string): readonly EndpointSlice[];
}

/** Outcome of a question. */
export type DnsVerdict =
  /** The name exists; where there are no answers, it has no record of that type. */
  | { readonly kind: 'answer'; readonly answers: readonly Answer[] }
  /** The name stands for another one, whose records belong into the answer: stub resolvers ask no further. */
  | { readonly kind: 'alias'; readonly target: string }
  /** There is no such name. */
  | { readonly kind: 'nxdomain' }
  /** The name is not the cluster's; others know. */
  | { readonly kind: 'forward' };

/** The version of Kubernetes' DNS specification that is followed, which `dns-version.<domain>` tells. */
const specificationVersion = '1.1.0';

const nxdomain: DnsVerdict = { kind: 'nxdomain' };
/** The name exists and has no record of that type. */
const empty: DnsVerdict = { kind: 'answer', answers: [] };

/** Answers a question of the cluster's names, by Kubernetes' DNS specification. `type` is A, AAAA, SRV and so on. */
export function answerQuestion(
  question: { readonly name: string; readonly type: string },
  records: DnsRecords,
  domain: string,
): DnsVerdict {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  if (name.endsWith('.in-addr.arpa')) return answerReverse(question, name, records, domain);
  if (name === domain) return question.type === 'SOA' ? { kind: 'answer', answers: [startOfAuthority(domain)] } : empty;
  if (!name.endsWith(`.${domain}`)) return { kind: 'forward' };
  const labels = name.slice(0, -domain.length - 1).split('.');
  const zone = labels.pop();
  if (zone === 'svc') return answerService(question, labels, records, domain);
  if (zone === 'pod') return answerPod(question, labels, records);
  if (zone === 'dns-version' && labels.length === 0) return answerVersion(question);
  return nxdomain;
}

/**
 * The record that goes with negative answers: without it resolvers could not keep them, and would ask again each time (RFC 2308).
 * Nobody transfers the zone, so that its serial number tells nothing.
 */
export function startOfAuthority(zone: string): Answer {
  return {
    type: 'SOA',
    name: zone,
    ttl,
    data: {
      mname: `ns.dns.${zone}`,
      rname: `hostmaster.${zone}`,
      serial: 1,
      refresh: 7_200,
      retry: 1_800,
      expire: 86_400,
      minimum: ttl,
    },
  };
}

function answerVersion({ name, type }: Question): DnsVerdict {
  if (type !== 'TXT' && type !== 'ANY') return empty;
  return { kind: 'answer', answers: [{ type: 'TXT', name, ttl, data: specificationVersion }] };
}

interface Question {
  readonly name: string;
  readonly type: string;
}

function addresses({ name, type }: Question, ips: readonly string[]): DnsVerdict {
  if (type !== 'A' && type !== 'ANY') return empty;
  const own = ips.filter((ip) => !ip.includes(':'));
  return { kind: 'answer', answers: own.map((data): Answer => ({ type: 'A', name, ttl, data })) };
}

/** Labels in front of `svc.<domain>`: [_port, _protocol,] [host,] service, namespace. */
function answerService(question: Question, labels: readonly string[], records: DnsRecords, domain: string): DnsVerdict {
  const [namespace = '', name, ...front] = labels.toReversed();
  if (name === undefined) return namespace === '' || records.hasNamespace(namespace) ? empty : nxdomain;
  const service = records.service(namespace, name);
  if (service === undefined) return nxdomain;
  const fullName = `${name}.${namespace}.svc.${domain}`;
  if (service.spec?.type === 'ExternalName') {
    const target = (service.spec.externalName ?? '').replace(/\.$/, '');
    return front.length > 0 ? nxdomain : { kind: 'alias', target };
  }
  const endpoints = publishedEndpoints(service, records.slices(namespace, name));
  if (front.length === 2 && front[1]?.startsWith('_') && front[0]?.startsWith('_')) {
    return answerPort(question, service, records, { protocol: front[0], port: front[1], fullName });
  }
  if (front.length === 1) {
    const found = endpoints.filter((endpoint) => hostLabelOf(endpoint) === front[0]);
    return found.length === 0
      ? nxdomain
      : addresses(
          question,
          found.flatMap((endpoint) => endpoint.addresses.slice(0, 1)),
        );
  }
  if (front.length > 0) return nxdomain;
  if (hasClusterIp(service)) return addresses(question, [service.spec?.clusterIP ?? '']);
  // A headless service without endpoints has no name at all.
  if (endpoints.length === 0) return nxdomain;
  return addresses(
    question,
    endpoints.flatMap((endpoint) => endpoint.addresses.slice(0, 1)),
  );
}

function answerPort(
  question: Question,
  service: Service,
  records: DnsRecords,
  wanted: { readonly protocol: string; readonly port: string; readonly fullName: string },
): DnsVerdict {
  const { namespace = '', name = '' } = service.metadata;
  const isWanted = (port: { readonly name?: string; readonly protocol?: string }): boolean =>
    `_${port.name ?? ''}` === wanted.port && `_${protocolOf(port).toLowerCase()}` === wanted.protocol;
  const srv = (target: string, port: number): Answer => ({
    type: 'SRV',
    name: question.name,
    ttl,
    data: { priority: 0, weight: 100, port, target },
  });
  const ports = (service.spec?.ports ?? []).filter(isWanted);
  const answers = hasClusterIp(service)
    ? ports.map(({ port }) => srv(wanted.fullName, port))
    : records
        .slices(namespace, name)
        .flatMap((slice) =>
          (slice.ports ?? [])
            .filter(isWanted)
            .flatMap(({ port }) =>
              publishedEndpoints(service, [slice]).map((endpoint) =>
                srv(`${hostLabelOf(endpoint)}.${wanted.fullName}`, port ?? 0),
              ),
            ),
        );
  if (answers.length === 0) return nxdomain;
  return question.type === 'SRV' || question.type === 'ANY' ? { kind: 'answer', answers } : empty;
}

/** Labels in front of `pod.<domain>`: the pod's address with dashes, and its namespace. */
function answerPod(question: Question, labels: readonly string[], records: DnsRecords): DnsVerdict {
  const [ip = '', namespace = '', ...rest] = labels;
  const octets = ip.split('-');
  const isAddress = octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256);
  if (rest.length > 0 || !isAddress || !records.hasNamespace(namespace)) return nxdomain;
  return addresses(question, [octets.join('.')]);
}

function answerReverse({ name, type }: Question, reversed: string, records: DnsRecords, domain: string): DnsVerdict {
  const ip = reversed.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.');
  const targets = namesOf(ip, records).map((target) => `${target}.svc.${domain}`);
  if (targets.length === 0) return { kind: 'forward' };
  if (type !== 'PTR' && type !== 'ANY') return empty;
  return { kind: 'answer', answers: targets.map((data): Answer => ({ type: 'PTR', name, ttl, data })) };
}

/** Names below `svc.<domain>` that lead to an address: that of the service that has it, or of endpoints of headless services. */
function namesOf(ip: string, records: DnsRecords): string[] {
  const { metadata } = records.serviceByIp(ip) ?? {};
  if (metadata !== undefined) return [`${metadata.name}.${metadata.namespace}`];
  const names = records.slicesByIp(ip).flatMap((slice) => {
    const [namespace = '', name = ''] = [slice.metadata.namespace, slice.metadata.labels?.[serviceNameLabel]];
    const service = records.service(namespace, name);
    if (service?.spec?.clusterIP !== 'None') return [];
    return publishedEndpoints(service, [slice])
      .filter(({ addresses: [own] }) => own === ip)
      .map((endpoint) => `${hostLabelOf(endpoint)}.${name}.${namespace}`);
  });
  return [...new Set(names)];
}

function publishedEndpoints(service: Service, slices: readonly EndpointSlice[]): Endpoint[] {
  const all = slices.filter(({ addressType }) => addressType === 'IPv4').flatMap(({ endpoints = [] }) => endpoints);
  return service.spec?.publishNotReadyAddresses ? all : all.filter(isReady);
}

/** The name of an endpoint below its service: its host name, or its address with dashes. */
function hostLabelOf({ hostname, addresses: [ip = ''] }: Endpoint): string {
  return hostname || ip.replaceAll('.', '-');
}
