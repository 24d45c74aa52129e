import { type ElementMap, type Ruleset, tableName } from './ruleset.ts';

/** nft takes any number of elements; lines of this many keep a script readable. */
const elementsALine = 50;
const elementMaps: readonly ElementMap[] = ['services', 'nodeports', 'unanswered'];

/**
 * Chains of every node: hooks that send packets for service addresses to their services' chains. A packet that still has a service
 * address after them is for a port that the service does not have, or for a service that there is not: it must not leave the node.
 */
const baseChains = (serviceCidr: string): string => `
  map services { type ipv4_addr . inet_proto . inet_service : verdict; }
  map nodeports { type inet_proto . inet_service : verdict; }
  map unanswered { type ipv4_addr . inet_proto . inet_service : verdict; }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp type port-unreachable
  }
  chain dispatch {
    ip daddr . meta l4proto . th dport vmap @services
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @nodeports
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump dispatch
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump dispatch
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark and 0x4000 == 0x4000 masquerade
  }
  chain filter-forward {
    type filter hook forward priority filter; policy accept;
    ip daddr . meta l4proto . th dport vmap @unanswered
    ip daddr ${serviceCidr} goto refuse
  }
  chain filter-output {
    type filter hook output priority filter; policy accept;
    ip daddr . meta l4proto . th dport vmap @unanswered
    ip daddr ${serviceCidr} goto refuse
  }
`;

/**
 * The script that replaces everything of ours by these rules, in one transaction.
 * @param serviceCidr Range of all service addresses.
 */
export function fullScript(ruleset: Ruleset, serviceCidr: string): string {
  return [
    `add table ip ${tableName}`,
    `delete table ip ${tableName}`,
    `table ip ${tableName} {${baseChains(serviceCidr)}}`,
    ...[...ruleset.affinity].map(([name, seconds]) => addSet(name, seconds)),
    ...[...ruleset.chains.keys()].map((chain) => `add chain ip ${tableName} ${chain}`),
    ...[...ruleset.chains].flatMap(([chain, rules]) => addRules(chain, rules)),
    ...elementMaps.flatMap((map) => changeElements('add', map, ruleset.elements[map])),
    '',
  ].join('\n');
}

/** The script that takes the kernel from one ruleset to another, in one transaction; empty where they are the same. */
export function changeScript(before: Ruleset, after: Ruleset): string {
  const changed = [...after.chains].filter(([chain, rules]) => !isSame(before.chains.get(chain), rules));
  const goneChains = [...before.chains.keys()].filter((chain) => !after.chains.has(chain));
  const lines = [
    ...[...after.affinity]
      .filter(([name]) => !before.affinity.has(name))
      .map(([name, seconds]) => addSet(name, seconds)),
    ...changed.filter(([chain]) => !before.chains.has(chain)).map(([chain]) => `add chain ip ${tableName} ${chain}`),
    ...changed.flatMap(([chain, rules]) => [`flush chain ip ${tableName} ${chain}`, ...addRules(chain, rules)]),
    ...elementMaps.flatMap((map) =>
      changeElements('delete', map, difference(before.elements[map], after.elements[map])),
    ),
    ...elementMaps.flatMap((map) => changeElements('add', map, difference(after.elements[map], before.elements[map]))),
    // Chains refer to one another: all are emptied before the first is taken away.
    ...goneChains.map((chain) => `flush chain ip ${tableName} ${chain}`),
    ...goneChains.map((chain) => `delete chain ip ${tableName} ${chain}`),
    ...[...before.affinity.keys()]
      .filter((name) => !after.affinity.has(name))
      .map((name) => `delete set ip ${tableName} ${name}`),
  ];
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function addSet(name: string, seconds: number): string {
  return `add set ip ${tableName} ${name} { type ipv4_addr; flags dynamic, timeout; timeout ${seconds}s; }`;
}

function addRules(chain: string, rules: readonly string[]): string[] {
  return rules.map((rule) => `add rule ip ${tableName} ${chain} ${rule}`);
}

function changeElements(change: 'add' | 'delete', map: ElementMap, elements: ReadonlyMap<string, string>): string[] {
  const all = [...elements].map(([key, verdict]) => `${key} : ${verdict}`);
  const lines: string[] = [];
  for (let at = 0; at < all.length; at += elementsALine) {
    lines.push(`${change} element ip ${tableName} ${map} { ${all.slice(at, at + elementsALine).join(', ')} }`);
  }
  return lines;
}

/** Entries of `a` that are not in `b`, or have another value there. */
function difference(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...a].filter(([key, value]) => b.get(key) !== value));
}

function isSame(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a === b || (a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index]));
}
