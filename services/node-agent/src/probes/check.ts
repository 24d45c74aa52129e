import { connect } from 'node:net';
import type { Container, Probe } from '@gantry/model/gen/gantry.core.v1.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Streams } from '../runtime/runtime.ts';
import { grpcHealth } from './grpc.ts';
import { httpGet, httpTargetOf, portOf } from './http.ts';

/** Bytes of a command's output, or of an answer, that an event shows. */
const maxOutput = 512;

/** What one check saw. */
export interface CheckOutcome {
  readonly ok: boolean;
  /** Why not, in Kubernetes' words. */
  readonly message: string;
}

/** The container that is checked. */
export interface CheckTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
}

/** Runs one check. Never rejects: what goes wrong is a failed check. */
export async function check(
  streams: Pick<Streams, 'execSync'>,
  probe: Probe,
  target: CheckTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  try {
    if (probe.exec !== undefined) return await checkExec(streams, probe.exec.command ?? [], target, timeoutMs, signal);
    if (probe.httpGet !== undefined) {
      const { statusCode } = await httpGet(
        httpTargetOf(probe.httpGet, target.container, target.podIp),
        timeoutMs,
        signal,
      );
      const ok = statusCode >= 200 && statusCode < 400;
      return { ok, message: ok ? '' : `HTTP probe failed with statuscode: ${statusCode}` };
    }
    if (probe.tcpSocket !== undefined) {
      const port = portOf(probe.tcpSocket.port, target.container);
      await tcpConnect(probe.tcpSocket.host || target.podIp, port, timeoutMs, signal);
      return { ok: true, message: '' };
    }
    if (probe.grpc !== undefined) {
      return await grpcHealth(target.podIp, probe.grpc.port ?? 0, probe.grpc.service ?? '', timeoutMs, signal);
    }
    return { ok: true, message: '' };
  } catch (error) {
    return { ok: false, message: toGantryError(error).message };
  }
}

async function checkExec(
  streams: Pick<Streams, 'execSync'>,
  command: readonly string[],
  target: CheckTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const { exitCode, stdout, stderr } = await streams.execSync(target.containerId, command, timeoutMs, signal);
  const output = Buffer.concat([stdout, stderr]).toString('utf8').slice(0, maxOutput);
  return { ok: exitCode === 0, message: exitCode === 0 ? '' : output.trim() || `command exited with ${exitCode}` };
}

/** Opens a connection and closes it. */
function tcpConnect(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', (error) => {
      const why = error.name === 'AbortError' ? 'i/o timeout' : error.message;
      reject(new Error(`dial tcp ${host}:${port}: ${why}`));
    });
  });
}
