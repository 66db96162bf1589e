/** A JSON Schema that is an object (not `true` or `false`); validators such as ajv take it as it is. */
export type JSONSchemaObject = { readonly [keyword: string]: unknown };
