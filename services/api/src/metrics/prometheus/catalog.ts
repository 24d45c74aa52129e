import type { Kind } from '@gantry/model/kind.ts';
import { type Registry, resourceOf } from '@gantry/model/registry.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Labels, Prometheus } from './client.ts';
import { type MetricRule, type MetricRules, parseRules } from './rules.ts';

/** A series that is a metric, and the rule that says so. */
export interface CatalogEntry {
  readonly rule: MetricRule;
  readonly series: string;
}

export interface CatalogDeps {
  readonly prometheus: Pick<Prometheus, 'series'>;
  /** The configuration as it is now; undefined where there is none. */
  readonly readRules: (signal: AbortSignal) => Promise<string | undefined>;
  readonly kinds: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds between looks at the series that there are. */
const lookEveryMs = 30_000;
/** Selectors that Prometheus is asked about at a time. */
const maxAtOnce = 4;
/** Metrics of one kind of question, at most. */
const maxMetrics = 10_000;

const namespaces = { group: '', singular: 'namespace', plural: 'namespaces' };

/** Knows which metrics there are by the rules: it looks for their series now and then, and keeps what it found where Prometheus is away. */
export class MetricCatalog {
  readonly #deps: CatalogDeps;
  readonly #listeners = new Set<() => void>();
  /** By resource and metric. */
  #custom = new Map<string, CatalogEntry & { readonly kind: Kind; readonly metric: string }>();
  #external = new Map<string, CatalogEntry>();
  /** The configuration that was read last, with its rules unless these are not valid. */
  #read: { readonly text: string; readonly rules: MetricRules } | undefined;
  #refused: string | undefined;
  /** Series of each selector, as they were found last. */
  #series = new Map<string, readonly Labels[]>();

  constructor(deps: CatalogDeps) {
    this.#deps = deps;
  }

  get custom(): readonly { readonly kind: Kind; readonly metric: string }[] {
    return [...this.#custom.values()];
  }

  get external(): readonly string[] {
    return [...this.#external.keys()];
  }

  customOf(kind: Kind, metric: string): CatalogEntry | undefined {
    return this.#custom.get(customKey(kind, metric));
  }

  externalOf(metric: string): CatalogEntry | undefined {
    return this.#external.get(metric);
  }

  /** Looks again and again, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.look(signal);
      } catch (error) {
        if (!signal.aborted) log.warn({ error }, 'the rules of metrics could not be read');
      }
      await clock.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  /** Looks once. Rules that are not valid change nothing. */
  async look(signal: AbortSignal): Promise<void> {
    const rules = await this.#rules(signal);
    const selectors = [...new Set([...rules.custom, ...rules.external].map(({ seriesQuery }) => seriesQuery))];
    const found = new Map<string, readonly Labels[]>();
    const next = selectors.values();
    const work = async (): Promise<void> => {
      for (const selector of next) found.set(selector, await this.#seriesOf(selector, signal));
    };
    await Promise.all(Array.from({ length: maxAtOnce }, work));
    this.#series = found;
    const before = this.#names();
    this.#custom = new Map(this.#customIn(rules).slice(0, maxMetrics));
    this.#external = new Map(this.#externalIn(rules).slice(0, maxMetrics));
    if (this.#names() !== before) for (const listener of this.#listeners) listener();
  }

  /** Calls a listener after each change of the metrics that there are, until the result is disposed of. */
  onUpdate(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #names(): string {
    return JSON.stringify([[...this.#custom.keys()].sort(), [...this.#external.keys()].sort()]);
  }

  async #rules(signal: AbortSignal): Promise<MetricRules> {
    const { readRules, log } = this.#deps;
    const text = (await readRules(signal)) ?? '';
    if (text === this.#read?.text) return this.#read.rules;
    try {
      const rules = parseRules(text);
      for (const warning of rules.warnings) log.warn({}, warning);
      this.#read = { text, rules };
      this.#refused = undefined;
    } catch (error) {
      if (text !== this.#refused) log.warn({ error }, 'the rules of metrics are not valid: those before stay in use');
      this.#refused = text;
    }
    return this.#read?.rules ?? { custom: [], external: [], warnings: [] };
  }

  async #seriesOf(selector: string, signal: AbortSignal): Promise<readonly Labels[]> {
    try {
      return await this.#deps.prometheus.series(selector, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn({ error, selector }, 'the series of a rule could not be listed');
      return this.#series.get(selector) ?? [];
    }
  }

  /** Metrics of objects; of several for one name the first rule's. */
  #customIn({ custom }: MetricRules) {
    const { kinds } = this.#deps;
    const entries = custom.flatMap((rule) => {
      const byLabel = rule.labels.byLabel(kinds);
      return this.#named(rule).flatMap(({ labels, series, metric }) => {
        const own = Object.keys(labels).flatMap((label) => byLabel.get(label) ?? []);
        const isInNamespace = rule.isNamespaced && Object.hasOwn(labels, rule.labels.of(namespaces) ?? '');
        return [...new Set(own)]
          .filter((kind) => isInNamespace || !kind.namespaced)
          .map((kind) => [customKey(kind, metric), { rule, series, kind, metric }] as const);
      });
    });
    return [...new Map(entries.reverse())].reverse();
  }

  #externalIn({ external }: MetricRules) {
    const entries = external.flatMap((rule) =>
      this.#named(rule).map(({ series, metric }) => [metric, { rule, series }] as const),
    );
    return [...new Map(entries.reverse())].reverse();
  }

  /** The series of a rule with their metrics' names. */
  #named(rule: MetricRule) {
    return (this.#series.get(rule.seriesQuery) ?? []).flatMap((labels) => {
      const series = labels.__name__ ?? '';
      const metric = series !== '' && rule.keeps(series) ? rule.nameOf(series) : undefined;
      return metric === undefined ? [] : [{ labels, series, metric }];
    });
  }
}

function customKey(kind: Kind, metric: string): string {
  return `${resourceOf(kind)}/${metric}`;
}
