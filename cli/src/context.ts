import type { Client } from '@gantry/client/client.ts';
import type { Clock } from '@gantry/runtime/clock.ts';

/** Output of a command. */
export interface Output {
  /** The result: standard output. */
  write(text: string): void;
  /** Progress and warnings: standard error. */
  note(text: string): void;
}

/** Dependencies of every command that talks to a cluster. */
export interface Context {
  readonly client: Client;
  /** Namespace for names without one. */
  readonly namespace: string;
  readonly output: Output;
  readonly clock: Clock;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Flags that every command understands. */
export interface GlobalFlags {
  /** host:port of the api. */
  readonly server: string;
  /** File with the cluster's token. */
  readonly tokenFile?: string;
  readonly namespace: string;
}

/** Exit codes of the gantry command. `exec` ends with the command's own code instead. */
export const ExitCode = {
  /** Done. */
  ok: 0,
  /** Refused or failed; the reason is on standard error. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** The api cannot be reached. */
  unreachable: 3,
  /** Ended at once by a further Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

/** Ends the program with this code, after what it has printed already. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number, message = '') {
    super(message);
    this.name = 'Exit';
    this.code = code;
  }
}

/** Refuses what the user asked for without asking the server: `error: …`, as kubectl prints it. */
export function refusal(problem: string): Exit {
  return new Exit(ExitCode.failed, `error: ${problem}`);
}
