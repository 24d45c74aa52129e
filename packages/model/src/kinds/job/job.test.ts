import { expect, it } from 'vitest';
import type { Job } from '../../gen/gantry.batch.v1.ts';
import { made } from '../../testing/made.ts';
import { job } from './job.ts';

const manifest = (labels: string, name = 'j'): string =>
  `{apiVersion: batch/v1, kind: Job, metadata: {name: ${name}, uid: u}, spec: {template: {metadata: {labels: ${labels}}, spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}`;

it('follows a generated name with the labels that have it, and with no others', () => {
  const { object } = made(manifest('{job-name: mine}'));
  const named = object as Job;
  named.metadata.name = 'k';
  job.followName!(named, 'j');
  const { labels } = named.spec.template.metadata!;
  expect(labels).toMatchObject({ 'job-name': 'mine', 'batch.kubernetes.io/job-name': 'k', 'controller-uid': 'u' });
  expect(named.metadata.labels).toEqual(labels);
});

it('warns of names that are none for a pod', () => {
  const warningsOf = (text: string): readonly string[] => job.warnings!(made(text).object as Job);
  expect(warningsOf(manifest('{}'))).toEqual([]);
  expect(warningsOf(manifest('{}', 'a.b'))[0]).toBe(
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  );
});
