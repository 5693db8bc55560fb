/** Failures of others in one network: they stop nobody who has logged in from there before. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { LIMITS, PASSWORD, startService } from '../support/service.ts'

const NEXT = 'another one entirely'

const changePassword = (service: Service, bearer: string, current: string, next: string) =>
  service.request('/api/auth/password', { bearer, json: { current_password: current, new_password: next } })

test('500 made-up names from a shared address: who has logged in there before still does', async (t) => {
  const limits = { ...LIMITS, registerAddress: false } as const
  const service = await startService(t, { limits })
  for (const name of ['ada', 'grace']) await service.register(name)
  await service.login('ada')
  for (let batch = 0; batch < 25; batch++)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => service.tryLogin('a guess', `nobody-${batch}-${index}`)),
    )
  const newcomer = await service.tryLogin(PASSWORD, 'grace')
  assert.equal(newcomer.headers.get('RateLimit')?.split(';')[0], '"login-address"')
  assert.equal((await service.tryLogin('a typing error', 'ada')).status, 401)
  await service.login('ada')
  // But guesses at a name that is known there are bounded all the same.
  for (let guess = 0; guess < 5; guess++) assert.equal((await service.tryLogin('a guess', 'ada')).status, 401)
  assert.equal((await service.tryLogin('a guess', 'ada')).status, 429)
})

test('a known address without a limit for the account: its guesses count on their own, and are bounded', async (t) => {
  const loginAddress = { points: 3, seconds: 60 }
  const limits = { ...LIMITS, loginAccount: false, loginDelay: false, loginAddress } as const
  const service = await startService(t, { limits })
  await service.register()
  await service.login()
  for (let guess = 0; guess < 3; guess++) await service.tryLogin('a guess', `nobody-${guess}`)
  assert.equal((await service.tryLogin('a guess', 'nobody')).status, 429)
  await service.login()
  for (let guess = 0; guess < 3; guess++) assert.equal((await service.tryLogin('a guess', 'ada')).status, 401)
  assert.equal((await service.tryLogin(PASSWORD, 'ada')).status, 429)
})

test('somebody changes their password again and again: others at the address can still change theirs', async (t) => {
  const passwordAddress = { points: 3, seconds: 3600 }
  const service = await startService(t, { limits: { ...LIMITS, registerAddress: false, passwordAddress } })
  for (const name of ['ada', 'mallory']) await service.register(name)
  const [ada, mallory] = [await service.login('ada'), await service.login('mallory')]
  let { accessToken } = mallory
  for (let count = 0; count < 3; count++) {
    const [current, next] = count % 2 === 0 ? [PASSWORD, NEXT] : [NEXT, PASSWORD]
    const { status, body } = await changePassword(service, accessToken, current, next)
    assert.equal(status, 200)
    accessToken = body.data.access_token
  }
  assert.equal((await changePassword(service, accessToken, NEXT, PASSWORD)).status, 429)
  assert.equal((await changePassword(service, ada.accessToken, PASSWORD, NEXT)).status, 200)
})
