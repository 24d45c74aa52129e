/** The messages of gantry.api.v1.PodService as servers and clients handle them; see proto/gantry/api/v1/pods.proto. */

export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  /** The pod's only or default container where empty. */
  readonly container?: string;
}

export interface LogsRequest {
  readonly ref: ContainerRef;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  readonly timestamps?: boolean;
  readonly limitBytes?: number;
}

export interface LogChunk {
  readonly data: Uint8Array;
}

export interface ExecStart {
  readonly ref: ContainerRef;
  /** The command and its arguments; empty for attach. */
  readonly command?: readonly string[];
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** Message of a client to a command: exactly one of these is set. */
export interface ExecInput {
  readonly start?: ExecStart;
  readonly stdin?: Uint8Array;
  readonly stdinClosed?: boolean;
  readonly resize?: TerminalSize;
}

/** Message of a command to its client: exactly one of these is set. */
export interface ExecOutput {
  readonly stdout?: Uint8Array;
  readonly stderr?: Uint8Array;
  readonly exit?: { readonly code: number };
}

export interface PortForwardStart {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface PortForwardChunk {
  readonly start?: PortForwardStart;
  readonly data?: Uint8Array;
}

export interface StatsRequest {
  readonly namespace?: string;
  readonly pod?: string;
}

export interface ContainerStats {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly nodeName: string;
  readonly cpuUsageNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** 0 without a window. */
  readonly cpuNanocores: number;
  /** 0 where there is no rate. */
  readonly windowMs: number;
  readonly podUid: string;
}

export interface NodeUsage {
  readonly cpuNanocores: number;
  readonly memoryWorkingSetBytes: number;
  readonly timestampMs: number;
  readonly windowMs: number;
}

export interface StatsResponse {
  readonly containers: readonly ContainerStats[];
  readonly node?: NodeUsage | null | undefined;
}
