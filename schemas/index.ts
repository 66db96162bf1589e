export * from './generated/events.ts';
export { avroSchemas, eventExamples, eventWithDefaults } from './files.ts';
export * from './ids.ts';
export * from './read-model.ts';
export * from './read-model-generations.ts';
export * from './task-errors.ts';
export * from './task-resource.ts';
export * from './task-types.ts';
export * from './topics.ts';
