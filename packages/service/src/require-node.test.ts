import { expect, test } from '@jest/globals';
import { nodeFault } from './require-node.ts';

test.each(['24.16.0', '24.21.3', '25.0.0', '100.1.0'])('Node %s is new enough for >=24.16', (found) => {
  expect(nodeFault(found, '>=24.16')).toBeUndefined();
});

test.each(['22.23.3', '24.15.9', '9.99.0'])('Node %s is too old for >=24.16', (found) => {
  expect(nodeFault(found, '>=24.16')).toMatch(`This is Node ${found}; a service needs Node 24.16 or newer.`);
});
