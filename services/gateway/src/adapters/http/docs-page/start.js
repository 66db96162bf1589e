/* global SwaggerUIBundle -- of swagger-ui-bundle.js */
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  tryItOutEnabled: true,
  // Its badge would be fetched from another host.
  validatorUrl: null,
});
