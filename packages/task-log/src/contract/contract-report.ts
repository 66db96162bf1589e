import type { ContractChange } from './apply-contract.ts';

/** What was done, for people: one line for each topic and schema, and a sum. */
export function contractReport(changes: readonly ContractChange[]): string {
  const nameWidth = Math.max(0, ...changes.map(({ name }) => name.length));
  const lines = changes.map(({ kind, name, outcome, details }) =>
    `${outcome.padEnd(9)}  ${kind.padEnd(6)}  ${name.padEnd(nameWidth)}  ${details.join(', ')}`.trimEnd(),
  );
  const changed = changes.filter(({ outcome }) => outcome !== 'unchanged').length;
  const sum =
    changed === 0
      ? `Nothing to do: all ${changes.length} topics and schemas are as they should be.`
      : `${changed} of ${changes.length} topics and schemas were created or changed.`;
  return [...lines, sum].join('\n');
}
