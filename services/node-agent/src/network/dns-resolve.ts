import { randomInt } from 'node:crypto';
import type { Logger } from '@gantry/runtime/log.ts';
import { type Answer, decode, encode, RECURSION_DESIRED } from 'dns-packet';
import { answerQuestion, type DnsRecords, startOfAuthority } from './dns-answer.ts';
import { maxUdpBytes } from './dns-forward.ts';

/** Response codes of RFC 1035. */
export const rcodes = { ok: 0, formatError: 1, serverFailure: 2, nxdomain: 3, notImplemented: 4 } as const;

/** Dependencies of a DNS server. */
export interface DnsServerDeps {
  readonly records: DnsRecords;
  readonly domain: string;
  /** Asks the name servers that know names which are not the cluster's; undefined where none answers. */
  readonly forward: (query: Buffer, maxBytes: number, signal: AbortSignal) => Promise<Buffer | undefined>;
  readonly log: Logger;
}

/** A question. */
export interface Question {
  readonly name: string;
  readonly type: string;
}

/** The answer to a question; `forward`: other name servers know, and their reply is passed on as it is. */
export type Resolution =
  | {
      readonly kind: 'resolved';
      readonly rcode: number;
      readonly answers: readonly Answer[];
      readonly authorities: readonly Answer[];
    }
  | { readonly kind: 'forward' };

/** Bound of a chain of aliases, which may be a circle. */
const maxAliases = 8;
const maxTcpBytes = 65_535;

/** Answers a question, and follows aliases to the records of their targets. */
export async function resolveQuestion(
  question: Question,
  deps: DnsServerDeps,
  signal: AbortSignal,
): Promise<Resolution> {
  const aliases: Answer[] = [];
  let asked = question;
  while (aliases.length <= maxAliases) {
    const verdict = answerQuestion(asked, deps.records, deps.domain);
    switch (verdict.kind) {
      case 'answer':
        return resolved(
          rcodes.ok,
          [...aliases, ...verdict.answers],
          verdict.answers.length > 0 ? undefined : asked,
          deps,
        );
      case 'nxdomain':
        // After aliases the code is that of the last name (RFC 6604).
        return resolved(rcodes.nxdomain, aliases, asked, deps);
      case 'forward':
        if (aliases.length === 0) return verdict;
        return askElsewhere(asked, aliases, deps, signal);
      case 'alias':
        if (!isName(verdict.target)) return resolved(rcodes.serverFailure, [], undefined, deps);
        aliases.push({ type: 'CNAME', name: asked.name, ttl: aliasTtl, data: verdict.target });
        if (question.type === 'CNAME') return resolved(rcodes.ok, aliases, undefined, deps);
        asked = { name: verdict.target, type: question.type };
    }
  }
  return resolved(rcodes.serverFailure, [], undefined, deps);
}

/** Whether DNS can carry a name: labels of 1 to 63 characters, 253 in all. */
function isName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => label.length >= 1 && label.length <= 63);
}

/** Seconds that an alias may be kept. */
const aliasTtl = 5;

/** An answer. A negative one carries the SOA record of the zone, so that it can be cached. */
function resolved(
  rcode: number,
  answers: readonly Answer[],
  negativeFor: Question | undefined,
  { domain }: DnsServerDeps,
): Resolution {
  const name = negativeFor?.name.toLowerCase().replace(/\.$/, '');
  const authorities = name === undefined ? [] : [startOfAuthority(name.endsWith(domain) ? domain : name)];
  return { kind: 'resolved', rcode, answers, authorities };
}

/** Asks other name servers for the records of the name that aliases led to. */
async function askElsewhere(
  { name, type }: Question,
  aliases: readonly Answer[],
  { forward }: DnsServerDeps,
  signal: AbortSignal,
): Promise<Resolution> {
  const questions = [{ name, type: type as 'A' }];
  const query = encode({ type: 'query', id: randomInt(65_536), flags: RECURSION_DESIRED, questions });
  let reply = await forward(query, maxUdpBytes, signal);
  if (reply !== undefined && decode(reply).flag_tc) reply = await forward(query, maxTcpBytes, signal);
  if (reply === undefined) return { kind: 'resolved', rcode: rcodes.serverFailure, answers: [], authorities: [] };
  const { answers = [], authorities = [] } = decode(reply);
  return {
    kind: 'resolved',
    // The code is in the last four bits of the second word.
    rcode: reply.readUInt16BE(2) & 0xf,
    answers: [...aliases, ...answers],
    authorities: answers.length === 0 ? authorities : [],
  };
}
