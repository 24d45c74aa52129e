import type { StatsResponse } from '@gantry/client/pod-messages.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { AgentConnections } from '../pods/agents.ts';
import type { Agent } from '../pods/locate.ts';

/** An answer is good for so long: agents read their counters each ten seconds. */
const freshMs = 4_000;
/** An agent that did not answer is not asked again for so long, so that it holds up no question after the first. */
const silentMs = 15_000;
/** Longest time that an agent takes to answer from its memory. */
const timeoutMs = 3_000;
/** Agents that are asked at one time, whoever asks. */
const maxParallel = 64;
/** Nodes whose answers are kept; beyond this, the oldest go. */
const maxKept = 10_000;

interface Kept {
  readonly askedMs: number;
  readonly answer: Promise<StatsResponse | undefined>;
  /** Undefined until the answer is there. */
  isSilent: boolean | undefined;
}

/** Asks node agents for the statistics of their pods, and keeps each answer for a few seconds. All questions share answers. */
export class NodeStatistics {
  readonly #agents: Pick<AgentConnections, 'call'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #slots = new Semaphore(maxParallel);
  readonly #byAgent = new Map<string, Kept>();

  constructor(agents: Pick<AgentConnections, 'call'>, clock: Pick<Clock, 'monotonic'>) {
    this.#agents = agents;
    this.#clock = clock;
  }

  /** Statistics of all pods of a node, and its own; undefined where its agent does not answer. Never rejects. */
  of(agent: Agent): Promise<StatsResponse | undefined> {
    const key = `${agent.nodeName} ${agent.address}`;
    const now = this.#clock.monotonic();
    const kept = this.#byAgent.get(key);
    if (kept !== undefined && now - kept.askedMs < (kept.isSilent ? silentMs : freshMs)) return kept.answer;
    // An answer that is still awaited is as new as one that would be asked for now.
    if (kept !== undefined && kept.isSilent === undefined) return kept.answer;
    const asked: Kept = { askedMs: now, answer: this.#ask(agent), isSilent: undefined };
    void asked.answer.then((answer) => {
      asked.isSilent = answer === undefined;
    });
    this.#byAgent.delete(key);
    this.#byAgent.set(key, asked);
    if (this.#byAgent.size > maxKept) this.#byAgent.delete(this.#byAgent.keys().next().value!);
    return asked.answer;
  }

  async #ask(agent: Agent): Promise<StatsResponse | undefined> {
    try {
      return await this.#slots.run(() => this.#agents.call(agent, (calls) => calls.stats({}, { timeoutMs })));
    } catch {
      return undefined;
    }
  }
}
