import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { cruise, makeProject, type CruiseResult } from './cruise.ts';

/** Files that break a rule, by what they are and import: [rule, file, imported]. */
const breaches: [rule: string, file: string, imported: string][] = [
  ['no-cycles', 'services/gateway/src/cycle-a.ts', './cycle-b.ts'],
  ['no-import-between-services-gateway', 'services/gateway/src/a.ts', '../../executor/src/innocent.ts'],
  ['no-import-between-services-gateway', 'services/gateway/src/types.ts', 'type ../../executor/src/innocent.ts'],
  ['no-import-between-services-gateway', 'services/gateway/src/a.test.ts', '../../executor/src/innocent.ts'],
  ['no-import-between-services-executor', 'services/executor/src/a.ts', '../../notifier/src/innocent.ts'],
  ['no-import-between-services-notifier', 'services/notifier/src/a.ts', '../../projector/src/innocent.ts'],
  ['no-import-between-services-projector', 'services/projector/src/a.ts', '../../gateway/src/innocent.ts'],
  ['rules-have-no-io', 'services/gateway/src/tasks/part.rules.ts', '../innocent.ts'],
  ['rules-have-no-io', 'services/gateway/src/tasks/package.rules.ts', '../../../../packages/kafka/src/index.ts'],
  ['rules-have-no-io', 'services/gateway/src/tasks/library.rules.ts', 'koa'],
  ['rules-have-no-io', 'services/projector/src/events/task-started.ts', '../innocent.ts'],
  ['rules-have-no-node-modules', 'services/gateway/src/tasks/files.rules.ts', 'node:fs'],
  ['rules-have-no-node-modules', 'services/gateway/src/tasks/timers.rules.ts', 'timers/promises'],
  ['kafkajs-stays-inside-packages-kafka', 'services/gateway/src/kafka.ts', 'kafkajs'],
  ['kafkajs-stays-inside-packages-kafka', 'packages/task-log/src/kafka.ts', 'type kafkajs'],
  ['registry-client-stays-inside-packages-task-log', 'packages/kafka/src/registry.ts', '@kafkajs/registry'],
  ['kafka-knows-no-events', 'packages/kafka/src/schemas.ts', '../../../schemas/innocent.ts'],
  ['kafka-knows-no-events', 'packages/kafka/src/event.test.ts', 'type ../../../schemas/innocent.ts'],
  ['kafka-knows-no-events', 'packages/kafka/src/settings.ts', '../../service/src/index.ts'],
  ['kafka-knows-no-events', 'packages/kafka/src/codec.ts', '../../task-log/src/index.ts'],
  ['service-knows-no-log', 'packages/service/src/log.ts', '../../task-log/src/index.ts'],
  ['service-knows-no-log', 'packages/service/src/kafka.ts', '../../kafka/src/index.ts'],
  ['async-imports-nothing-of-ours', 'packages/async/src/logger.ts', 'type ../../kafka/src/index.ts'],
  ['async-is-imported-by-name', 'packages/kafka/src/deep.ts', '../../async/src/innocent.ts'],
  ['kafka-is-imported-by-name', 'packages/task-log/src/deep.ts', 'type ../../kafka/src/innocent.ts'],
  ['service-is-imported-by-name', 'services/gateway/src/deep.ts', '../../../packages/service/src/innocent.ts'],
  ['task-log-is-imported-by-name', 'services/gateway/src/events.ts', '../../../packages/task-log/src/innocent.ts'],
  ['schemas-import-nothing-of-ours', 'schemas/a.ts', '../packages/kafka/src/index.ts'],
  ['packages-do-not-import-services', 'packages/kafka/src/service.ts', '../../../services/gateway/src/innocent.ts'],
  ['packages-do-not-import-services', 'packages/task-log/src/a.ts', '../../../services/gateway/src/innocent.ts'],
  ['packages-do-not-import-services', 'packages/kafka/src/local.ts', '../../../local/innocent.ts'],
  ['testkit-only-in-tests', 'services/gateway/src/testkit.ts', '../../../packages/testkit/src/innocent.ts'],
  ['dev-stack-imports-no-package-of-ours', 'packages/dev-stack/src/testkit.ts', '../../testkit/src/innocent.ts'],
  ['dev-stack-imports-no-package-of-ours', 'packages/dev-stack/src/kafka.ts', '../../kafka/src/index.ts'],
  ['dev-stack-imports-no-package-of-ours', 'packages/dev-stack/src/schemas.ts', '../../../schemas/innocent.ts'],
  ['dev-stack-is-imported-by-name', 'packages/testkit/src/server.ts', '../../dev-stack/src/innocent.ts'],
  ['dev-stack-is-imported-by-name', 'local/server.ts', '../packages/dev-stack/src/innocent.ts'],
  ['dev-stack-stays-out-of-services', 'services/gateway/src/stack.ts', '../../../packages/dev-stack/src/index.ts'],
  ['dev-stack-stays-out-of-services', 'packages/service/src/stack.ts', '../../dev-stack/src/index.ts'],
];

