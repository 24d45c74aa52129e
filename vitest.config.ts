import { defineConfig } from 'vitest/config';

// Three projects by what a test needs: `unit` nothing but this repository, `integration` real servers
// (redis-server, nats-server, Envoy, containerd) that each test starts on free ports, `e2e` a whole cluster.
// The last two share machine-wide things (network namespaces, memory), so their files run one after another.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{packages,services}/*/src/**/*.test.ts',
            '{cli,bench}/src/**/*.test.ts',
            'test/{tidy,differential,authorization,conformance}/**/*.test.ts',
          ],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
          // Ends a test that hangs; a busy machine is no reason to fail.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [
            '{packages,services}/*/src/**/*.integration.test.ts',
            'cli/src/**/*.integration.test.ts',
            'test/{integration,chaos}/**/*.test.ts',
          ],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
