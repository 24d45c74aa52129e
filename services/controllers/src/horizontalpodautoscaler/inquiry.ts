/** The questions that an autoscaler's metrics answer, and what their answers call for. */
import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toExactMilli } from '@gantry/model/quantity.ts';
import { compileLabelSelector } from '@gantry/model/selectors.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { ScaleReading, View } from '../core/action.ts';
import type { KindTable } from '../core/kinds.ts';
import type { Answer, Question } from '../core/measure.ts';
import type { Words } from './limits.ts';
import { type Failure, type Finding, findingOf, questionOf, type Subject } from './metrics.ts';
import type { Problem } from './replicas.ts';
import type { Selectors } from './selectors.ts';
import type { AutoscalerSettings, Tolerances } from './settings.ts';

/** The reason why no metric can be asked for. */
interface NoSubject {
  readonly event: Words;
  readonly condition: Words;
}

/** Autoscalers that an event about pods of several names. */
const maxNamed = 2;

/** The target as metrics are looked at: its pods must be known, and be nobody else's. */
export function subjectOf(
  autoscaler: HorizontalPodAutoscaler,
  { replicas, currentReplicas, selector }: Extract<ScaleReading, { readonly type: 'replicas' }>,
  view: View,
  nowMs: number,
  settings: AutoscalerSettings,
  selectors: Selectors,
): Subject | NoSubject {
  const { name } = autoscaler.metadata;
  const namespace = autoscaler.metadata.namespace!;
  if (selector === '') {
    return {
      event: { reason: 'SelectorRequired', message: 'selector is required' },
      condition: { reason: 'InvalidSelector', message: "the HPA target's scale is missing a selector" },
    };
  }
  const test = testOf(selector);
  if ('problem' in test) {
    const message = `couldn't convert selector into a corresponding internal selector object: ${test.problem}`;
    return noSubject({ reason: 'InvalidSelector', message });
  }
  selectors.put(namespace, name, test.matches);
  const pods = [...view.list('Pod', namespace)].filter(({ metadata }) => test.matches(metadata.labels ?? {}));
  const selecting = selectors.selecting(namespace, pods, maxNamed);
  if (selecting.length > 1) {
    const named = selecting.map((each) => `{${each} ${namespace}}`).join(' ');
    const message = `pods by selector ${selector} are controlled by more than one HPA (e.g. [${named}])`;
    return noSubject({ reason: 'AmbiguousSelector', message });
  }
  const ages = { nowMs, settings, readyForMs: (pod: Pod) => view.readyForMs(pod) };
  const tolerances = tolerancesOf(autoscaler, settings);
  return { namespace, selector, current: replicas, present: currentReplicas, pods, tolerances, ages };
}

function noSubject(words: Words): NoSubject {
  return { event: words, condition: words };
}

type SelectorTest = { readonly matches: (labels: Readonly<Record<string, string>>) => boolean };

function testOf(selector: string): SelectorTest | Problem {
  try {
    return { matches: compileLabelSelector(selector) };
  } catch (error) {
    return { problem: toGantryError(error).message };
  }
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler, { tolerance }: AutoscalerSettings): Tolerances {
  const read = (text: string | undefined): number =>
    text === undefined ? tolerance : Number(toExactMilli(parseQuantity(text))) / 1000;
  return { up: read(spec.behavior?.scaleUp?.tolerance), down: read(spec.behavior?.scaleDown?.tolerance) };
}

/** Questions, each asked once, and by metric the place of the one that it needs, or the reason why nobody can be asked. */
export interface Inquiry {
  readonly questions: readonly Question[];
  readonly places: readonly (number | Problem)[];
}

/** The questions of an autoscaler's metrics. */
export function inquiryOf({ spec }: HorizontalPodAutoscaler, subject: Subject, kinds: KindTable): Inquiry {
  const questions: Question[] = [];
  const known = new Map<string, number>();
  const places = (spec.metrics ?? []).map((metric): number | Problem => {
    const question = questionOf(metric, subject, kinds);
    if ('problem' in question) return question;
    const text = JSON.stringify(question);
    const place = known.get(text) ?? questions.push(question) - 1;
    known.set(text, place);
    return place;
  });
  return { questions, places };
}

/** The findings of all metrics, in their order. */
export function findingsOf(
  { spec }: HorizontalPodAutoscaler,
  subject: Subject,
  { places }: Inquiry,
  answers: readonly Answer[],
): (Finding | Failure)[] {
  const unanswered: Problem = { problem: 'nobody answered' };
  return (spec.metrics ?? []).map((metric, index) => {
    const place = places[index]!;
    return findingOf(metric, typeof place === 'number' ? (answers[place] ?? unanswered) : place, subject);
  });
}
