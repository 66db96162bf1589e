import project from '../../../package.json' with { type: 'json' };

/** Version of the product, for logs, documents and the user agent. The image has package.json as well. */
export const productVersion = project.version;
