import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { BrowserContext } from 'playwright-core'
import { chromium } from 'playwright-core'

const candidates = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** A new profile in headless Chromium that connects only to the test. @param further arguments */
export async function launchBrowser(
  t: Pick<TestContext, 'after'>,
  further: readonly string[] = [],
): Promise<BrowserContext> {
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path))
  if (executablePath === undefined) throw new Error('no Chromium: install it, or name it in CHROMIUM')
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...further,
    ],
  })
  t.after(() => browser.close())
  return browser.newContext()
}
