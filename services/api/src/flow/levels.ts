import type { FlowSchema, PriorityLevelConfiguration } from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import { mandatoryFlowSchemas } from '@gantry/model/kinds/flowschema/mandatory.ts';
import { mandatoryPriorityLevels } from '@gantry/model/kinds/prioritylevelconfiguration/mandatory.ts';
import { FlowCounts } from './flow-counts.ts';
import { type Lending, type LevelLimits, lend, limitsOf, noDemand, type SmoothDemand, smooth } from './limits.ts';
import { byPrecedence, type Matcher, matcherOf } from './matching.ts';
import { type LimitResponse, QueueSet, type QueueTime } from './queue-set.ts';
import { RetryAfter } from './retry-after.ts';
import { Hands } from './shards.ts';
import type { FlowConfiguration } from './view.ts';

/** A priority level at work. */
export class Level {
  readonly name: string;
  readonly queues: QueueSet;
  readonly retryAfter = new RetryAfter();
  /** By flow schema. */
  readonly counts = new Map<string, FlowCounts>();
  config: PriorityLevelConfiguration;
  limits: LevelLimits = { nominal: 0, least: 0, most: 0, maxSeats: 0 };
  demand: SmoothDemand = noDemand;
  target = 0;
  /** Its object is gone: it goes when its last request does. */
  isQuiescing = false;

  constructor(config: PriorityLevelConfiguration, time: QueueTime) {
    this.name = config.metadata.name ?? '';
    this.config = config;
    this.queues = new QueueSet(responseOf(config), 0, time);
  }

  get isExempt(): boolean {
    return this.config.spec?.type === 'Exempt';
  }

  /** Empty for a level that is not stored. */
  get uid(): string {
    return this.config.metadata.uid ?? '';
  }

  countsOf(schema: string): FlowCounts {
    const found = this.counts.get(schema) ?? new FlowCounts(this.name, schema);
    this.counts.set(schema, found);
    return found;
  }
}

/** A flow schema at work. */
export interface SchemaAtWork {
  readonly name: string;
  /** Empty for a schema that is not stored. */
  readonly uid: string;
  readonly schema: FlowSchema;
  readonly matches: Matcher;
  readonly hands: Hands;
  readonly level: Level;
  readonly counts: FlowCounts;
}

function responseOf({ spec }: PriorityLevelConfiguration): LimitResponse {
  if (spec?.type === 'Exempt') return 'exempt';
  const queuing = spec?.limited?.limitResponse?.queuing;
  if (queuing === undefined) return 'reject';
  const { queues = 1, handSize = 1, queueLengthLimit = 1 } = queuing;
  return { queues, handSize, queueLengthLimit };
}

/** Whether a level makes sense; validation keeps others out, but for those of another version. */
function isSound({ metadata, spec }: PriorityLevelConfiguration): boolean {
  const isExempt = spec?.type === 'Exempt';
  if (isExempt !== (metadata.name === 'exempt')) return false;
  const isQueue = spec?.limited?.limitResponse?.type === 'Queue';
  return isExempt || (spec?.limited !== undefined && isQueue === (spec.limited.limitResponse?.queuing !== undefined));
}

/** The priority levels and flow schemas that requests are sorted by, as they follow from the configuration. */
export class Levels {
  readonly #time: QueueTime;
  readonly #serverSeats: number;
  readonly #levels = new Map<string, Level>();
  #schemas: readonly SchemaAtWork[] = [];
  #fairFraction = 0;

  constructor(time: QueueTime, serverSeats: number) {
    this.#time = time;
    this.#serverSeats = serverSeats;
    this.configure({ schemas: [], levels: [] });
  }

  /** In the order in which they are asked. */
  get schemas(): readonly SchemaAtWork[] {
    return this.#schemas;
  }

  get levels(): readonly Level[] {
    return [...this.#levels.values()];
  }

  get fairFraction(): number {
    return this.#fairFraction;
  }

  /** Goes by another configuration from now on. Levels and schemas that no api is without are there all the same. */
  configure({ schemas, levels }: FlowConfiguration): void {
    const wanted = new Map(levels.filter(isSound).map((level) => [level.metadata.name ?? '', level]));
    for (const fixed of mandatoryPriorityLevels) {
      if (!wanted.has(fixed.metadata.name ?? '')) wanted.set(fixed.metadata.name ?? '', fixed);
    }
    for (const level of this.#levels.values()) {
      if (wanted.has(level.name)) continue;
      level.isQuiescing = true;
      if (level.queues.isIdle) this.#levels.delete(level.name);
    }
    for (const [name, config] of wanted) {
      const level = this.#levels.get(name) ?? new Level(config, this.#time);
      this.#levels.set(name, level);
      level.config = config;
      level.isQuiescing = false;
    }
    this.#schemas = this.#atWork(schemas, wanted);
    const limits = limitsOf(
      this.levels.map(({ config }) => config),
      this.#serverSeats,
    );
    for (const level of this.#levels.values()) level.limits = limits.get(level.name)!;
    this.adjust();
  }

  /** Lends and borrows seats by the demand since the last time, and lets go of levels that nobody uses any more. */
  adjust(): void {
    for (const level of this.#levels.values()) {
      if (level.isQuiescing && level.queues.isIdle) this.#levels.delete(level.name);
      level.demand = smooth(level.demand, level.queues.takeDemand());
    }
    const lending: Lending = lend(this.#levels);
    this.#fairFraction = lending.fairFraction;
    for (const level of this.#levels.values()) {
      level.target = lending.targets.get(level.name) ?? 0;
      level.queues.configure(responseOf(level.config), lending.seats.get(level.name) ?? 0);
    }
  }

  #atWork(given: readonly FlowSchema[], levels: ReadonlyMap<string, PriorityLevelConfiguration>): SchemaAtWork[] {
    const levelOf = ({ spec }: FlowSchema): string => spec?.priorityLevelConfiguration?.name ?? '';
    const usable = given.filter((schema) => levels.has(levelOf(schema))).sort(byPrecedence);
    const [exempt, catchAll] = mandatoryFlowSchemas.map((fixed) =>
      usable.some(({ metadata }) => metadata.name === fixed.metadata.name) ? [] : [fixed],
    );
    const all = [...exempt!, ...usable, ...catchAll!];
    const names = new Set(all.map(({ metadata }) => metadata.name ?? ''));
    for (const level of this.#levels.values()) {
      for (const [name, counts] of level.counts) {
        const isUsed = counts.executing > 0 || counts.inQueue > 0 || counts.executingSeats > 0;
        if (!names.has(name) && !isUsed) level.counts.delete(name);
      }
    }
    const known = new Map(this.#schemas.map((schema) => [schema.schema, schema]));
    return all.map((schema) => {
      const { name = '', uid = '' } = schema.metadata;
      const level = this.#levels.get(levelOf(schema))!;
      const same = known.get(schema);
      if (same?.level === level) return same;
      const counts = level.countsOf(name);
      return { name, uid, schema, matches: matcherOf(schema), hands: new Hands(name), level, counts };
    });
  }
}
