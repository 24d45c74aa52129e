import { GantryError } from '@gantry/runtime/errors.ts';
import { parse } from 'yaml';
import { invalid } from './invalid.ts';
import { compileLabels, type ResourceLabels } from './labels.ts';
import { compileTemplate, type TemplateValues } from './template.ts';

/** A rule by which series of Prometheus are metrics. */
export interface MetricRule {
  /** Selector of the series. */
  readonly seriesQuery: string;
  /** Whether a series of that name is one of the rule's. */
  readonly keeps: (series: string) => boolean;
  /** Labels that name objects. */
  readonly labels: ResourceLabels;
  /** Name of the metric of a series; undefined where the rule does not name it. */
  readonly nameOf: (series: string) => string | undefined;
  /** The expression of a question. */
  readonly query: (values: TemplateValues) => string;
  /** Questions are about series of one namespace. */
  readonly isNamespaced: boolean;
}

/** The rules of a configuration, in its order. */
export interface MetricRules {
  readonly custom: readonly MetricRule[];
  readonly external: readonly MetricRule[];
  /** Problems that keep no rule from being used. */
  readonly warnings: readonly string[];
}

/** Rules of one configuration, at most. */
const maxRules = 500;

type Fields = Readonly<Record<string, unknown>>;

/** Reads rules in prometheus-adapter's form. Throws Invalid, naming the field. */
export function parseRules(text: string): MetricRules {
  let config: unknown;
  try {
    config = parse(text) ?? {};
  } catch (cause) {
    throw new GantryError('Invalid', `the rules are no YAML: ${(cause as Error).message}`, { cause });
  }
  const { rules, externalRules, resourceRules } = fieldsOf(config, '', ['rules', 'externalRules', 'resourceRules']);
  return {
    custom: listOf(rules, 'rules').map((rule, i) => ruleOf(rule, `rules[${i}]`, false)),
    external: listOf(externalRules, 'externalRules').map((rule, i) => ruleOf(rule, `externalRules[${i}]`, true)),
    warnings: resourceRules === undefined ? [] : ['resourceRules are not used: node agents measure cpu and memory'],
  };
}

function ruleOf(rule: unknown, path: string, isExternal: boolean): MetricRule {
  const known = ['seriesQuery', 'seriesFilters', 'resources', 'name', 'metricsQuery'];
  const { seriesQuery, seriesFilters, resources, name, metricsQuery } = fieldsOf(rule, path, known);
  const { template, overrides, namespaced } = fieldsOf(resources ?? {}, `${path}.resources`, [
    ...['template', 'overrides', 'namespaced'],
  ]);
  const labels = compileLabels(
    textOf(template, `${path}.resources.template`, ''),
    fieldsOf(overrides ?? {}, `${path}.resources.overrides`),
    `${path}.resources`,
  );
  const isNamespaced = flagOf(namespaced, `${path}.resources.namespaced`, true);
  if (
    isExternal &&
    isNamespaced &&
    labels.of({ group: '', singular: 'namespace', plural: 'namespaces' }) === undefined
  ) {
    throw invalid(`${path}.resources`, 'must name the label of the namespace, or say namespaced: false');
  }
  return {
    seriesQuery: textOf(seriesQuery, `${path}.seriesQuery`),
    keeps: filterOf(listOf(seriesFilters, `${path}.seriesFilters`), `${path}.seriesFilters`),
    labels,
    nameOf: namingOf(name ?? {}, `${path}.name`),
    query: compileTemplate(textOf(metricsQuery, `${path}.metricsQuery`), `${path}.metricsQuery`),
    isNamespaced,
  };
}

function filterOf(filters: readonly unknown[], path: string): MetricRule['keeps'] {
  const tests = filters.map((filter, i) => {
    const { is, isNot } = fieldsOf(filter, `${path}[${i}]`, ['is', 'isNot']);
    if ((is === undefined) === (isNot === undefined)) throw invalid(`${path}[${i}]`, 'must have either is or isNot');
    const pattern = regexOf(textOf(is ?? isNot, `${path}[${i}]`), `${path}[${i}]`);
    return (series: string) => pattern.test(series) === (is !== undefined);
  });
  return (series) => tests.every((test) => test(series));
}

/** The whole name by default, or the one group of the expression where there is just one. */
function namingOf(name: unknown, path: string): MetricRule['nameOf'] {
  const { matches, as } = fieldsOf(name, path, ['matches', 'as']);
  const pattern = regexOf(textOf(matches, `${path}.matches`, '.*'), `${path}.matches`);
  const groups = new RegExp(`${pattern.source}|`).exec('')!.length - 1;
  const given = textOf(as, `${path}.as`, '');
  if (given === '' && groups > 1) throw invalid(`${path}.as`, 'is required where name.matches has several groups');
  const form = given === '' ? `$${groups}` : given;
  return (series) => {
    const match = pattern.exec(series);
    if (match === null) return undefined;
    const filled = form.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
      const group = braced ?? bare!;
      return (/^\d+$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? '';
    });
    return filled === '' ? undefined : filled;
  };
}

function fieldsOf(value: unknown, path: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'must be an object');
  const unknown = known && Object.keys(value).find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new GantryError(
      'Invalid',
      `the rules are not valid: unknown field "${path === '' ? '' : `${path}.`}${unknown}"`,
    );
  }
  return value as Fields;
}

function listOf(value: unknown, path: string): readonly unknown[] {
  const list = value ?? [];
  if (!Array.isArray(list)) throw invalid(path, 'must be a list');
  if (list.length > maxRules) throw invalid(path, `has ${list.length} entries, and at most ${maxRules} may be`);
  return list;
}

function textOf(value: unknown, path: string, fallback?: string): string {
  const text = value ?? fallback;
  if (text === undefined || (text === '' && fallback === undefined)) throw invalid(path, 'is required');
  if (typeof text !== 'string') throw invalid(path, 'must be a text');
  return text;
}

function flagOf(value: unknown, path: string, fallback: boolean): boolean {
  const flag = value ?? fallback;
  if (typeof flag !== 'boolean') throw invalid(path, 'must be true or false');
  return flag;
}

function regexOf(text: string, path: string): RegExp {
  try {
    // Go's named groups have a letter more.
    return new RegExp(text.replaceAll('(?P<', '(?<'));
  } catch (cause) {
    throw invalid(path, `is no regular expression: ${(cause as Error).message}`);
  }
}
