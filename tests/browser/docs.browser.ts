/** The pages of /docs in a real browser, under their own policy: operations can be tried, and no other host is asked. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page, Response } from 'playwright-core'
import packageJson from '../../package.json' with { type: 'json' }
import { checkResponse } from '../support/check-response.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { launchBrowser } from './chromium.ts'

/** Opens the form of an operation. */
async function open(page: Page, operationId: string): Promise<Locator> {
  const operation = page.locator(`.opblock[id$="-${operationId}"]`)
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  return operation
}

/** @returns status and body as the page shows them */
async function execute(operation: Locator): Promise<{ status: string; body: string }> {
  await operation.getByRole('button', { name: 'Execute' }).click()
  const live = operation.locator('.live-responses-table .response')
  await live.waitFor()
  const status = await live.locator('.response-col_status').innerText()
  return { status: status.trim(), body: await live.locator('.highlight-code code').first().innerText() }
}

async function authorize(page: Page, scheme: string, token: string): Promise<void> {
  await page.locator('.auth-wrapper > .btn.authorize').click()
  const form = page.locator('.auth-container').filter({ hasText: `${scheme}  (` })
  await form.locator('input').fill(token)
  await form.getByRole('button', { name: 'Apply credentials' }).click()
  await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).first().click()
}

/** Checked against the contract, as in all tests. */
async function check(response: Response): Promise<void> {
  const { pathname, protocol } = new URL(response.url())
  if (protocol === 'data:') return
  const headers = await response.allHeaders()
  const seen = new globalThis.Response(null, { status: response.status(), headers })
  checkResponse(response.request().method(), pathname, seen, await response.text())
}

test('operations are tried in /docs, which asks no other host and breaks no policy', {
  timeout: 180_000,
}, async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  const context = await launchBrowser(t)
  const page = await context.newPage()
  const complaints: string[] = []
  const asked: string[] = []
  const answers: Promise<void>[] = []
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
  page.on('pageerror', (error) => void complaints.push(error.message))
  page.on('request', (request) => void asked.push(request.url()))
  page.on('response', (response) => void answers.push(check(response)))
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('policy', event.violatedDirective))",
  )
  await page.goto(`${service.url}/docs`)
  await page.locator('.opblock').first().waitFor()
  assert.equal((await page.locator('.info .version').first().innerText()).trim(), packageJson.version)

  const login = await open(page, 'login')
  await login.locator('textarea').fill(JSON.stringify({ username: 'ada', password: PASSWORD }))
  const loggedIn = await execute(login)
  assert.equal(loggedIn.status, '200')
  assert.match(loggedIn.body, /"refresh_token"/)

  await authorize(page, 'accessToken', accessToken)
  const me = await execute(await open(page, 'me'))
  assert.equal(me.status, '200')
  assert.match(me.body, /"username": "ada"/)

  await authorize(page, 'refreshToken', refreshToken)
  const refreshed = await execute(await open(page, 'refreshToken'))
  assert.equal(refreshed.status, '200')
  assert.match(refreshed.body, /Access token refreshed successfully/)

  const elsewhere = asked.filter((url) => !url.startsWith(`${service.url}/`) && !url.startsWith('data:'))
  assert.deepEqual(elsewhere, [])
  assert.deepEqual(complaints, [])
  await Promise.all(answers)
})
