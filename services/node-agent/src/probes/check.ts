import { connect } from 'node:net';
import type { Container, Probe } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Streams } from '../runtime/runtime.ts';
import { goDuration } from './go-duration.ts';
import { grpcHealth } from './grpc.ts';
import { type HttpTarget, httpGet, httpTargetOf, portOf } from './http.ts';
import { type CheckOutcome, success } from './outcome.ts';

/** Bytes of a command's output, or of an answer, that an event shows. */
const maxOutput = 512;

/** The container that is checked. */
export interface CheckTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
}

/** Runs one check. Never rejects: a check that could not be run is an outcome too. */
export async function check(
  streams: Pick<Streams, 'execSync'>,
  probe: Probe,
  target: CheckTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  try {
    if (probe.exec !== undefined) return await checkExec(streams, probe.exec.command ?? [], target, timeoutMs, signal);
    if (probe.httpGet !== undefined)
      return await checkHttp(httpTargetOf(probe.httpGet, target.container, target.podIp), timeoutMs, signal);
    if (probe.tcpSocket !== undefined) {
      const port = portOf(probe.tcpSocket.port, target.container);
      return await checkTcp(probe.tcpSocket.host || target.podIp, port, timeoutMs, signal);
    }
    if (probe.grpc !== undefined) {
      return await grpcHealth(target.podIp, probe.grpc.port ?? 0, probe.grpc.service ?? '', timeoutMs, signal);
    }
    return { result: 'unknown', message: `missing probe handler for ${target.container.name}` };
  } catch (error) {
    return { result: 'unknown', message: toGantryError(error).message };
  }
}

/** A command that was run and failed, or did not end in time, is a failure; one that could not be run says nothing. */
async function checkExec(
  streams: Pick<Streams, 'execSync'>,
  command: readonly string[],
  target: CheckTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  try {
    const { exitCode, stdout, stderr } = await streams.execSync(target.containerId, command, timeoutMs, signal);
    if (exitCode === 0) return success;
    const output = Buffer.concat([stdout, stderr]).toString('utf8').slice(0, maxOutput);
    return { result: 'failure', message: output.trim() || `command exited with ${exitCode}` };
  } catch (error) {
    if (!isError(error, 'Timeout')) throw error;
    const text = JSON.stringify(command.join(' '));
    return { result: 'failure', message: `command timed out: ${text} timed out after ${goDuration(timeoutMs)}` };
  }
}

async function checkHttp(target: HttpTarget, timeoutMs: number, signal: AbortSignal): Promise<CheckOutcome> {
  try {
    const { statusCode, body } = await httpGet(target, timeoutMs, signal);
    if (statusCode >= 200 && statusCode < 300) return success;
    return statusCode >= 300 && statusCode < 400
      ? { result: 'warning', message: `Probe terminated redirects, Response body: ${body.slice(0, maxOutput)}` }
      : { result: 'failure', message: `HTTP probe failed with statuscode: ${statusCode}` };
  } catch (error) {
    return { result: 'failure', message: toGantryError(error).message };
  }
}

/** Opens a connection and closes it. */
function checkTcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<CheckOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(success);
    });
    socket.on('error', (error) => {
      const why = error.name === 'AbortError' || error.name === 'TimeoutError' ? 'i/o timeout' : error.message;
      resolve({ result: 'failure', message: `dial tcp ${host}:${port}: ${why}` });
    });
  });
}
