import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { EnumType, Field, FieldType, MessageType, Rules } from '../proto/schema.ts';
import * as cluster from './cluster.ts';
import * as core from './core.ts';
import * as discovery from './discovery.ts';
import * as endpoint from './endpoint.ts';
import * as listener from './listener.ts';
import * as rateLimit from './rate-limit.ts';
import * as route from './route.ts';

// Our declarations are held against Envoy's own protos, which @grpc/grpc-js-xds carries for its own use.
const deps = join(dirname(fileURLToPath(import.meta.resolve('@grpc/grpc-js-xds'))), '../../deps');
const protobufFolder = dirname(fileURLToPath(import.meta.resolve('protobufjs')));
const includes = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) => join(deps, folder));

function loadEnvoy(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    [...includes, protobufFolder].map((folder) => join(folder, target)).find((path) => exists(path)) ?? target;
  root.loadSync(
    [
      'envoy/service/discovery/v3/ads.proto',
      'envoy/config/listener/v3/listener.proto',
      'envoy/config/cluster/v3/cluster.proto',
      'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
      'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
      'envoy/extensions/filters/http/grpc_stats/v3/config.proto',
      'envoy/extensions/filters/http/router/v3/router.proto',
      'envoy/extensions/filters/http/ratelimit/v3/rate_limit.proto',
      'envoy/extensions/filters/network/ratelimit/v3/rate_limit.proto',
      'envoy/service/ratelimit/v3/rls.proto',
      'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
      'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
    ],
    { keepCase: true },
  );
  root.resolveAll();
  return root;
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

const root = loadEnvoy();
const declared = [cluster, core, discovery, endpoint, listener, rateLimit, route].flatMap((module) =>
  Object.values(module),
);
const messages = declared.filter((value) => isKind(value, 'message')) as MessageType[];
const enums = declared.filter((value) => isKind(value, 'enum')) as EnumType<string>[];

/** Fields that are newer than those protos; an Envoy takes them in an integration test. */
const newer = new Set(['envoy.config.route.v3.WeightedCluster.useHashPolicy']);

function isKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

/** The name that protobuf's JSON form gives a field. */
function jsonName(snake: string): string {
  return snake.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function wireName(type: FieldType): string {
  switch (type.kind) {
    case 'scalar':
      if (!type.wrapped) return type.wire;
      return `.google.protobuf.${{ bool: 'Bool', uint32: 'UInt32', uint64: 'UInt64' }[type.wire as 'bool']}Value`;
    case 'duration':
      return '.google.protobuf.Duration';
    default:
      return `.${type.name}`;
  }
}

function theirType(field: protobuf.Field): string {
  return field.resolvedType ? field.resolvedType.fullName : field.type;
}

describe.each(messages.map((type) => [type.name, type] as const))('%s', (name, type) => {
  const theirs = root.lookupType(name);
  const byJsonName = new Map(theirs.fieldsArray.map((field) => [jsonName(field.name), field]));

  it.each(Object.entries(type.fields).filter(([key]) => !newer.has(`${name}.${key}`)))(
    '%s has the number, type and oneof of Envoy',
    (key, ours) => {
      const field = byJsonName.get(key);
      expect(field, `no field ${key}`).toBeDefined();
      expect({ number: ours.number, type: wireName(ours.type), arity: ours.arity, oneof: ours.rules.oneof }).toEqual({
        number: field!.id,
        type: theirType(field!),
        arity: field!.map ? 'map' : field!.repeated ? 'many' : 'one',
        oneof: field!.partOf?.name,
      });
      expect(rulesOf(ours)).toEqual(theirRules(field!));
    },
  );

  it('requires the oneofs that Envoy requires', () => {
    const required = theirs.oneofsArray.filter((oneof) => oneof.options?.['(validate.required)'] === true);
    expect([...type.requiredOneofs].sort()).toEqual(required.map((oneof) => oneof.name).sort());
  });
});

/** The rules of ours that validate.rules also has, in one comparable form. */
function rulesOf(field: Field): Partial<Rules> {
  const { oneof: _, ...rules } = field.rules;
  return rules;
}

function theirRules(field: protobuf.Field): Partial<Rules> {
  const found: Record<string, unknown> = {};
  const flat = JSON.stringify(field.parsedOptions ?? [], (_key, value) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  for (const option of JSON.parse(flat) as Record<string, unknown>[]) {
    const rules = option['(validate.rules)'] as Record<string, Record<string, unknown>> | undefined;
    for (const [kind, rule] of Object.entries(rules ?? {})) collectRules(kind, rule, found);
  }
  return found;
}

function collectRules(kind: string, rule: Record<string, unknown>, into: Record<string, unknown>): void {
  if (rule.required === true) into.required = true;
  if (rule.min_len !== undefined) into.minLen = rule.min_len;
  if (rule.min_items !== undefined) into.minItems = rule.min_items;
  if (rule.lte !== undefined) into.lte = number(rule.lte);
  if (rule.gte !== undefined) into.gte = number(rule.gte);
  // `lt` occurs only for integers here, where it is the same as lte one lower.
  if (rule.lt !== undefined) into.lte = number(rule.lt) - 1;
  if (rule.gt !== undefined) into.gt = kind === 'duration' ? 0 : number(rule.gt);
}

/** An empty message literal, as in `duration = {gte {}}`, is zero. */
function number(value: unknown): number {
  return typeof value === 'object' ? 0 : Number(value);
}

describe.each(enums.map((type) => [type.name, type] as const))('%s', (name, type) => {
  it('has the numbers of Envoy', () => {
    expect(root.lookupEnum(name).values).toMatchObject(type.numbers);
  });
});
