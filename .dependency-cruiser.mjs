/** The boundaries of the code, as design rules that a test breaks on purpose (tests/house). */
/** The packages with an index, and their entries: the index, subpaths, programs. */
const ownPackages = {
  async: 'index',
  kafka: 'index',
  service: 'index|logging/hide-secrets\\.rules|mongo/connect-mongo',
  'task-log': 'index|contract-cli|await-contract-cli',
};
const serviceNames = ['gateway', 'executor', 'notifier', 'projector'];

/** Files that must be pure: those named *.rules.ts, and a folder of pure files. */
const ruleFiles = ['\\.rules\\.ts$', '(^|/)services/projector/src/events/'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means two modules are one idea: join them or find the third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...serviceNames.map((name) => ({
      name: `no-import-between-services-${name}`,
      comment: 'Services share the contract (schemas) and the packages, never each other.',
      severity: 'error',
      from: { path: `(^|/)services/${name}/` },
      to: { path: '(^|/)services/', pathNot: `(^|/)services/${name}/` },
    })),
    {
      name: 'rules-have-no-io',
      comment:
        'A file *.rules.ts, or of projector/src/events/, is pure: time, ids and randomness are arguments. Of a service it imports other rules, errors and types.',
      severity: 'error',
      from: { path: ruleFiles, pathNot: '\\.test\\.ts$' },
      to: {
        path: ['(^|/)services/', '(^|/)packages/', '^node_modules/(?!(ajv|ipaddr\\.js)/)'],
        pathNot: [...ruleFiles, '[/-]errors?\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'rules-have-no-node-modules',
      comment: 'Rules read no files, open no sockets, start no timers. (Hashes and buffers are pure and allowed.)',
      severity: 'error',
      from: { path: ruleFiles, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    },
    {
      name: 'kafkajs-stays-inside-packages-kafka',
      comment: 'kafkajs is unmaintained: one package knows it, so that it can be replaced.',
      severity: 'error',
      from: { pathNot: '(^|/)packages/kafka/' },
      to: { path: 'node_modules/kafkajs/' },
    },
    {
      name: 'registry-client-stays-inside-packages-task-log',
      comment: "kafkajs's client of the schema registry: one package knows it, so that it can be replaced.",
      severity: 'error',
      from: { pathNot: '(^|/)packages/task-log/' },
      to: { path: 'node_modules/@kafkajs/' },
    },
    {
      name: 'kafka-knows-no-events',
      comment: 'packages/kafka serves any topics: our events, their codec and our services build on it.',
      severity: 'error',
      from: { path: '(^|/)packages/kafka/' },
      to: { path: '(^|/)(schemas/|packages/(service|task-log)/)' },
    },
    {
      name: 'service-knows-no-log',
      comment: 'packages/service serves any process: the log of our events builds on it.',
      severity: 'error',
      from: { path: '(^|/)packages/service/' },
      to: { path: '(^|/)(schemas/|packages/(kafka|task-log)/)' },
    },
    {
      name: 'async-imports-nothing-of-ours',
      comment: 'Clocks, aborts, time-outs and retries: every package may import them.',
      severity: 'error',
      from: { path: '(^|/)packages/async/' },
      to: { path: '(^|/)(schemas/|packages/(?!async/)|services/|local/)' },
    },
    ...Object.entries(ownPackages).map(([name, entries]) => ({
      name: `${name}-is-imported-by-name`,
      comment: `Use @nask/${name}: what its package.json does not export is its own.`,
      severity: 'error',
      from: { pathNot: `(^|/)packages/${name}/` },
      to: { path: `(^|/)packages/${name}/src/`, pathNot: `/src/(${entries})\\.ts$` },
    })),
    {
      name: 'schemas-import-nothing-of-ours',
      comment: 'The contract depends on nobody.',
      severity: 'error',
      from: { path: '(^|/)schemas/' },
      to: { path: '(^|/)(packages|services|local)/' },
    },
    {
      name: 'packages-do-not-import-services',
      severity: 'error',
      from: { path: '(^|/)packages/' },
      to: { path: '(^|/)(services|local)/' },
    },
    {
      name: 'testkit-only-in-tests',
      severity: 'error',
      from: {
        path: '(^|/)(schemas|packages/(async|kafka|service|task-log)|services|local)/',
        pathNot: '\\.(test|suite)\\.ts$|/(fixtures|testing)/',
      },
      to: { path: '(^|/)packages/testkit/' },
    },
    {
      name: 'dev-stack-imports-no-package-of-ours',
      comment: 'The servers know nothing of what runs on them; testkit and local/ build on dev-stack.',
      severity: 'error',
      from: { path: '(^|/)packages/dev-stack/' },
      to: { path: '(^|/)(schemas/|packages/(?!dev-stack/))' },
    },
    {
      name: 'dev-stack-is-imported-by-name',
      comment: 'Use @nask/dev-stack: what its index does not export is its own.',
      severity: 'error',
      from: { pathNot: '(^|/)packages/dev-stack/' },
      to: { path: '(^|/)packages/dev-stack/src/', pathNot: '/src/(index|testing/sleeper)\\.ts$' },
    },
    {
      name: 'dev-stack-stays-out-of-services',
      comment: 'Images do not contain it.',
      severity: 'error',
      from: {
        path: '(^|/)(schemas/|packages/(?!dev-stack/|testkit/)|services/)',
        pathNot: '\\.(test|suite)\\.ts$|/(fixtures|testing)/',
      },
      to: { path: '(^|/)packages/dev-stack/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/.*/node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
