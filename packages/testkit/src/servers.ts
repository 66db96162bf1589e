/** What the real servers of this test run are connected to by. */
export interface TestServers {
  readonly brokers: string[];
  /** The root of the registry's Confluent API. */
  readonly registryUrl: string;
  readonly mongoUrl: string;
}

/** The variables that hand the servers of a run over to its tests. */
export const testServerVariables = {
  brokers: 'TEST_KAFKA_BROKERS',
  registryUrl: 'TEST_SCHEMA_REGISTRY_URL',
  mongoUrl: 'TEST_MONGODB_URL',
} as const;

/**
 * The servers of this run, which tests/run.ts started. They are shared by all test files: see isolate.
 * @throws when the test was started without them
 */
export function testServers(env: Record<string, string | undefined> = process.env): TestServers {
  const read = (variable: string): string => {
    const value = env[variable];
    if (!value) throw new Error(`${variable} is not set: start these tests with "npm run test:integration [-- FILE]"`);
    return value;
  };
  return {
    brokers: read(testServerVariables.brokers).split(','),
    registryUrl: read(testServerVariables.registryUrl),
    mongoUrl: read(testServerVariables.mongoUrl),
  };
}

/** The servers as the variables that testServers reads. */
export function testServersEnv({ brokers, registryUrl, mongoUrl }: TestServers): Record<string, string> {
  return {
    [testServerVariables.brokers]: brokers.join(','),
    [testServerVariables.registryUrl]: registryUrl,
    [testServerVariables.mongoUrl]: mongoUrl,
  };
}
