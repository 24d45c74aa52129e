/**
 * Expressions: CPU time to compile typical rules, and to evaluate them, on one thread; and that of validating a whole object by 0, 5 and 20 rules.
 *
 *     scripts/node bench/src/cel.ts [--seconds 1]
 */

import { compile } from '@gantry/cel/compile.ts';
import { environment } from '@gantry/cel/environment.ts';
import { ruleValidator } from '@gantry/cel/rules/validator.ts';
import { declarationOf, type RuleSchema } from '@gantry/cel/types/schema.ts';
import { readArguments } from './arguments.ts';

const schema: RuleSchema = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    max: { type: 'integer' },
    name: { type: 'string', maxLength: 63 },
    labels: { type: 'object', maxProperties: 20, additionalProperties: { type: 'string', maxLength: 63 } },
    ports: {
      type: 'array',
      maxItems: 20,
      items: { type: 'object', properties: { name: { type: 'string', maxLength: 15 }, port: { type: 'integer' } } },
    },
    window: { type: 'string', format: 'duration' },
    size: { 'x-kubernetes-int-or-string': true, maxLength: 20 },
  },
};

const self = {
  replicas: 3,
  max: 10,
  name: 'web-frontend',
  labels: { app: 'web', tier: 'front' },
  ports: [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
    { name: 'metrics', port: 9090 },
  ],
  window: '5m',
  size: '10Gi',
};

/** Rules as definitions of operators have them. */
const rules = [
  'self.replicas <= self.max',
  "!has(self.name) || self.name.startsWith('web')",
  "self.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
  'self.ports.all(p, p.port > 0 && p.port < 65536)',
  "self.ports.exists(p, p.name == 'https')",
  "'app' in self.labels && self.labels.app != ''",
  "self.window >= duration('1s') && self.window <= duration('1h')",
  "type(self.size) == string ? quantity(self.size).isGreaterThan(quantity('1Gi')) : self.size > 0",
  'self.replicas == 3 || self.replicas in [5, 7]',
  'self == oldSelf',
];

/** Calls between looks at the clock. */
const burst = 100;

/** Nanoseconds of CPU time for each call, after a run that warms up: others may use the machine. */
function cpuNanos(seconds: number, call: () => unknown): number {
  const run = (forMs: number): number => {
    const untilMs = performance.now() + forMs;
    const before = process.threadCpuUsage();
    let calls = 0;
    while (performance.now() < untilMs) {
      for (let index = 0; index < burst; index++) call();
      calls += burst;
    }
    const { user, system } = process.threadCpuUsage(before);
    return ((user + system) * 1_000) / calls;
  };
  run(seconds * 250);
  return run(seconds * 1_000);
}

const { seconds } = readArguments('CPU time of expressions.', {
  seconds: { type: 'number', about: 'Seconds of each measurement', default: 1 },
});
const declared = declarationOf(schema)!;
const place = environment({ self: declared, oldSelf: declared });
const oldSelf = structuredClone(self);

process.stdout.write(`${'rule'.padEnd(96)} evaluate    compile  cost\n`);
for (const rule of rules) {
  const compilation = compile(rule, place);
  if ('problems' in compilation) throw new Error(compilation.problems);
  const { program } = compilation;
  const evaluateNs = cpuNanos(seconds, () => program.evaluate({ self, oldSelf }));
  const compileNs = cpuNanos(seconds / 4, () => compile(rule, place));
  const { cost } = program.evaluate({ self, oldSelf });
  process.stdout.write(
    `${rule.padEnd(96)} ${evaluateNs.toFixed(0).padStart(5)} ns ${(compileNs / 1_000).toFixed(0).padStart(7)} µs ${String(cost).padStart(5)}\n`,
  );
}
for (const count of [0, 5, 20]) {
  const validations = Array.from({ length: count }, (_, index) => ({ rule: rules[index % (rules.length - 1)]! }));
  const validate = ruleValidator({
    type: 'object',
    properties: { spec: { ...(schema as object), 'x-kubernetes-validations': validations } },
  } as Parameters<typeof ruleValidator>[0]);
  const object = { metadata: { name: 'web' }, spec: self };
  const nanos = cpuNanos(seconds, () => validate?.(object, undefined));
  process.stdout.write(`${`an object, ${count} rules`.padEnd(96)} ${(nanos / 1_000).toFixed(2).padStart(5)} µs\n`);
}
