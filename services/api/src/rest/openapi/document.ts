/** A JSON schema, or any other part of an OpenAPI document. */
export type Document = Readonly<Record<string, unknown>>;

/** The version of OpenAPI: 2 has no alternatives, and lets a reference have siblings. */
export type OpenApiVersion = 2 | 3;
