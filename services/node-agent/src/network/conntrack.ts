/**
 * Removes stale UDP flows from connection tracking. The kernel translates all packets of a flow as its first one, for as long as packets
 * come, even if the endpoint is gone meanwhile. kube-proxy deletes such entries, too.
 */
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { isWithin } from '../ipv4.ts';
import type { Ruleset } from './ruleset.ts';

/** A flow as the kernel tracks it. */
export interface UdpFlow {
  readonly source: string;
  readonly sourcePort: number;
  /** Address that the client sends to. */
  readonly destination: string;
  readonly destinationPort: number;
  /** `address:port` of who answers; the destination itself where it was not translated. */
  readonly answers: string;
}

/** Flows that one pass deletes at most. */
const maxFlows = 50_000;

const flowPattern = /^udp .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) /;

/** Flows in the text of `conntrack -L -p udp`. */
export function parseFlows(text: string): UdpFlow[] {
  return text.split('\n').flatMap((line): UdpFlow[] => {
    const [, source, destination, sourcePort, destinationPort, replySource, replyPort] = flowPattern.exec(line) ?? [];
    if (source === undefined || destination === undefined) return [];
    return [
      {
        source,
        sourcePort: Number(sourcePort),
        destination,
        destinationPort: Number(destinationPort),
        answers: `${replySource}:${replyPort}`,
      },
    ];
  });
}

/** Facts by which flows are judged. */
export interface FlowRules {
  /** Backends by destination, as of now. */
  readonly udp: Ruleset['udp'];
  /** Destinations that there were before and are no more. */
  readonly gone: ReadonlySet<string>;
  /** Range of service addresses: none of it is anything but a service. */
  readonly serviceCidr: string;
  /** The node's own addresses. */
  readonly nodeAddresses: ReadonlySet<string>;
}

/**
 * Stale flows: to an endpoint that left, untranslated though the service has endpoints now, or to a service that is gone.
 */
export function staleFlows(flows: readonly UdpFlow[], rules: FlowRules): UdpFlow[] {
  return flows.filter((flow) => {
    const { destination, destinationPort, answers } = flow;
    const isTranslated = answers !== `${destination}:${destinationPort}`;
    const address = `${destination} . udp . ${destinationPort}`;
    const nodePort = `udp . ${destinationPort}`;
    // A flow that was translated at a port of the node was so by our rules, whatever address of the node it came to.
    const keys = rules.nodeAddresses.has(destination) || isTranslated ? [address, nodePort] : [address];
    const backends = keys.map((key) => rules.udp.get(key)).find((found) => found !== undefined);
    if (backends !== undefined) return backends.size === 0 ? isTranslated : !backends.has(answers);
    return isTranslated && (keys.some((key) => rules.gone.has(key)) || isWithin(destination, rules.serviceCidr));
  });
}

/** A shell script that deletes flows. Flows that have ended meanwhile are no failure. */
export function forgetScript(flows: readonly UdpFlow[]): string {
  const lines = flows.map(
    ({ source, sourcePort, destination, destinationPort }) =>
      `conntrack -D -p udp -s ${source} --sport ${sourcePort} -d ${destination} --dport ${destinationPort} >/dev/null 2>&1`,
  );
  return `${[...lines, 'true'].join('\n')}\n`;
}

/** Runs a command in the node's network with this standard input. */
export type RunInNode = (command: readonly string[], input: string, signal: AbortSignal) => Promise<string>;

/** Deletes UDP flows that contradict the rules. */
export class UdpFlows {
  readonly #run: RunInNode;
  readonly #log: Logger;
  readonly #fixed: Pick<FlowRules, 'serviceCidr' | 'nodeAddresses'>;
  /** Destinations that flows were last put in step with; undefined before the first time. */
  #settled: Ruleset['udp'] | undefined;
  #isMissing = false;

  constructor(run: RunInNode, fixed: Pick<FlowRules, 'serviceCidr' | 'nodeAddresses'>, log: Logger) {
    this.#run = run;
    this.#fixed = fixed;
    this.#log = log;
  }

  /** Makes the kernel forget flows that the rules, which it has already, would send elsewhere. */
  async settle({ udp }: Pick<Ruleset, 'udp'>, signal: AbortSignal): Promise<void> {
    if (this.#isMissing || (this.#settled !== undefined && isSame(this.#settled, udp))) return;
    const gone = new Set([...(this.#settled?.keys() ?? [])].filter((key) => !udp.has(key)));
    if (udp.size > 0 || gone.size > 0) {
      try {
        const flows = parseFlows(await this.#run(['conntrack', '-L', '-p', 'udp'], '', signal));
        const stale = staleFlows(flows, { udp, gone, ...this.#fixed }).slice(0, maxFlows);
        if (stale.length > 0) await this.#run(['sh'], forgetScript(stale), signal);
      } catch (error) {
        if (!isNotInstalled(error)) throw error;
        this.#isMissing = true;
        this.#log.warn(
          'conntrack is not installed: UDP clients may go on talking to pods that are gone; apt-get install conntrack',
        );
      }
    }
    this.#settled = udp;
  }
}

/** The command itself is not found, or nsenter did not find it. */
function isNotInstalled(error: unknown): boolean {
  return (
    error instanceof GantryError &&
    /conntrack( is not installed|: No such file|.*No such file or directory)/.test(error.message)
  );
}

function isSame(a: Ruleset['udp'], b: Ruleset['udp']): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([key, backends]) => {
    const other = b.get(key);
    return other === backends || (other?.size === backends.size && [...backends].every((each) => other.has(each)));
  });
}