/** What looks like those and is allowed. */
const allowed: [file: string, imported: string][] = [
  ['services/gateway/src/cycle-b.ts', './cycle-a.ts'],
  ['services/gateway/src/tasks/hash.rules.ts', 'node:crypto'],
  ['services/gateway/src/tasks/types.rules.ts', 'type ../../../../packages/kafka/src/index.ts'],
  ['services/gateway/src/tasks/rule.rules.ts', './types.rules.ts'],
  ['services/projector/src/part.rules.ts', './events/event.ts'],
  ['services/gateway/src/package.ts', '../../../packages/kafka/src/index.ts'],
  ['services/gateway/src/testkit.test.ts', '../../../packages/testkit/src/innocent.ts'],
  ['packages/service/src/logging/hide-secrets.rules.ts', 'node:buffer'],
  ['services/executor/src/lanes/text.rules.ts', '../../../../packages/service/src/logging/hide-secrets.rules.ts'],
  ['packages/kafka/src/kafka.ts', 'kafkajs'],
  ['packages/kafka/src/clock.ts', '../../async/src/index.ts'],
  ['packages/task-log/src/registry.ts', '@kafkajs/registry'],
  ['packages/task-log/src/log.ts', '../../kafka/src/index.ts'],
  ['packages/task-log/src/settings.ts', '../../service/src/index.ts'],
  ['packages/task-log/src/schemas.ts', '../../../schemas/innocent.ts'],
  ['packages/testkit/src/stack.ts', '../../dev-stack/src/index.ts'],
  ['local/stack.ts', '../packages/dev-stack/src/index.ts'],
  ['packages/dev-stack/src/index.ts', './innocent.ts'],
];

const projectRoot = join(import.meta.dirname, '..', '..');
let found: CruiseResult;
let real: CruiseResult;
let remove: () => void;

beforeAll(() => {
  const project = makeProject([...breaches.map(([, file, imported]) => [file, imported] as const), ...allowed]);
  remove = project.remove;
  found = cruise(project.folder);
  real = cruise(projectRoot);
}, 120_000);

afterAll(() => remove?.());

describe('the boundaries that the lint holds', () => {
  test('every rule has a breach here', () => {
    expect([...new Set(breaches.map(([rule]) => rule))].sort()).toEqual([...found.rules].sort());
  });

  test.each(breaches)('%s: %s may not import %s', (rule, file) => {
    expect(found.violations.filter(({ from }) => from === file).map((violation) => violation.rule)).toEqual([rule]);
  });

  test('what is allowed is not reported', () => {
    const files = allowed.map(([file]) => file).filter((file) => !file.includes('cycle'));
    expect(found.violations.filter(({ from }) => files.includes(from))).toEqual([]);
  });

  test('the project keeps them', () => {
    expect(real.violations).toEqual([]);
  });

  // A dependency-cruiser that cannot parse TypeScript (it needs a version 6 for that) passes everything: it sees files
  // and no import in them.
  test('the TypeScript of the project is really read', () => {
    expect(real.imports.get('local/start/start.ts')).toContain('local/start/system.ts');
    expect([...real.imports.values()].flat().length).toBeGreaterThan(300);
  });
});
