import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { openPage, type WatchedPage } from '../browser/open-browser.ts';

/** What a person enters for an operation. What is not named stays as the page has it. */
export interface Input {
  parameters?: Record<string, string>;
  body?: unknown;
  /** Chosen under Responses. */
  mediaType?: string;
}

/** The answer that the page shows. */
interface ShownAnswer {
  status: number;
  /** JSON, or text. */
  body: unknown;
}

/** Opens the interactive page of a gateway, by the address that a person enters. @param path default: the page itself */
export async function openDocs(
  browser: Browser,
  url: string,
  { path = '/docs', ...options }: BrowserContextOptions & { path?: string } = {},
): Promise<WatchedPage & { docs: DocsPage }> {
  const watched = await openPage(browser, url, options);
  await watched.page.goto(url + path);
  return { ...watched, docs: new DocsPage(watched.page) };
}

/** The interactive page (Swagger UI), used as a person does. */
class DocsPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** The ids of all operations on the page. */
  async operationIds(): Promise<string[]> {
    await this.#page.locator('.opblock').first().waitFor();
    const ids = await this.#page.locator('.opblock').evaluateAll((blocks) => blocks.map(({ id }) => id));
    return ids.map((id) => id.split('-').at(-1)!);
  }

  /** Opens an operation, and closes the others: each open one makes the page slower. */
  async open(operationId: string): Promise<Locator> {
    const operation = this.#page.locator(`.opblock[id$="-${operationId}"]`);
    const execute = operation.locator('button.execute');
    if (!(await execute.isVisible())) {
      for (const other of await this.#page.locator('.opblock.is-open .opblock-summary-control').all())
        await other.click();
      await operation.locator('.opblock-summary-control').click();
    }
    await execute.waitFor();
    return operation;
  }

  /** Fills in an operation, sends it, and waits until the page shows the answer. */
  async send(operationId: string, { parameters = {}, body, mediaType }: Input = {}): Promise<ShownAnswer> {
    const operation = await this.open(operationId);
    for (const [name, value] of Object.entries(parameters))
      await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
    if (body !== undefined) await operation.locator('textarea').fill(JSON.stringify(body));
    if (mediaType !== undefined)
      await operation.locator('.response-control-media-type--accept-controller select').selectOption(mediaType);
    const answered = this.#page.waitForResponse((response) => response.request().resourceType() === 'fetch');
    await operation.locator('button.execute').click();
    const response = await answered;
    const requestId = response.headers()['x-request-id']!;
    const shown = operation.locator('.live-responses-table', { hasText: requestId });
    await shown.locator('.response-col_status', { hasText: String(response.status()) }).waitFor();
    const text = await response.text();
    return { status: response.status(), body: parsed(text) };
  }

  /** Enters an API key under Authorize. */
  async authorize(key: string): Promise<void> {
    await this.#page.locator('.auth-wrapper button.authorize').first().click();
    const dialog = this.#page.locator('.dialog-ux');
    await dialog.locator('input').fill(key);
    await dialog.locator('button.authorize').click();
    await dialog.locator('button.btn-done').click();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
