import { describe, expect, it } from 'vitest';
import { afterAnnotation, cycleOf, prerequisitesOf } from './after.ts';

const parse = (text: string) => prerequisitesOf({ [afterAnnotation]: text });

describe('prerequisitesOf', () => {
  it('reads a list', () => {
    expect(parse('job/a, jobs/b.c=Finished,deployment/web')).toEqual({
      prerequisites: [
        { kind: 'Job', name: 'a', state: 'Complete' },
        { kind: 'Job', name: 'b.c', state: 'Finished' },
        { kind: 'Deployment', name: 'web', state: 'Available' },
      ],
      problems: [],
    });
    expect(prerequisitesOf({})).toEqual({ prerequisites: [], problems: [] });
  });

  it.each([
    ['', '"" must have the form job/NAME or deployment/NAME, and may end in =STATE'],
    ['job/a,', '"" must have the form job/NAME or deployment/NAME, and may end in =STATE'],
    ['job', '"job" must have the form job/NAME or deployment/NAME, and may end in =STATE'],
    ['pod/a', '"pod/a" must name a job or a deployment, and not a pod'],
    ['constructor/a', '"constructor/a" must name a job or a deployment, and not a constructor'],
    ['job/A', '"A" is no name of an object'],
    ['job/a=Available', 'a Job can be Complete, Failed, Finished, and not "Available"'],
    ['deployment/a=', 'a Deployment can be Available, RolledOut, and not ""'],
  ])('refuses %j', (text, problem) => {
    expect(parse(text).problems).toEqual([problem]);
  });

  it('refuses more than 64', () => {
    const names = Array.from({ length: 65 }, (_, index) => `job/j${index}`);
    expect(parse(names.join()).problems).toEqual(['must name at most 64 objects, and names 65']);
    expect(parse(names.slice(1).join()).problems).toEqual([]);
  });
});

describe('cycleOf', () => {
  const graph = (edges: Record<string, string>) => (name: string) =>
    edges[name] === undefined ? undefined : { [afterAnnotation]: edges[name] };
  const cycle = (edges: Record<string, string>) => cycleOf('a', graph(edges)('a'), graph(edges));

  it.each([
    [{ a: 'job/a' }, ['a', 'a']],
    [{ a: 'job/b', b: 'job/a' }, ['a', 'b', 'a']],
    [{ a: 'job/x, job/b', b: 'job/c', c: 'deployment/a, job/a=Failed' }, ['a', 'b', 'c', 'a']],
  ])('finds the circle of %j', (edges, path) => {
    expect(cycle(edges)).toEqual(path);
  });

  it.each([
    [{ a: 'job/b' }],
    [{ a: 'job/b, job/c', b: 'job/d', c: 'job/d' }],
    [{ a: 'job/b', b: 'job/c', c: 'job/b' }],
  ])('finds none through it in %j', (edges) => {
    expect(cycle(edges)).toBeUndefined();
  });
});
