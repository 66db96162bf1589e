import { randomBytes } from 'node:crypto';

/** Names that keep a test file apart from all others on the same servers. */
export interface Isolation {
  /** Begins every topic and registry subject: 'gateway-3f9a1c.'. */
  readonly topicPrefix: string;
  /** Begins every consumer group: 'gateway-3f9a1c.'. */
  readonly groupPrefix: string;
  /** A MongoDB database: 'gateway-3f9a1c'. */
  readonly database: string;
}

const maxNameLength = 30;

/**
 * Unique names for one test file in one run.
 * @param name what the test is about: letters, digits and dashes, at most 30
 */
export function isolate(name: string): Isolation {
  if (!/^[a-z0-9-]+$/i.test(name) || name.length > maxNameLength) {
    throw new Error(`isolate: "${name}" is not 1 to ${maxNameLength} letters, digits and dashes`);
  }
  const unique = `${name}-${randomBytes(4).toString('hex')}`;
  return { topicPrefix: `${unique}.`, groupPrefix: `${unique}.`, database: unique };
}
