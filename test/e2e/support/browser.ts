import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { onScopeEnd } from './scope';

const CHROMIUM = '/usr/bin/chromium';
/** Starting a browser takes long on a busy machine. */
const WITHIN_MS = 90_000;

/** Options that keep the browser from connecting to other hosts, and let video play without a click. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** The reason why no browser can be used here; null if one can. */
export function whyNoBrowser(): string | null {
  try {
    accessSync(CHROMIUM, constants.X_OK);
    return null;
  } catch {
    return `[${CHROMIUM} is missing: scripts/services.sh installs it]`;
  }
}

/** A page and its errors. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of its console, exceptions, and requests that failed. */
  readonly complaints: string[];
  /** Requests to other hosts; all of them are blocked. */
  readonly foreign: string[];
}

/** Opens an empty page in a separate browser that can reach only 127.0.0.1. */
export async function openPage(): Promise<WatchedPage> {
  const context = await startBrowser();
  const page = await context.newPage();
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => {
    complaints.push(`${request.url()}: ${request.failure()?.errorText ?? 'failed'}`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') foreign.push(request.url());
  });
  return { page, complaints, foreign };
}

async function startBrowser(): Promise<BrowserContext> {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-browser-'));
  const context = await chromium.launchPersistentContext(folder, {
    timeout: WITHIN_MS,
    executablePath: CHROMIUM,
    args: ARGUMENTS,
    viewport: { width: 1024, height: 768 },
  });
  context.setDefaultTimeout(WITHIN_MS);
  onScopeEnd(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return context;
}
