import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Answer } from 'dns-packet';
import { hasClusterIp, isReady, protocolOf } from './endpoints.ts';

/** How long answers may be kept, in seconds: short, as pods come and go. */
const ttl = 5;

/** Where names are looked up. */
export interface DnsRecords {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, name: string): readonly EndpointSlice[];
  hasNamespace(namespace: string): boolean;
  /** The service that has this cluster address. */
  serviceByIp(ip: string): Service | undefined;
}

/** What a question is answered with. `forward`: the name is not the cluster's, others know. */
export type DnsVerdict =
  | { readonly kind: 'answer'; readonly answers: readonly Answer[] }
  /** There is no such name. */
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'forward' };

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
  if (name === domain) return empty;
  if (!name.endsWith(`.${domain}`)) return { kind: 'forward' };
  const labels = name.slice(0, -domain.length - 1).split('.');
  const zone = labels.pop();
  if (zone === 'svc') return answerService(question, labels, records, domain);
  if (zone === 'pod') return answerPod(question, labels, records);
  return nxdomain;
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
    if (front.length > 0) return nxdomain;
    return {
      kind: 'answer',
      answers: [{ type: 'CNAME', name: question.name, ttl, data: service.spec.externalName ?? '' }],
    };
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

function answerReverse(question: Question, name: string, records: DnsRecords, domain: string): DnsVerdict {
  const ip = name.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.');
  const service = records.serviceByIp(ip);
  if (service === undefined) return { kind: 'forward' };
  const data = `${service.metadata.name}.${service.metadata.namespace}.svc.${domain}`;
  return { kind: 'answer', answers: question.type === 'PTR' ? [{ type: 'PTR', name: question.name, ttl, data }] : [] };
}

function publishedEndpoints(service: Service, slices: readonly EndpointSlice[]): Endpoint[] {
  const all = slices.filter(({ addressType }) => addressType === 'IPv4').flatMap(({ endpoints = [] }) => endpoints);
  return service.spec?.publishNotReadyAddresses ? all : all.filter(isReady);
}

/** The name of an endpoint below its service: its host name, or its address with dashes. */
function hostLabelOf({ hostname, addresses: [ip = ''] }: Endpoint): string {
  return hostname || ip.replaceAll('.', '-');
}
