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

test('a Prometheus is named with the rules of its series', () => {
  const metricsOf = (args: readonly string[], env = {}) => readConfig(args, env).api.metrics;
  const address = 'http://prometheus:9090';
  expect(metricsOf([])).toEqual({ prometheus: undefined, rules: undefined });
  expect(metricsOf(['--metric-rules', 'rules.yaml'], { GANTRY_API_PROMETHEUS: address })).toEqual({
    prometheus: address,
    rules: 'rules.yaml',
  });
  expect(() => metricsOf(['--prometheus', 'prometheus:9090'])).toThrow(
    '--prometheus: Invalid value: "prometheus:9090"',
  );
  expect(() => metricsOf(['--metric-rules', 'rules.yaml'])).toThrow('--prometheus: Required value');
});
