/**
 * How the read model is written: a majority of the replicas has it in its journal. A failover takes nothing back that
 * the projector has told others, or itself, is there.
 */
export const durable = { writeConcern: { w: 'majority', journal: true } } as const;

/** How the projector reads what it relies on: only what no failover can take back. */
export const durablyRead = { readConcern: { level: 'majority' } } as const;
