/** Tabs of a browser, in the few words that Chromium and Firefox have in common. */
import type { TestContext } from 'node:test'
import { launchBrowser } from './chromium.ts'
import { firefoxPath, launchFirefox } from './firefox.ts'

export interface BrowserTab {
  /** Runs code in the page. @returns the value, which must be JSON, of the expression or of its promise */
  run(expression: string): Promise<unknown>
  /** Opens an address, or the same one again */
  open(url: string): Promise<void>
  close(): Promise<void>
}

export interface TabBrowser {
  /** @param before runs in every page of the tab, before its own code */
  newTab(url: string, before?: string): Promise<BrowserTab>
}

type Launch = (t: Pick<TestContext, 'after'>) => Promise<TabBrowser>

async function chromium(t: Pick<TestContext, 'after'>): Promise<TabBrowser> {
  const context = await launchBrowser(t)
  return {
    async newTab(url, before = '') {
      const page = await context.newPage()
      await page.addInitScript(before)
      await page.goto(url)
      return {
        run: (expression) => page.evaluate(expression),
        open: async (url) => void (await page.goto(url)),
        close: () => page.close(),
      }
    },
  }
}

/** Chromium always, and Firefox where there is one */
export const browsers: readonly (readonly [name: string, launch: Launch, skip: string | false])[] = [
  ['Chromium', chromium, false],
  ['Firefox', launchFirefox, firefoxPath() === undefined && 'there is no Firefox'],
]
