import { type KindName, type Kinds, kindOf } from '@gantry/model/built-in.ts';
import { compileFieldSelector, compileLabelSelector } from '@gantry/model/selectors.ts';
import type { Query } from './api.ts';

/** A test of whether a query asks for an object. Throws BadRequest for a selector that is not well formed. */
export function queryMatcher<K extends KindName>(kind: K, query: Query): (object: Kinds[K]) => boolean {
  const { namespace, labelSelector, fieldSelector } = query;
  const tests: ((object: Kinds[K]) => boolean)[] = [];
  if (namespace) tests.push((object) => object.metadata.namespace === namespace);
  if (labelSelector) {
    const matches = compileLabelSelector(labelSelector);
    tests.push((object) => matches(object.metadata.labels));
  }
  if (fieldSelector) tests.push(compileFieldSelector<Kinds[K]>(kindOf(kind), fieldSelector));
  return (object) => tests.every((test) => test(object));
}
