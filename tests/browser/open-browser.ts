import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { chromiumProgram } from './chromium.ts';

/** Beside those of Playwright: a profile of its own, no sandbox (root has none), no requests of the browser itself. */
const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];

/** Starts the browser of the tests, headless. It ends when it is closed, and when this process dies. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumProgram(), args });
}

/** A page, and what the browser found wrong with it. */
export interface WatchedPage {
  readonly page: Page;
  /**
   * Errors of scripts and of the console (violations of the content security policy are there), parts that could not be
   * loaded, and requests to other hosts. An error answer to a request of a script is none: pages show those.
   */
  readonly faults: string[];
}

/**
 * Opens an empty page, in a profile of its own, that watches itself.
 * @param origin all that the page may send requests to
 */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    const isBad = message.type() === 'error' || message.type() === 'warning';
    // Said of error answers too; which those are, the response tells.
    if (isBad && !text.startsWith('Failed to load resource: the server responded')) faults.push(`console: ${text}`);
  });
  page.on('request', (request) => {
    const { origin: target } = new URL(request.url());
    if (target !== origin && !request.url().startsWith('data:')) faults.push(`other host: ${request.url()}`);
  });
  page.on('response', (response) => {
    const isOfScript = ['fetch', 'xhr', 'eventsource'].includes(response.request().resourceType());
    if (response.status() >= 400 && !isOfScript) faults.push(`${response.status()}: ${response.url()}`);
  });
  return { page, faults };
}
