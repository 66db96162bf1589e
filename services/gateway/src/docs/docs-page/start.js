/* global SwaggerUIBundle -- of swagger-ui-bundle.js */

/**
 * Plugin: the error answers of an operation in one closed section. Each operation has about ten, and all have the same
 * body.
 */
function closedErrors({ React: { Fragment, createElement: h } }) {
  const isError = (_response, status) => status >= '4';

  function ErrorAnswers({ errors, getComponent }) {
    const Markdown = getComponent('Markdown', true);
    const row = ([status, response]) =>
      h(
        'tr',
        { key: status, className: 'response' },
        h('td', { className: 'response-col_status' }, status),
        h('td', { className: 'response-col_description' }, h(Markdown, { source: response.get('description') })),
      );
    return h(
      'details',
      { className: 'error-answers' },
      h('summary', null, `Errors: ${errors.keySeq().join(', ')}`),
      h('table', { className: 'responses-table' }, h('tbody', null, errors.entrySeq().map(row).toArray())),
    );
  }

  return {
    wrapComponents: {
      responses: (Responses) => (props) => {
        const { responses, getComponent } = props;
        const errors = responses.filter(isError);
        return h(
          Fragment,
          null,
          h(Responses, { ...props, responses: responses.filterNot(isError) }),
          errors.size > 0 ? h(ErrorAnswers, { errors, getComponent }) : null,
        );
      },
    },
  };
}

/** Plugin: operations that are marked as internal are not shown. */
const withoutInternal = {
  statePlugins: {
    spec: {
      wrapSelectors: {
        taggedOperations:
          (taggedOperations) =>
          (...args) =>
            taggedOperations(...args).map((tag) =>
              tag.update('operations', (operations) =>
                operations.filterNot((operation) => operation.getIn(['operation', 'x-internal'])),
              ),
            ),
      },
    },
  },
};

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const setColours = () => document.documentElement.classList.toggle('dark-mode', prefersDark.matches);
prefersDark.addEventListener('change', setColours);
setColours();

SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  // The schemas stand closed below the operations.
  defaultModelsExpandDepth: 0,
  plugins: [closedErrors, withoutInternal],
  // Its badge would be fetched from another host.
  validatorUrl: null,
});
