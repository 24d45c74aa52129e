import type { ExtraAddress } from './ruleset.ts';

/** Ports of the node that lead to the agent, which is outside of the node's network. */
export class OpenPorts {
  readonly #agentHost: string;
  readonly #changed: () => void;
  readonly #opened: ExtraAddress[] = [];

  /** @param agentHost Address of the agent that the node's network reaches. @param changed Called after each change. */
  constructor(agentHost: string, changed: () => void) {
    this.#agentHost = agentHost;
    this.#changed = changed;
  }

  /** Leads a TCP port of the node to one of the agent. */
  open(port: number, agentPort: number): void {
    const backends = [{ ip: this.#agentHost, port: agentPort, nodeName: undefined }];
    this.#opened.push({ name: `agent/${port}`, port, protocol: 'TCP', backends });
    this.#changed();
  }

  addresses(): readonly ExtraAddress[] {
    return this.#opened;
  }
}
