import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  test('flags go before the environment, and that before defaults', () => {
    const env = { GANTRY_STORE: 'redis://a', GANTRY_EVENTS: 'nats://b', GANTRY_API_LISTEN: '127.0.0.1:1' };
    const config = readConfig(['--store', 'sqlite:/x', '--listen=[::1]:2', '--trust-network'], env);
    expect(config).toMatchObject({
      store: 'sqlite:/x',
      bus: 'nats://b',
      api: { listen: '[::1]:2', trustNetwork: true },
    });
    expect(readConfig([], {})).toMatchObject({
      bus: 'memory:',
      api: { listen: '127.0.0.1:7443', trustNetwork: false },
    });
  });

  test.each([
    [['--nope', 'x'], "Unknown option '--nope'"],
    [['store'], "Unexpected argument 'store'"],
    [['--store'], "Option '--store <value>' argument missing"],
    [['--trust-network=maybe'], '--trust-network: Unsupported value: "maybe": supported values: "false", "true"'],
  ])('%j is refused', (args, message) => {
    expect(() => readConfig(args, {})).toThrow(message);
  });
});
