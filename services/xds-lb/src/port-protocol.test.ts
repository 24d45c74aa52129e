import { expect, it } from 'vitest';
import { portProtocol } from './port-protocol.ts';

it.each([
  [{ port: 80 }, 'tcp'],
  [{ port: 80, name: 'http' }, 'http'],
  [{ port: 80, name: 'http-web' }, 'http'],
  [{ port: 443, name: 'https' }, 'tcp'],
  [{ port: 443, name: 'https-web' }, 'tcp'],
  [{ port: 80, name: 'httpbin' }, 'tcp'],
  [{ port: 80, name: 'http2' }, 'http2'],
  [{ port: 80, name: 'grpc-api' }, 'http2'],
  [{ port: 80, name: 'db', appProtocol: 'http' }, 'http'],
  [{ port: 80, name: 'db', appProtocol: 'HTTP' }, 'http'],
  [{ port: 80, appProtocol: 'kubernetes.io/h2c' }, 'http2'],
  [{ port: 80, appProtocol: 'kubernetes.io/ws' }, 'http'],
  [{ port: 80, appProtocol: 'grpc' }, 'http2'],
  [{ port: 80, name: 'http', appProtocol: 'tcp' }, 'tcp'],
  [{ port: 53, name: 'http', protocol: 'UDP' }, undefined],
] as const)('%j is %s', (port, protocol) => {
  expect(portProtocol(port)).toBe(protocol);
});
